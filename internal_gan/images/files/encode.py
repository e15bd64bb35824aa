"""Encodes tensors as image files and Pillow images, as faithfully as each format allows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
from internal_gan.images.levels import AT_ONCE, levels_of
from internal_gan.images.photo import Photo, Whole
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


class Stored(NamedTuple):
    """A picture as a file, or an image in memory, stores it.

    Attributes:
        pixels: (3, H, W) on the CPU, 8-bit levels or in [-1, 1]; other values are clipped.
        alpha: (1, H, W) in [0, 1], if the picture has it.
        hidden: the pixels where alpha is 0, if they differ.
        mode: ``L``, ``LA``, ``RGB`` or ``RGBA``.
        bit_depth: of a channel; 32 bits are floats, of opaque gray only.
        metadata: ``icc_profile``, ``exif`` and ``xmp``, if any.
        dpi: dots per inch, across and down.
        palette: (n, 4); a picture of its colours alone is stored by their numbers or, if gray, by
            one bit.
        losses: a line for the user about each.
    """

    pixels: Tensor
    alpha: Tensor | None
    hidden: Tensor | None
    mode: str
    bit_depth: int
    metadata: Mapping[str, bytes]
    dpi: tuple[float, float] | None
    palette: NDArray[np.uint8] | None
    losses: Sequence[str]

    def rows(self, rows: slice = slice(None)) -> Tensor:
        """All channels of some rows, (C, h, W) in [0, 1], in new memory."""
        colours = _shares(self.pixels[:, rows])
        if self.alpha is not None and self.hidden is not None:
            seen = self.alpha[:, rows] > 0
            colours = torch.where(seen, colours, _shares(self.hidden[:, rows]))
        colours = luminance(colours[None])[0] if self.mode[0] == "L" else colours.contiguous()
        if self.alpha is None or self.mode[-1] != "A":
            return colours
        return torch.cat([colours, self.alpha[:, rows]])

    def array(self) -> np.ndarray[Any, Any]:
        """All channels, (H, W, C): floats in [0, 1] of 32 bits, or else whole numbers, perhaps in
        the picture's memory."""
        size, largest = size_of(self.pixels), 2**self.bit_depth - 1
        # Channels of levels that are one in memory, as those of a mask, are gray.
        is_gray = self.pixels.dtype == torch.uint8 and self.pixels.stride(0) == 0
        is_plain = self.mode == "RGB" or (self.mode == "L" and is_gray)
        if is_plain and self.hidden is None and self.bit_depth < 32:
            return levels_of(self.pixels[None, : len(self.mode)], largest)
        kind = {8: torch.uint8, 16: torch.uint16, 32: torch.float32}[self.bit_depth]
        found = torch.empty(*size, len(self.mode), dtype=kind)
        for rows in bands(size, AT_ONCE):
            some = self.rows(rows)
            if self.bit_depth < 32:
                some.mul_(largest).round_().clamp_(0, largest)
            found[rows] = some.to(kind).permute(1, 2, 0)
        return found.numpy()

    def to_pillow(self) -> Image.Image:
        array = self.array()
        image = Image.fromarray(array[..., 0] if self.mode == "L" else array)
        return image if self.palette is None else _indexed(image, self.palette)


def arrange(
    pixels: Tensor,
    file_format: str,
    like: Photo | None = None,
    alpha: Tensor | None = None,
    mark: bytes | None = None,
) -> Stored:
    """A picture as a format stores it: a file's, by Pillow's name, or ``Pillow``'s in memory."""
    colours, losses, metadata = _checked(pixels), list[str](), dict[str, bytes]()
    like, size = like or Photo(pixels), colours.shape[-2:]
    if alpha is None and like.alpha is not None:
        if like.alpha.shape[-2:] == size:
            alpha = like.alpha
        else:
            losses.append("the photo's transparency is left out, since the size differs")
    opacity = None if alpha is None else alpha.detach().float().cpu()[0]
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
    if depth < like.bit_depth:
        losses.append(f"{like.bit_depth} bits per channel become {depth}")
    if like.icc_profile and profile_space(like.icc_profile) != mode.rstrip("A"):
        losses.append(f"the colour profile does not fit {mode} pixels")
    elif like.icc_profile:
        metadata["icc_profile"] = like.icc_profile
    if like.exif and file_format == "JPEG" and len(like.exif) > _MAX_JPEG_EXIF:
        losses.append("JPEG cannot hold the EXIF data")
    elif like.exif:
        metadata["exif"] = like.exif
    if mark is not None:
        metadata["xmp"] = mark
    palette = None if file_format == "JPEG" else like.palette
    return Stored(colours, opacity, hidden, mode, depth, metadata, like.dpi, palette, losses)


def encode(path: Path, stored: Stored, file_format: str, whole: Whole | None = None) -> None:
    """Write a file of what :func:`arrange` made for this format, and of the ``whole`` around it,
    which is overwritten; an OSError or a ValueError if the disk or the format cannot hold it."""
    is_png = file_format == "PNG"
    if is_png and whole is None and stored.palette is None:
        path.write_bytes(png(stored.array(), stored.metadata, stored.dpi))
        return
    image = stored.to_pillow()
    if whole is not None:
        part, image, (rows, columns) = image, *whole
        alike = image.mode == part.mode and image.getpalette() == part.getpalette()
        if not alike or "transparency" in image.info:
            image, part = (coloured(one).convert(stored.mode) for one in (image, part))
        image.info = {}
        image.paste(part, (columns.start, rows.start))
    if is_png and image.mode in ("L", "LA", "RGB", "RGBA"):
        path.write_bytes(png(np.atleast_3d(np.asarray(image)), stored.metadata, stored.dpi))
        return
    options = {**_OPTIONS[file_format], **stored.metadata}
    if stored.dpi:
        options["dpi"] = stored.dpi
    # Pillow's ``save`` takes ``xmp`` for JPEG, not for PNG.
    if "xmp" in options and is_png:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt(XMP_KEYWORD, options.pop("xmp").decode())
    image.save(path, format=file_format, **options)


def _indexed(image: Image.Image, palette: NDArray[np.uint8]) -> Image.Image:
    """An image as numbers of a palette's colours, or one bit if gray; as it is if it has others."""
    pixels, colours = np.array(image.convert("RGBA")), palette.copy()
    for one in (pixels, colours):
        one[one[..., 3] == 0] = 0
    wanted, own = pixels.view(np.uint32)[..., 0], colours.view(np.uint32)[..., 0]
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
    """Pixels or levels as (3, H, W) on the CPU."""
    single = pixels[0] if pixels.ndim == 4 and pixels.shape[0] == 1 else pixels
    fits = single.ndim == 3 and single.shape[0] == 3
    is_levels = single.dtype == torch.uint8
    # Infinity and NaN show in the extremes.
    finite = is_levels or torch.stack(torch.aminmax(single)).isfinite().all()
    if not fits or not finite:
        raise ValueError(f"expected finite pixels (1, 3, H, W), got {tuple(pixels.shape)}")
    return (single if is_levels else single.detach().float()).cpu()


def _shares(pixels: Tensor) -> Tensor:
    """Pixels (3, H, W) from [-1, 1], or levels, to [0, 1]."""
    # Channels that are one in memory, as those of a mask, stay so.
    each = pixels[:1] if pixels.stride(0) == 0 else pixels
    if each.dtype == torch.uint8:
        return each.float().div_(255.0).expand(3, -1, -1)
    return each.add(1.0).div_(2.0).clamp_(0.0, 1.0).expand(3, -1, -1)
