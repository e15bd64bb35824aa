"""task=super_resolution: a photo made larger, with detail learnt from the photo itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.device import select_device
from internal_gan.errors import UserError
from internal_gan.files import is_file, make_folder
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.images.windows import most_detailed
from internal_gan.models.base import Model
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.super_resolution import enlarged_size, super_resolve
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.own import OwnTask
from internal_gan.tasks.reporting import check_memory, enough_memory
from internal_gan.tasks.trained import load_trained, results
from internal_gan.units import Size

# Images of three channels in float32 that are held at once, with what writing the file needs.
IMAGES_AT_ONCE = 7


def super_resolution(options: Options, family: str | None = None) -> Path:
    """Enlarge a photo by the model in the run folder ``options.checkpoint``.

    The photo is ``options.image``, or else the file that the model was trained on, in its full
    size, or else what the model keeps of it.

    Args:
        family: refuse a model of another family; null takes any.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the photo, the device or the factor will not do. No folder is
            left behind.
    """
    trained = load_trained(options, family)
    recorded, kept = trained.options.photo, trained.source.path / "photo.png"
    is_there = recorded is not None and is_file(recorded)
    if options.image is None and not is_there and not kept.is_file():
        raise UserError(f"{trained.source.path} has no photo.png; name the photo by image=FILE")
    photo = read_image(recorded if recorded and (options.image or is_there) else kept)
    wanted = replace(trained.options, image=str(photo.path))
    check_result(photo.size, wanted, trained.model.device)
    with enough_memory(_FACTOR):
        enlarged = enlarge(trained.model, wanted, photo)
    about = [*trained.about, f"Photo {photo.path}", _in_words(photo.size, wanted)]
    trained = replace(trained, options=wanted, about=about)
    with results(trained, f"{enlarged.shape[-2]} x {enlarged.shape[-1]} pixels") as (folder, _):
        _write(enlarged, folder, photo)
    return folder.path


def check_result(size: Size, options: Options, device: torch.device) -> None:
    """Refuse a result that does not fit into the memory.

    Args:
        size: of the photo.

    Raises:
        UserError: with what it would need.
    """
    factor = options.super_resolution.factor
    height, width = enlarged_size(size, factor)
    needed = IMAGES_AT_ONCE * 12 * height * width
    check_memory(needed, device, f"{_FACTOR}={factor:g}, {height}x{width} pixels,")


def enlarge(model: SinGAN, options: Options, photo: Photo) -> Tensor:
    """The enlarged photo, (1, 3, H, W) in [-1, 1], on the CPU."""
    wanted = options.super_resolution
    return super_resolve(
        model,
        wanted.factor,
        photo.pixels,
        seed=options.seed if wanted.seed is None else wanted.seed,
        noise=wanted.noise,
        back_projection=wanted.back_projection,
        passes=wanted.passes,
    ).cpu()


def write(
    model: SinGAN,
    options: Options,
    folder: RunFolder,
    photo: Photo,
    *,
    on_the_way: bool = False,
) -> None:
    """Write ``super_resolution/enlarged.png`` and ``bicubic.png`` into a run folder.

    Not on the way: the coarser generators are not made for it.
    """
    if not on_the_way:
        _write(enlarge(model, options, photo), folder, photo)


def check(model: Model, options: Options) -> None:
    """Refuse a model that will not be able to enlarge.

    Raises:
        UserError: it is of another family, or has a single scale.
    """
    if not isinstance(model, SinGAN):
        raise UserError(f"task=super_resolution: a model of {model.family} cannot; singan can")
    if model.num_stages < 2:
        raise UserError(
            "task=super_resolution: needs a model of two scales, and this one has one (a larger "
            "photo, or a smaller model.min_size)"
        )


def lesson(photo: Photo, options: Options, number: int = 0) -> tuple[Photo, list[str]]:
    """The part of the photo to train on: detail is learnt at the photo's own resolution.

    Of a photo longer than the model's ``max_size`` it is the window of at most that length a side
    with the most detail. Shrunk as a whole it would teach how it looks from farther away.

    Raises:
        UserError: the enlarged photo will not fit into the memory.
    """
    check_result(photo.size, options, select_device(options.device)[0])
    words = _in_words(photo.size, options)
    limit = options.model.get("max_size")
    if limit is None or fit_size(photo.size, limit) == photo.size:
        return photo, [words]
    rows, columns = most_detailed(photo.pixels, (limit, limit))
    text = (
        f"Learns at the photo's own resolution from its window with the most detail, rows "
        f"{rows.start} to {rows.stop} and columns {columns.start} to {columns.stop}; "
        "model.max_size=null learns from all of it"
    )
    return photo.crop(rows, columns), [words, text]


def _write(enlarged: Tensor, folder: RunFolder, photo: Photo) -> None:
    """Write the result and, beside it, the photo enlarged by bicubic interpolation alone.

    Both have what the photo's file has: gray or colour, transparency, bit depth, profile, EXIF.
    """
    pictures = make_folder(folder.path / "super_resolution")
    size = (enlarged.shape[-2], enlarged.shape[-1])
    alpha = None if photo.alpha is None else resize(photo.alpha, size).clamp(0, 1)
    plain = resize(photo.pixels, size).clamp(-1, 1)
    for name, pixels in (("bicubic", plain), ("enlarged", enlarged)):
        write_image(pictures / f"{name}.png", pixels, like=photo, alpha=alpha)


def _in_words(size: Size, options: Options) -> str:
    factor = options.super_resolution.factor
    height, width = enlarged_size(size, factor)
    return (
        f"Enlarges {size[0]} x {size[1]} pixels (height x width) by {factor:g} to "
        f"{height} x {width}"
    )


_FACTOR = "super_resolution.factor"
OWN = OwnTask(
    "super_resolution",
    check,
    write,
    size_option=_FACTOR,
    again=("super_resolution.factor=2",),
    lesson=lesson,
    stands_for_photo=True,
)
