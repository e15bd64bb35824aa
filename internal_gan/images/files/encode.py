"""Encodes tensors as image files and Pillow images, as faithfully as each format allows."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from internal_gan.images.colours import luminance
from internal_gan.images.files.decode import coloured
from internal_gan.images.files.metadata import profile_space
from internal_gan.images.files.png import XMP_KEYWORD, png
from internal_gan.images.levels import PIXELS_AT_ONCE, levels_of
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.images.windows import bands

# The formats that are written, by Pillow's names.
FORMATS = {".png": "PNG", ".jpg": "JPEG"}
_MAX_JPEG_EXIF = 65533  # bytes
# Pillow's, for saving without visible loss.
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "PNG": {"compress_level": 3},
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
}


def arrange(
    pixels: Tensor, file_format: str, like: Photo | None = None, alpha: Tensor | None = None
) -> tuple[Photo, list[str]]:
    """A picture as a format stores it: a file's, by Pillow's name, or ``Pillow``'s in memory; and a
    line for the user about each loss.

    Its colours, on the CPU, may be outside [-1, 1], to be clipped; its mode is ``L``, ``LA``,
    ``RGB`` or ``RGBA``, and 32 bits are floats, of opaque gray only.
    """
    colours = _checked(pixels)
    losses = list[str]()
    like = like or Photo(pixels)
    size = size_of(colours)
    if alpha is None and like.alpha is not None:
        if like.alpha.shape[-2:] == size:
            alpha = like.alpha
        else:
            losses.append("the photo's transparency is left out, since the size differs")
    opacity = None if alpha is None else alpha.detach().float().cpu()
    hidden = None
    if opacity is not None and like.raw is not None and like.raw.shape[-2:] == size:
        hidden = _checked(like.raw)
    mode = "L" if like.is_gray else "RGB"
    if alpha is not None and file_format == "JPEG":
        losses.append("JPEG cannot hold transparency (PNG can)")
    elif alpha is not None:
        mode += "A"
    most = {"PNG": 16, "JPEG": 8, "Pillow": 32 if mode == "L" else 8}[file_format]
    depth = min(like.bit_depth, most)
    profile = like.icc_profile
    exif = like.exif
    if depth < like.bit_depth:
        losses.append(f"{like.bit_depth} bits per channel become {depth}")
    if profile and profile_space(profile) != mode.rstrip("A"):
        losses.append(f"the colour profile does not fit {mode} pixels")
        profile = None
    if exif and file_format == "JPEG" and len(exif) > _MAX_JPEG_EXIF:
        losses.append("JPEG cannot hold the EXIF data")
        exif = None
    stored = Photo(colours, opacity, None, mode, depth, profile, exif, like.dpi, raw=hidden)
    whole = like.whole if like.size == size else None
    palette = None if file_format == "JPEG" else like.palette
    return replace(stored, whole=whole, palette=palette), losses


def rows_of(stored: Photo, rows: slice = slice(None)) -> Tensor:
    """All channels of some rows of what :func:`arrange` made, (C, h, W) in [0, 1], in new
    memory."""
    colours = _shares(stored.colours[0, :, rows])
    alpha = None if stored.alpha is None else stored.alpha[0, :, rows]
    if alpha is not None and stored.raw is not None:
        colours = torch.where(alpha > 0, colours, _shares(stored.raw[0, :, rows]))
    colours = luminance(colours[None])[0] if stored.is_gray else colours.contiguous()
    if alpha is None or stored.mode[-1] != "A":
        return colours
    return torch.cat([colours, alpha])


def array_of(stored: Photo) -> np.ndarray[Any, Any]:
    """All channels of what :func:`arrange` made, (H, W, C): floats in [0, 1] of 32 bits, or else
    whole numbers, perhaps in the picture's memory."""
    largest = 2**stored.bit_depth - 1
    mode = stored.mode
    # Channels of levels that are one in memory, as those of a mask, are gray.
    is_gray = stored.colours.dtype == torch.uint8 and stored.colours.stride(1) == 0
    is_plain = mode == "RGB" or (mode == "L" and is_gray)
    if is_plain and stored.raw is None and stored.bit_depth < 32:
        return levels_of(stored.colours[:, : len(mode)], largest)
    kind = {8: torch.uint8, 16: torch.uint16, 32: torch.float32}[stored.bit_depth]
    found = torch.empty(*stored.size, len(mode), dtype=kind)
    for rows in bands(stored.size, PIXELS_AT_ONCE):
        some = rows_of(stored, rows)
        if stored.bit_depth < 32:
            some.mul_(largest).round_().clamp_(0, largest)
        found[rows] = some.to(kind).permute(1, 2, 0)
    return found.numpy()


def in_pillow(stored: Photo) -> Image.Image:
    """What :func:`arrange` made; its palette is used if it has no other colours."""
    array = array_of(stored)
    image = Image.fromarray(array[..., 0] if stored.mode == "L" else array)
    return image if stored.palette is None else _indexed(image, stored.palette)


def metadata_of(stored: Photo, mark: bytes | None = None) -> dict[str, bytes]:
    """``icc_profile``, ``exif`` and ``xmp``, the mark, if any."""
    found = {"icc_profile": stored.icc_profile, "exif": stored.exif, "xmp": mark}
    return {name: data for name, data in found.items() if data}


def encode(path: Path, stored: Photo, file_format: str, mark: bytes | None = None) -> None:
    """Write a file of what :func:`arrange` made for this format, and of the whole around it, which
    is overwritten; an OSError or a ValueError if the disk or the format cannot hold it."""
    is_png = file_format == "PNG"
    metadata = metadata_of(stored, mark)
    if is_png and stored.whole is None and stored.palette is None:
        path.write_bytes(png(array_of(stored), metadata, stored.dpi))
        return
    image = in_pillow(stored)
    if stored.whole is not None:
        part, image, (rows, columns) = image, *stored.whole
        alike = image.mode == part.mode and image.getpalette() == part.getpalette()
        if not alike or "transparency" in image.info:
            image, part = (coloured(one).convert(stored.mode) for one in (image, part))
        image.info = {}
        image.paste(part, (columns.start, rows.start))
    if is_png and image.mode in ("L", "LA", "RGB", "RGBA"):
        path.write_bytes(png(np.atleast_3d(np.asarray(image)), metadata, stored.dpi))
        return
    options = {**_OPTIONS[file_format], **metadata}
    if stored.dpi:
        options["dpi"] = stored.dpi
    # Pillow's ``save`` takes ``xmp`` for JPEG, not for PNG.
    if "xmp" in options and is_png:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt(XMP_KEYWORD, options.pop("xmp").decode())
    image.save(path, format=file_format, **options)


def _indexed(image: Image.Image, palette: NDArray[np.uint8]) -> Image.Image:
    """An image as numbers of a palette's colours, or one bit if gray; as it is if it has others."""
    pixels = np.array(image.convert("RGBA"))
    colours = palette.copy()
    for one in (pixels, colours):
        one[one[..., 3] == 0] = 0
    wanted = pixels.view(np.uint32)[..., 0]
    own = colours.view(np.uint32)[..., 0]
    order = own.argsort(kind="stable")
    numbers = order[np.searchsorted(own, wanted, sorter=order).clip(max=len(own) - 1)]
    if (own[numbers] != wanted).any():
        return image
    if image.mode == "L":
        return Image.fromarray(numbers.astype(np.bool_))
    result = Image.fromarray(numbers.astype(np.uint8))
    mode = "RGB" if (palette[:, 3] == 255).all() else "RGBA"
    result.putpalette(palette[:, : len(mode)].tobytes(), mode)
    return result


def _checked(pixels: Tensor) -> Tensor:
    """Pixels or levels as (1, 3, H, W) on the CPU."""
    batch = pixels[None] if pixels.ndim == 3 else pixels
    is_levels = batch.dtype == torch.uint8
    # Infinity and NaN show in the extremes.
    finite = is_levels or torch.stack(torch.aminmax(batch)).isfinite().all()
    if batch.ndim != 4 or batch.shape[:2] != (1, 3) or not finite:
        raise ValueError(f"expected finite pixels (1, 3, H, W), got {tuple(pixels.shape)}")
    return (batch if is_levels else batch.detach().float()).cpu()


def _shares(pixels: Tensor) -> Tensor:
    """Pixels (3, H, W) from [-1, 1], or levels, to [0, 1]."""
    # Channels that are one in memory, as those of a mask, stay so.
    each = pixels[:1] if pixels.stride(0) == 0 else pixels
    if each.dtype == torch.uint8:
        return each.float().div_(255.0).expand(3, -1, -1)
    return each.add(1.0).div_(2.0).clamp_(0.0, 1.0).expand(3, -1, -1)
