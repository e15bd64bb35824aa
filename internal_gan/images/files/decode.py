"""Decodes Pillow images of any colour mode and bit depth."""

import io
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.files.metadata import is_adobe_rgb, other_colours, resolution
from internal_gan.images.files.profiles import adobe_rgb
from internal_gan.images.photo import Choose, Photo, Whole
from internal_gan.images.pyramid import scaled
from internal_gan.images.smooth_fill import fill_transparent
from internal_gan.images.windows import extent
from internal_gan.units import Size

_EIGHT_BIT = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"}
# Layouts of 16-bit colours without their byte order, and the order opposite to each.
_DEEP_COLOURS = {"RGB;16", "RGBA;16", "RGBX;16"}
_OPPOSITE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
# Numbers of TIFF tags.
_BITS_PER_SAMPLE = 258
_PLANAR_CONFIGURATION = 284
# Files of more pixels than this are reduced while they are read.
WHOLE_PIXELS = 25_000_000
# They keep this many times the side needed. Shrinking them from there gives nearly the same as
# shrinking the whole picture.
REDUCING_GAP = 8


def decode(
    name: str,
    image: Image.Image,
    reopen: Callable[[], Image.Image],
    longest: int | None = None,
    choose: Choose | None = None,
) -> tuple[Photo, list[str]]:
    """The photo, upright, of an image that has just been opened, without path and EXIF data, and a
    line for the user about each loss.

    ``reopen`` opens the same file again, since 16-bit colours are read in two passes; ``longest``
    is for :func:`reduced_size`; with ``choose``, a window of a plain image becomes the photo. A
    UserError if the colour mode or the values are not a photo's; Pillow's own errors come out, too.
    """
    raw_mode = _raw_mode(image)
    tags = getattr(image, "tag_v2", {})
    is_deep = _is_deep(image)
    if is_deep and tags.get(_PLANAR_CONFIGURATION, 1) == 2:
        # Pillow silently reads the wrong bytes of such files.
        raise _unreadable(name, "its 16-bit channels are in separate planes; interleave them")
    size = image.height, image.width
    if not is_deep:
        # JPEG files are decoded at a half, a quarter or an eighth of their size.
        image.draft(None, reduced_size(size, longest)[::-1])
    image, low_bytes, mode, depth = _channels(name, image, raw_mode, reopen)
    notes = list[str]()
    if is_deep and depth == 8:
        notes.append("its 16 bits per channel are read as 8 bits")
    upright, profile = _coloured(image, mode, notes)
    dpi = resolution(image)
    if _orientation(image) >= 5:  # turned by 90 degrees
        size, dpi = size[::-1], dpi and dpi[::-1]
    whole = None
    palette = palette_of(upright)
    if choose is not None:
        whole = Whole(upright, choose(name, upright))
        size = extent(whole.window)
        rows, columns = whole.window
        upright = upright.crop((columns.start, rows.start, columns.stop, rows.stop))
    # The mean of other colours could be the one that stands for transparency.
    keyed = depth == 16 and "transparency" in image.info
    to = size if keyed else reduced_size(size, longest)
    if depth == 8:
        is_gray = upright.mode == "L" and not upright.has_transparency_data
        levels = channels_of(_shrunk(upright if is_gray else coloured(upright), to))
    else:
        largest = {16: 4095 if raw_mode.endswith(";12") else 65535, 32: 1}[depth]
        levels = _deep(name, upright, low_bytes, to, largest)
    photo = replace(photo_of(levels, mode, depth), icc_profile=profile, dpi=dpi, palette=palette)
    return replace(photo, given=None if to == size else size, whole=whole), notes


def _channels(
    name: str, image: Image.Image, raw_mode: str, reopen: Callable[[], Image.Image]
) -> tuple[Image.Image, Image.Image | None, str, int]:
    """An image; the low bytes of its colours of 16 bits, if they are apart; its colour mode and
    depth. A UserError if no photo has such a mode."""
    mode = image.mode
    if raw_mode == "LA;16B":
        return _with_raw_mode(image, "RGBA"), None, "LA", 16
    if raw_mode[:-1] in _DEEP_COLOURS:
        with reopen() as again:
            opposite = raw_mode[:-1] + _OPPOSITE[raw_mode[-1]]
            return image, _upright(_with_raw_mode(again, opposite)), mode, 16
    if mode.startswith("I"):
        return image, None, "I;16", 16
    if mode == "F":
        return image, None, mode, 32
    if mode not in _EIGHT_BIT | {"CMYK"}:
        raise _unreadable(name, f"its colour mode {mode} is not supported")
    return image, None, mode, 8


def _coloured(image: Image.Image, mode: str, notes: list[str]) -> tuple[Image.Image, bytes | None]:
    """An image, upright, and its colour profile; ``notes`` get what cannot be kept."""
    upright = _upright(image)
    profile = image.info.get("icc_profile")
    if mode == "CMYK":  # whose profile does not describe RGB pixels
        return _from_cmyk(upright, notes), None
    if not profile and is_adobe_rgb(image):
        return upright, adobe_rgb()
    if not profile and (note := other_colours(image)):
        notes.append(note)
    return upright, profile


def palette_of(image: Image.Image) -> NDArray[np.uint8] | None:
    """The colours of an image with a palette or two levels, (n, 4) with alpha; else None."""
    if image.mode == "1":
        return np.array([[0, 0, 0, 255], [255, 255, 255, 255]], np.uint8)
    if image.mode != "P":
        return None
    image = image.copy()
    image.apply_transparency()
    return np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)


def is_plain(image: Image.Image) -> bool:
    """Whether an image that has just been opened is gray, RGB or a palette, of 8 bits."""
    return image.mode in _EIGHT_BIT and not _is_deep(image)


def _is_deep(image: Image.Image) -> bool:
    depths: tuple[int, ...] = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (8,))
    return ";16" in _raw_mode(image) or max(depths) > 8


def _upright(image: Image.Image) -> Image.Image:
    # Pillow would copy even an upright image.
    image.load()
    return image if _orientation(image) == 1 else ImageOps.exif_transpose(image)


def _orientation(image: Image.Image) -> int:
    found: int = image.getexif().get(ExifTags.Base.Orientation, 1)
    return found


def coloured(image: Image.Image) -> Image.Image:
    """A plain image as RGB or, with transparency, RGBA."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _from_cmyk(image: Image.Image, notes: list[str]) -> Image.Image:
    """A CMYK image as RGB, through its colour profile if it has one."""
    notes.append("CMYK is converted to RGB, and results are written as RGB")
    converted = None
    if profile := image.info.get("icc_profile"):
        own = io.BytesIO(profile)
        srgb = ImageCms.createProfile("sRGB")
        try:
            converted = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
        except ImageCms.PyCMSError:
            notes.append("its CMYK colour profile is damaged, so the colours may be off")
    return converted or image.convert("RGB")


def _deep(
    name: str, image: Image.Image, low_bytes: Image.Image | None, to: Size, largest: int
) -> Tensor:
    """Levels in [0, 1] of more than 8 bits; ``largest`` is 1 for floats."""
    levels = _planes(image, to)
    key = image.info.get("transparency")
    if low_bytes is not None:
        # The high bytes of 16-bit colours are all that Pillow reads.
        levels = 256.0 * levels + _planes(low_bytes, to)
    elif image.mode == "RGBA":
        # Gray and alpha, whose four bytes per pixel were read as RGBA.
        levels = 256.0 * levels[0::2] + levels[1::2]
    low, high = levels.aminmax()
    if not (low >= 0 and high <= largest):  # NaN, too
        # Pillow makes large numbers of 32 bits negative.
        why = f"it has values outside the allowed 0 to {largest}"
        if largest == 1:
            found = f"its floating-point values go from {low:.4g} to {high:.4g}"
            why = f"{found}; allowed is 0 (black) to 1 (white)"
        raise _unreadable(name, why)
    if largest > 1 and isinstance(key, int | tuple):
        opaque = (levels != torch.tensor(key).view(-1, 1, 1)).any(dim=0, keepdim=True)
        levels = torch.cat([levels, opaque * float(largest)])
    return levels / largest


def _unreadable(name: str, why: str) -> UserError:
    modes = "gray, RGB, palette and CMYK, of up to 16 bits a channel"
    return UserError(f"{name}: {why}; allowed are {modes}")


def channels_of(image: Image.Image) -> Tensor:
    """Pillow's numbers, (C, H, W)."""
    array = np.stack([np.asarray(channel) for channel in image.split()])
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def _shrunk(image: Image.Image, to: Size) -> Image.Image:
    """The image at a smaller size; the colours of its pixels count by their alpha."""
    return image if image.size == to[::-1] else image.resize(to[::-1], Image.Resampling.BILINEAR)


def _planes(image: Image.Image, to: Size) -> Tensor:
    """Floats (C, H, W) of an image at a smaller size, not rounded, and each channel alone."""
    if image.size == to[::-1]:
        return channels_of(image).float()
    planes = (_shrunk(plane.convert("F"), to) for plane in image.split())
    return torch.cat([channels_of(plane) for plane in planes])


def _raw_mode(image: Image.Image) -> str:
    """Pillow's name of the layout of the file's pixels, such as ``RGB;16B``."""
    tiles = getattr(image, "tile", None)
    arguments = tiles[0].args if tiles else ()
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else image.mode


def _with_raw_mode(image: Image.Image, raw_mode: str) -> Image.Image:
    """Make Pillow read a file that is not loaded yet in another layout of the same size."""
    image.tile = [  # type: ignore[attr-defined]
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile  # type: ignore[attr-defined]
    ]
    return image


def photo_of(levels: Tensor, mode: str, bit_depth: int) -> Photo:
    """The photo of 8-bit levels (C, H, W), or of floats in [0, 1], which are overwritten; gray or
    RGB, with or without alpha."""
    if levels.dtype == torch.uint8:
        if len(levels) in (1, 3):
            return Photo(levels.expand(3, -1, -1)[None], mode=mode, bit_depth=bit_depth)
        levels = levels.float().div_(255.0)
    colours, alpha = levels, None
    if len(levels) in (2, 4):
        colours, alpha = levels[:-1], levels[None, -1:]
    raw = colours.mul_(2.0).sub_(1.0).expand(3, -1, -1)[None]
    pixels = raw if alpha is None else fill_transparent(raw, alpha)
    hidden = None if pixels is raw else raw
    return Photo(pixels, alpha, mode=mode, bit_depth=bit_depth, raw=hidden)


def reduced_size(size: Size, longest: int | None) -> Size:
    """The size at which to read a picture of which ``longest`` pixels a side are needed: its own,
    unless less saves much memory.

    >>> reduced_size((10900, 10920), 250)
    (1996, 2000)
    >>> reduced_size((1000, 120000), 60)
    (60, 7200)
    >>> reduced_size((4000, 6000), 250)
    (4000, 6000)
    """
    if longest is None or size[0] * size[1] <= WHOLE_PIXELS:
        return size
    if max(size) <= REDUCING_GAP * longest:
        return size
    # A long photo may be trained on at more than its longest side: keep its short one.
    factor = max(REDUCING_GAP * longest / max(size), longest / min(size))
    return scaled(size, factor) if factor < 1 else size
