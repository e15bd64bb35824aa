"""task=retarget: the photo in other sizes and shapes, with its own patches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.seam_carving import seam_carve
from internal_gan.images.io import read_image, write_image
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.images.transforms import Bend, Homography, Transform, Wave, trapezoid
from internal_gan.models.retargeting import RetargetModel, Size
from internal_gan.options import Options, RetargetOptions
from internal_gan.tasks.own import OwnTask
from internal_gan.tasks.reporting import check_memory, enough_memory
from internal_gan.tasks.trained import load_trained, results
from internal_gan.training.run_folder import RunFolder

# What is painted when nothing is asked for: twice as wide, half as wide, twice both.
EXAMPLES = [(1.0, 2.0), (1.0, 0.5), (2.0, 2.0)]
# Seam carving takes a time that grows with seams times pixels; beyond this, about ten seconds.
MOST_SEAM_PIXELS = 60_000_000


@dataclass(frozen=True)
class Target:
    """A picture to be painted.

    Attributes:
        name: of its file, without the ending.
        size: (height, width) in pixels.
        transform: its geometry; None for the plain rectangle.
        mask: (1, 1, height, width) in [0, 1], its outline; None for that of the transform.
    """

    name: str
    size: Size
    transform: Transform | None = None
    mask: Tensor | None = None


def retarget(options: Options, family: str | None = None) -> Path:
    """Paint the photo of the model in ``options.checkpoint`` anew, to a folder of its own.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, a shape or a file will not do. No folder is left
            behind.
    """
    trained = load_trained(options, family, RetargetModel)
    wanted = list(targets(trained.options, trained.model))
    with enough_memory("retarget.shape"):
        painted = [paint(trained.model, target, trained.options) for target in wanted]
    count = "1 picture" if len(wanted) == 1 else f"{len(wanted)} pictures"
    with results(trained, count) as (folder, _):
        _write(wanted, painted, trained.model, trained.options, folder, trained.like)
    return folder.path


def targets(options: Options, model: RetargetModel) -> Iterator[Target]:
    """What ``options.retarget`` asks for, of a prepared model.

    Raises:
        UserError: options that do not go together, a photo that the model does not know, an
            unreadable mask, a transform that is not invertible, or a size beyond the memory.
    """
    image = chosen(options, model)
    for target in _targets(options.retarget, (image.shape[-2], image.shape[-1])):
        needed = round(math.prod(target.size) * model.bytes_per_pixel)
        check_memory(needed, model.device, f"retarget.shape=[{target.size[0]},{target.size[1]}]")
        yield target


def chosen(options: Options, model: RetargetModel) -> Tensor:
    """The photo that ``retarget.image`` names, (1, 3, h, w) in [-1, 1]; by default the first.

    Raises:
        UserError: the model learnt no such photo.
    """
    name, images = options.retarget.image, model.images
    if name is None:
        return images[0]
    paths = [Path(path) for path in options.photos]
    known = [name in (str(path), path.name, path.stem) for path in paths]
    if any(known):
        return images[known.index(True)]
    if name.isdecimal() and 1 <= int(name) <= len(images):
        return images[int(name) - 1]
    names = f", or one of {', '.join(path.name for path in paths)}" if paths else ""
    raise UserError(f"retarget.image={name}: allowed: 1 to {len(images)}{names}")


def _targets(wanted: RetargetOptions, own: Size) -> Iterator[Target]:
    transform, ending = _transform(wanted), f"-{wanted.transform}" if wanted.transform else ""
    sizes = _sizes(wanted, own)
    if wanted.mask is None:
        for size in sizes or [_scaled(own, factors) for factors in _examples(wanted)]:
            yield Target(_name(size) + ending, size, transform)
        return
    if transform is not None:
        raise UserError(
            "retarget.mask and retarget.transform both give an outline; only one of them can be"
        )
    try:
        given = read_image(wanted.mask).size
    except UserError as error:
        raise UserError(f"retarget.mask={error}") from error
    mask = read_mask(wanted.mask, given, option="retarget.mask")
    for size in sizes or [given]:
        outline = resize(mask, size).clamp(0, 1)
        yield Target(f"{_name(size)}-{Path(wanted.mask).stem}", size, None, outline)


def paint(model: RetargetModel, target: Target, options: Options) -> tuple[Tensor, Tensor | None]:
    """The picture (1, 3, H, W) in [-1, 1] and its alpha (1, 1, H, W), None where it has none."""
    seed = options.seed if options.retarget.seed is None else options.retarget.seed
    image = chosen(options, model)
    if target.mask is None:
        painted = model.retarget(target.size, transform=target.transform, image=image, seed=seed)
        cover = None if target.transform is None else target.transform.coverage(target.size)
        return painted, cover
    # The photo fills the outline's own box, so that little of it is cut off.
    rows, columns = (target.mask[0, 0] > 0).nonzero().unbind(dim=1)
    top, left = int(rows.min()), int(columns.min())
    box = (int(rows.max()) - top + 1, int(columns.max()) - left + 1)
    canvas = target.mask.new_zeros(1, 3, *target.size)
    inside = (..., slice(top, top + box[0]), slice(left, left + box[1]))
    canvas[inside] = model.retarget(box, image=image, seed=seed)
    return canvas, target.mask


def write(
    model: RetargetModel,
    options: Options,
    folder: RunFolder,
    photo: Photo,
    *,
    on_the_way: bool = False,
) -> None:
    """Write ``retarget/300x800.png`` and so on into a run folder, in place of older ones."""
    wanted = list(targets(options, model))
    painted = [paint(model, target, options) for target in wanted]
    like, _ = drawn_like(photo)
    _write(wanted, painted, model, options, folder, like, compare=not on_the_way)


def check(model: RetargetModel, options: Options) -> None:
    """Refuse what cannot be painted.

    Raises:
        UserError: as :func:`targets`.
    """
    for _ in targets(options, model):
        pass


def _write(
    wanted: Sequence[Target],
    painted: Sequence[tuple[Tensor, Tensor | None]],
    model: RetargetModel,
    options: Options,
    folder: RunFolder,
    like: Photo | None,
    compare: bool = True,
) -> None:
    pictures = folder.path / "retarget"
    pictures.mkdir(exist_ok=True)
    for target, (image, alpha) in zip(wanted, painted, strict=True):
        write_image(pictures / f"{target.name}.png", image, like=like, alpha=alpha)
        if compare and options.retarget.compare and alpha is None:
            photo = chosen(options, model).cpu()
            _compare(folder.path / "compare" / target.name, image, photo, like)


def _compare(folder: Path, image: Tensor, photo: Tensor, like: Photo | None) -> None:
    """The result beside plain resizing and seam carving of the same size."""
    folder.mkdir(parents=True, exist_ok=True)
    size = (image.shape[-2], image.shape[-1])
    write_image(folder / "ingan.png", image, like=like)
    write_image(folder / "plain-resizing.png", resize(photo, size).clamp(-1, 1), like=like)
    seams = sum(abs(new - old) for new, old in zip(size, photo.shape[-2:], strict=True))
    if seams * max(size[0] * size[1], photo[0, 0].numel()) <= MOST_SEAM_PIXELS:
        write_image(folder / "seam-carving.png", seam_carve(photo, size), like=like)


def _transform(wanted: RetargetOptions) -> Transform | None:
    corners = wanted.corners
    if corners is not None and wanted.transform not in (None, "homography"):
        raise UserError(f"retarget.corners are of a homography, not of {wanted.transform}")
    try:
        if corners is not None:
            return Homography.to_corners([(2 * x - 1, 2 * y - 1) for y, x in corners])
        if wanted.transform == "homography":
            raise UserError(
                "retarget.transform=homography needs retarget.corners, four corners [row,column] "
                "from top left clockwise, such as [[0.2,0],[0,1],[1,1],[0.8,0]]"
            )
        if wanted.transform == "trapezoid":
            return trapezoid(wanted.amount)
        if wanted.transform == "bend":
            return Bend(wanted.amount)
        return Wave(wanted.amount, wanted.periods) if wanted.transform == "wave" else None
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"retarget.corners={corners}: {error}") from error


def _sizes(wanted: RetargetOptions, own: Size) -> list[Size]:
    """The sizes asked for, none where there are none."""
    if wanted.shape is not None and wanted.scale is not None:
        raise UserError("retarget.shape and retarget.scale both give a size; use one of them")
    if wanted.scale is not None:
        return [_scaled(own, factors) for factors in _several(wanted.scale)]
    return [_filled(shape, own) for shape in _several(wanted.shape)]


def _examples(wanted: RetargetOptions) -> Sequence[tuple[float, float]]:
    return EXAMPLES if wanted.transform is None and wanted.corners is None else [(1.0, 1.0)]


def _several(value: list[object] | None) -> list[list[float | None]]:
    if value is None:
        return []
    return value if isinstance(value[0], list) else [value]  # type: ignore[list-item,return-value]


def _filled(shape: Sequence[float | None], own: Size) -> Size:
    """``shape`` with a null filled in by the aspect of ``own``."""
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


def _name(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


OWN = OwnTask("retarget", check, write, "retarget.shape", ("retarget.shape=[300,800]",))
