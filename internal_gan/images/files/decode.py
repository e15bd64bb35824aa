"""Decodes Pillow images of any colour mode and bit depth."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps
from torch import Tensor

from internal_gan.images.files.decoded import Decoded, in_bands

_EIGHT_BIT = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"}
_SIXTEEN_BIT_GRAY = {"I;16", "I;16L", "I;16B", "I;16N"}
_BITS_PER_SAMPLE, _PLANAR_CONFIGURATION = 258, 284
READABLE_MODES = "gray, RGB, palette and CMYK, of up to 16 bits a channel"


class UnreadablePixelsError(Exception):
    """The file is intact, but its pixels are not those of a photo."""


def decode(
    image: Image.Image, reopen: Callable[[], Image.Image], longest: int | None = None
) -> Decoded:
    """Read the pixels, upright, of an image that has just been opened.

    Args:
        reopen: opens the same file again; 16-bit colours are read in two passes.
        longest: the longest side needed, in pixels; a much larger image is reduced. None reads all
            of it.

    Raises:
        UnreadablePixelsError: the colour mode or the values are not those of a photo.
        Exception: whatever Pillow raises for a damaged file.
    """
    raw_mode = _raw_mode(image)
    if _is_deep(raw_mode, image) and _tiff_tag(image, _PLANAR_CONFIGURATION, 1) == 2:
        # Pillow silently reads the wrong bytes of such files.
        raise UnreadablePixelsError("its 16-bit channels are stored in separate planes")
    if raw_mode == "LA;16B":
        return _decode(_decode_deep_gray_alpha, longest, _with_raw_mode(image, "RGBA"))
    low_bytes = _low_byte_mode(raw_mode)
    if low_bytes is not None:
        with reopen() as again:
            return _decode(_decode_deep_colour, longest, image, _with_raw_mode(again, low_bytes))
    decoder: Callable[..., Decoded]
    notes = ("its 16 bits per channel are read as 8 bits",) if _is_deep(raw_mode, image) else ()
    if image.mode in _SIXTEEN_BIT_GRAY or image.mode == "I":
        decoder = partial(_decode_integers, largest=4095 if raw_mode.endswith(";12") else 65535)
    elif image.mode == "F":
        decoder = _decode_floats
    elif image.mode == "CMYK":
        decoder = partial(_decode_cmyk, notes=notes)
    elif image.mode in _EIGHT_BIT:
        decoder = partial(_decode_bytes, notes=notes)
    else:
        raise UnreadablePixelsError(f"its colour mode {image.mode} is not supported")
    return _decode(decoder, longest, image)


def _decode(decoder: Callable[..., Decoded], longest: int | None, *images: Image.Image) -> Decoded:
    """Decode the layers of an image, upright; a very large one in bands of rows."""
    layers = [_upright(image) for image in images]
    width, height = layers[0].size
    return in_bands(
        (height, width),
        longest,
        lambda top, bottom: decoder(*(layer.crop((0, top, width, bottom)) for layer in layers)),
    )


def _upright(image: Image.Image) -> Image.Image:
    # Pillow would copy even an upright image.
    image.load()
    is_upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
    return image if is_upright else ImageOps.exif_transpose(image)


def _decode_bytes(image: Image.Image, notes: tuple[str, ...]) -> Decoded:
    straight = image.convert("LA") if image.mode == "La" else image
    has_alpha = straight.has_transparency_data
    levels = channels_of(straight.convert("RGBA" if has_alpha else "RGB")) / 255.0
    return Decoded.of(levels, image.mode, 8, notes)


def _decode_cmyk(image: Image.Image, notes: tuple[str, ...]) -> Decoded:
    notes += ("CMYK is converted to RGB, and results are written as RGB",)
    profile = image.info.get("icc_profile")
    converted: Image.Image | None = None
    if profile:
        srgb = ImageCms.createProfile("sRGB")
        try:
            converted = ImageCms.profileToProfile(
                image, io.BytesIO(profile), srgb, outputMode="RGB"
            )
        except ImageCms.PyCMSError:
            notes += ("its CMYK colour profile is damaged, so the colours may be off",)
    levels = channels_of(converted or image.convert("RGB")) / 255.0
    return Decoded.of(levels, "CMYK", 8, notes)


def _decode_integers(image: Image.Image, largest: int) -> Decoded:
    levels = channels_of(image)
    if levels.min() < 0 or levels.max() > largest:
        span = f"{levels.min():.0f} to {levels.max():.0f}"
        raise UnreadablePixelsError(f"its values go from {span}; allowed is 0 to {largest}")
    key = image.info.get("transparency")
    if isinstance(key, int):
        levels = torch.cat([levels, (levels != key) * float(largest)])
    return Decoded.of(levels / largest, "I;16", 16)


def _decode_floats(image: Image.Image) -> Decoded:
    levels = channels_of(image)
    if not torch.isfinite(levels).all() or levels.min() < 0.0 or levels.max() > 1.0:
        span = f"{levels.min():.4g} to {levels.max():.4g}"
        raise UnreadablePixelsError(
            f"its floating-point values go from {span}; allowed is 0 (black) to 1 (white)"
        )
    return Decoded.of(levels, "F", 32)


def _decode_deep_colour(image: Image.Image, low_bytes: Image.Image) -> Decoded:
    """Join the high bytes of 16-bit colours, which are all that Pillow reads, with the low ones."""
    mode, key = image.mode, image.info.get("transparency")
    levels = 256.0 * channels_of(image) + channels_of(low_bytes)
    if isinstance(key, tuple):
        transparent = (levels == torch.tensor(key).view(3, 1, 1)).all(dim=0, keepdim=True)
        levels = torch.cat([levels, 65535.0 * ~transparent])
    return Decoded.of(levels / 65535.0, mode, 16)


def _decode_deep_gray_alpha(image: Image.Image) -> Decoded:
    """16-bit gray and alpha, whose four bytes per pixel were read as RGBA."""
    planes = channels_of(image)
    return Decoded.of((256.0 * planes[0::2] + planes[1::2]) / 65535.0, "LA", 16)


def channels_of(image: Image.Image) -> Tensor:
    """Pillow's numbers as floats (C, H, W)."""
    array = np.array(image).astype(np.float32)
    return torch.from_numpy(array if array.ndim == 3 else array[..., None]).permute(2, 0, 1)


def _raw_mode(image: Image.Image) -> str:
    """Pillow's name of the layout of the file's pixels, such as ``RGB;16B``."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return image.mode
    arguments = tiles[0].args
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else image.mode


def _with_raw_mode(image: Image.Image, raw_mode: str) -> Image.Image:
    """Make Pillow read a file that is not loaded yet in another layout of the same size."""
    image.tile = [  # type: ignore[attr-defined]
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile  # type: ignore[attr-defined]
    ]
    return image


def _low_byte_mode(raw_mode: str) -> str | None:
    """The layout that reads the low bytes of 16-bit colours: the one of opposite byte order."""
    layout, order = raw_mode[:-1], raw_mode[-1:]
    if layout not in {"RGB;16", "RGBA;16", "RGBX;16"}:
        return None
    if order == "N":
        order = "L" if sys.byteorder == "little" else "B"
    return layout + {"L": "B", "B": "L"}[order]


def _is_deep(raw_mode: str, image: Image.Image) -> bool:
    return ";16" in raw_mode or max(_tiff_tag(image, _BITS_PER_SAMPLE, (8,))) > 8


def _tiff_tag(image: Image.Image, tag: int, default: Any) -> Any:
    return getattr(image, "tag_v2", {}).get(tag, default)
