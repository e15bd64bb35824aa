"""What task=retarget paints: which photo, in which sizes and shapes, and what it protects."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from internal_gan.config.task_options import RetargetOptions
from internal_gan.errors import UserError
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo
from internal_gan.images.protect import protect as protection_of
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Bend, Homography, Transform, Wave, trapezoid
from internal_gan.models.ingan.retargeting import RetargetModel
from internal_gan.tasks.base import Context, check_film
from internal_gan.tasks.reporting import check_memory
from internal_gan.units import Size

# Factors of height and width by default.
EXAMPLES = [(1.0, 2.0), (1.0, 0.5), (2.0, 2.0)]
# Three float32 channels, and again while they are written.
BYTES_PER_SHEET_PIXEL = 24
# A pixel of a shrunk mask is protected if more than this share of it was white.
THIN = 0.1


@dataclass(frozen=True)
class Target:
    """A picture to be painted.

    Attributes:
        name: of its file, without suffix.
        size: (height, width) in pixels.
        transform: its geometry; None for a rectangle.
        mask: its outline, (1, 1, height, width) in [0, 1]; None for that of the transform.
        protect: what keeps its shape, (1, 1, h, w) at the photo's size; None for nothing.
    """

    name: str
    size: Size
    transform: Transform | None = None
    mask: Tensor | None = None
    protect: Tensor | None = None


def targets(wanted: RetargetOptions, model: RetargetModel, context: Context) -> Iterator[Target]:
    """The pictures that the options ask for, one by one, so that only one mask is in memory.

    Raises:
        UserError: the options contradict each other, or do not fit the model or the memory.
    """
    _check_video(wanted)
    image = photo_of(wanted, model, context)
    mask = _protected(wanted, image, context)
    own = (image.shape[-2], image.shape[-1])
    sizes = [own]
    for target in _targets(wanted, own, context.given.read("retarget.mask")):
        sizes.append(target.size)
        option = f"retarget.shape=[{target.size[0]},{target.size[1]}]"
        _check_memory(target.size, model, option)
        _check_sheet(sizes, wanted, model)
        if mask is not None:
            try:
                protection_of(mask, target.size)
            except UserError as error:
                raise UserError(f"{option}: {error}") from error
        yield replace(target, protect=mask)


def _check_memory(size: Size, model: RetargetModel, option: str, sheet: Size = (0, 0)) -> None:
    painted = math.prod(size) * model.bytes_per_pixel
    needed = round(painted + math.prod(sheet) * BYTES_PER_SHEET_PIXEL)
    check_memory(needed, model.device, option)


def _check_sheet(sizes: Sequence[Size], wanted: RetargetOptions, model: RetargetModel) -> None:
    """Check the memory for a sheet or a film, which combines every height with every width."""
    heights, widths = ({size[axis] for size in sizes} for axis in (0, 1))
    largest = (max(heights), max(widths))
    if wanted.collage:
        whole = (sum(heights), sum(widths))
        option = f"retarget.collage=true of {whole[0]}x{whole[1]} pixels"
        _check_memory(largest, model, option, whole)
    if wanted.video is not None:
        option = f"retarget.video={wanted.video} of {largest[0]}x{largest[1]} pixels"
        _check_memory(largest, model, option)


def photo_of(wanted: RetargetOptions, model: RetargetModel, context: Context) -> Tensor:
    """The photo that ``retarget.image`` names, by default the first, (1, 3, h, w) in [-1, 1]."""
    return model.images[_number(wanted.image, context.trained.names, len(model.images))]


def _number(name: str | None, names: Sequence[str], count: int) -> int:
    if name is None:
        return 0
    paths = [Path(path) for path in names]
    for known in (
        [path.absolute() == Path(name).absolute() for path in paths],
        [name in (path.name, path.stem) for path in paths],
    ):
        if sum(known) > 1:
            raise UserError(
                f"retarget.image={name}: {sum(known)} photos of the model have that name; give its "
                f"path, or its number from 1 to {count}"
            )
        if any(known):
            return known.index(True)
    if name.isdecimal() and 1 <= int(name) <= count:
        return int(name) - 1
    others = f", or one of {', '.join(path.name for path in paths)}" if paths else ""
    raise UserError(f"retarget.image={name}: allowed: 1 to {count}{others}")


def _protected(wanted: RetargetOptions, image: Tensor, context: Context) -> Tensor | None:
    """The mask of ``retarget.protect``, (1, 1, h, w) at the size of the learnt photo."""
    given = context.given.read("retarget.protect")
    if given is None:
        return None
    if wanted.transform or wanted.corners or wanted.mask:
        raise UserError(
            "retarget.protect keeps a shape, while retarget.transform, corners and mask change it; "
            "only one of them can be"
        )
    learnt: Size = (image.shape[-2], image.shape[-1])
    expected, trained = learnt, context.trained
    number = _number(wanted.image, trained.names, trained.count)
    is_there = trained.original(number) is not None or trained.learnt_path(number).is_file()
    if given.size != learnt and is_there:
        expected = trained.photo(number, longest=max(learnt)).full_size
    mask = read_mask(given, expected, option="retarget.protect", white="is kept")
    if expected == learnt:
        return mask
    # Pixels protected in part are protected entirely, or thin objects would be lost.
    return (resize(mask, learnt) > THIN).float()


def _targets(wanted: RetargetOptions, own: Size, outline: Photo | None) -> Iterator[Target]:
    transform, sizes = _transform(wanted), _sizes(wanted, own)
    if outline is None:
        ending = f"-{wanted.transform}" if wanted.transform else ""
        examples = EXAMPLES if transform is None else [(1.0, 1.0)]
        for size in sizes or [_scaled(own, factors) for factors in examples]:
            yield Target(_named(size) + ending, size, transform)
        return
    if transform is not None:
        raise UserError(
            "retarget.mask and retarget.transform both give an outline; only one of them can be"
        )
    mask = read_mask(outline, outline.size, option="retarget.mask", white="is the shape")
    for size in sizes or [outline.size]:
        name = f"{_named(size)}-{Path(str(wanted.mask)).stem}"
        yield Target(name, size, None, resize(mask, size).clamp(0, 1))


def _check_video(wanted: RetargetOptions) -> None:
    if wanted.video is None and not wanted.collage:
        return
    if wanted.transform or wanted.corners or wanted.mask:
        raise UserError(
            "retarget.video and retarget.collage show sizes; they go with no retarget.transform, "
            "corners or mask"
        )
    if wanted.video is not None:
        check_film("retarget", "video", wanted.video, wanted.seconds, wanted.fps)


def _transform(wanted: RetargetOptions) -> Transform | None:
    corners = wanted.corners
    if corners is not None and wanted.transform not in (None, "homography"):
        raise UserError(f"retarget.corners are of a homography, not of {wanted.transform}")
    if corners is None and wanted.transform == "homography":
        raise UserError(
            "retarget.transform=homography needs retarget.corners, four corners [row,column] "
            "from top left clockwise, such as [[0.2,0],[0,1],[1,1],[0.8,0]]"
        )
    try:
        if corners is not None:
            return Homography.to_corners([(2 * x - 1, 2 * y - 1) for y, x in corners])
        if wanted.transform == "trapezoid":
            return trapezoid(wanted.amount)
        if wanted.transform == "bend":
            return Bend(wanted.amount)
        return Wave(wanted.amount, wanted.periods) if wanted.transform == "wave" else None
    except ValueError as error:
        option = f"amount={wanted.amount:g}" if corners is None else f"corners={corners}"
        raise UserError(f"retarget.{option}: {error}") from error


def _sizes(wanted: RetargetOptions, own: Size) -> list[Size]:
    if wanted.shape is not None and wanted.scale is not None:
        raise UserError("retarget.shape and retarget.scale both give a size; use one of them")
    if wanted.scale is not None:
        return [_scaled(own, factors) for factors in _several(wanted.scale)]
    return [_filled(shape, own) for shape in _several(wanted.shape)]


def _several(value: list[object] | None) -> list[list[float | None]]:
    if value is None:
        return []
    return value if isinstance(value[0], list) else [value]  # type: ignore[list-item,return-value]


def _filled(shape: Sequence[float | None], own: Size) -> Size:
    """``shape`` with a null replaced according to the aspect of ``own``."""
    height, width = shape
    if height is None:
        assert width is not None
        return max(1, round(width * own[0] / own[1])), int(width)
    return int(height), max(1, round(height * own[1] / own[0])) if width is None else int(width)


def _scaled(size: Size, factors: Sequence[float | None]) -> Size:
    height, width = (
        max(1, round(side * (factor or 1))) for side, factor in zip(size, factors, strict=True)
    )
    return height, width


def _named(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
