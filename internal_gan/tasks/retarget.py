"""task=retarget: the photo in other sizes and shapes, with its own patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.files import make_folder
from internal_gan.images.files.image import write_image
from internal_gan.images.files.video import write_frames, write_video
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.images.seam_carving import seam_carve
from internal_gan.models.ingan.retargeting import RetargetModel
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.own import OwnTask
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.sizes import breathing, collage, frames
from internal_gan.tasks.targets import Target, chosen, targets
from internal_gan.tasks.trained import load_trained, results
from internal_gan.training.progress import show_progress
from internal_gan.units import Size

# Seam carving takes a time that grows with seams times pixels; beyond this, about ten seconds.
MOST_SEAM_PIXELS = 60_000_000


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
    with results(trained, count) as (folder, console):
        _write(wanted, painted, trained.model, trained.options, folder, trained.like)
        _write_sizes(wanted, trained.model, trained.options, folder, trained.like, console)
    return folder.path


def paint(
    model: RetargetModel, target: Target, options: Options, *, moving: bool = False
) -> tuple[Tensor, Tensor | None]:
    """The picture (1, 3, H, W) in [-1, 1] and its alpha (1, 1, H, W), None where it has none.

    ``moving``: it is a frame of a video, in which the nearest patches would jump.
    """
    seed = options.seed if options.retarget.seed is None else options.retarget.seed
    image, vote = chosen(options, model), options.retarget.vote
    vote = False if moving and vote == "auto" else vote
    if target.mask is None:
        painted = model.retarget(
            target.size,
            transform=target.transform,
            image=image,
            protect=target.protect,
            vote=vote,
            seed=seed,
        )
        cover = None if target.transform is None else target.transform.coverage(target.size)
        return painted, cover
    # The photo fills the outline's own box, so that little of it is cut off.
    rows, columns = (target.mask[0, 0] > 0).nonzero().unbind(dim=1)
    top, left = int(rows.min()), int(columns.min())
    box = (int(rows.max()) - top + 1, int(columns.max()) - left + 1)
    canvas = target.mask.new_zeros(1, 3, *target.size)
    inside = (..., slice(top, top + box[0]), slice(left, left + box[1]))
    canvas[inside] = model.retarget(box, image=image, vote=vote, seed=seed)
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
    if not on_the_way:
        _write_sizes(wanted, model, options, folder, like, Console(quiet=True))


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
    pictures = make_folder(folder.path / "retarget")
    for target, (image, alpha) in zip(wanted, painted, strict=True):
        write_image(pictures / f"{target.name}.png", image, like=like, alpha=alpha)
        if compare and options.retarget.compare and alpha is None:
            photo = chosen(options, model).cpu()
            _compare(folder.path / "compare" / target.name, image, photo, like)


def _write_sizes(
    wanted: Sequence[Target],
    model: RetargetModel,
    options: Options,
    folder: RunFolder,
    like: Photo | None,
    console: Console,
) -> None:
    """The sheet and the video of the photo's own size and those that are wanted."""
    asked, pictures = options.retarget, folder.path / "retarget"
    image = chosen(options, model)
    stops = [(image.shape[-2], image.shape[-1]), *(target.size for target in wanted)]

    def painted(size: Size, moving: bool = False) -> Tensor:
        return paint(model, replace(wanted[0], size=size), options, moving=moving)[0]

    if asked.collage:
        write_image(pictures / "collage.png", collage(stops, painted), like=like)
    if asked.video is not None:
        sizes = breathing(stops, round(asked.seconds * asked.fps))
        shown = show_progress(
            frames(sizes, partial(painted, moving=True)), len(sizes), "frames", console
        )
        files = write_frames(pictures / "frames", shown, like=like)
        if asked.video != "png":
            write_video(pictures / f"sizes.{asked.video}", files, asked.fps)


def _compare(folder: Path, image: Tensor, photo: Tensor, like: Photo | None) -> None:
    """The result beside plain resizing and seam carving of the same size."""
    make_folder(folder)
    size = (image.shape[-2], image.shape[-1])
    write_image(folder / "ingan.png", image, like=like)
    write_image(folder / "plain-resizing.png", resize(photo, size).clamp(-1, 1), like=like)
    seams = sum(abs(new - old) for new, old in zip(size, photo.shape[-2:], strict=True))
    if seams * max(size[0] * size[1], photo[0, 0].numel()) <= MOST_SEAM_PIXELS:
        write_image(folder / "seam-carving.png", seam_carve(photo, size), like=like)


OWN = OwnTask("retarget", check, write, "retarget.shape", ("retarget.shape=[300,800]",))
