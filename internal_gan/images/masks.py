"""Masks: 1 where a task may change a photo, 0 where the photo is kept."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.colours import in_floats, luminance
from internal_gan.images.files.image import write_image
from internal_gan.images.files.names import shown
from internal_gan.images.photo import Photo
from internal_gan.images.resize import gaussian_blur
from internal_gan.images.two_colours import Parts, two_colours
from internal_gan.shapes import Mask, Masks
from internal_gan.units import Size, by

# Lossy files ring around sharp edges: values this close to black or white (of 0 to 1) count as
# such.
RIM = 0.2
# Half an 8-bit step; smaller values count as 0.
FAINT = 0.5 / 255.0
NOISE = 8  # levels of 255 up to which a lossy file may change black
# Shades near black and white are noise, not a soft edge, if both hold:
NOISY = 4  # they have more than this many times the pixels in between
SHADES = 8  # at least this many shades are near black, unless all of them are its next two
# A picture has more shades than this, and less of it is black or white; soft strokes have fewer.
OF_PICTURE = 64
_log = logging.getLogger(__name__)


def read_mask(
    picture: Photo, size: Size, *, option: str = "mask", white: str | None = None, warn: bool = True
) -> Mask:
    """The mask that a picture of exactly the photo's size shows.

    White may change, black is kept, and gray may change in part; of a picture with two values, or
    with colours on black, the brighter one is white. Else colours count by their luminance. See
    :func:`two_colours` for others, :func:`opacity` for transparency, and :func:`ends` for noise.

    A UserError if it has another size, or is empty or covers everything.

    Args:
        option: the option's name in messages, such as ``fill.avoid``.
        white: what white means instead, such as ``is kept``, for messages; turns off the warning.
        warn: log how the mask was read, if that is not plain, and a warning if it is faint or
            covers more than half of the photo.
    """
    name = called(picture, option)
    if picture.size != size:
        raise UserError(
            f"{name}: {by(picture.size)} pixels (height x width), while the image has {by(size)}; "
            "a mask must have exactly the image's size"
        )
    everything = slice(0, size[0]), slice(0, size[1])
    read, top, part = reader(picture, lambda: [(everything, picture)], is_shape=white is not None)
    mask = read(picture)
    if warn and top <= NOISE / 255.0 and mask.max() == 1.0:
        _log.warning("%s: its brightest value, %.2g %% of white, is white", name, 100 * top)
    is_empty, is_full = mask.max() <= FAINT, mask.min() >= 1.0 - FAINT
    if (is_empty or is_full) and (picture.whole is None or white is None):
        what = "is empty" if white else "is empty, so nothing may change"
        what = what if is_empty else "covers the whole image"
        white = white or "is what may change"
        raise UserError(f"{name}: the mask {what}; white {white}, and black is the rest")
    if warn and part:
        _log.warning("%s: its %s part is the mask", name, part)
    if warn and mask.max() < 0.5:
        _log.warning(
            "%s: the mask is faint, at most %.0f %% of white; what is to count in full is white",
            name,
            100 * mask.max(),
        )
    share = float(mask.mean())
    if warn and white is None and share > 0.5:
        _log.warning(
            "%s: the mask covers %.0f %% of the image, all of which may change; if you meant "
            "the rest, invert it",
            name,
            100 * share,
        )
    return mask


def called(photo: Photo, option: str) -> str:
    """How messages name an option's picture, such as ``mask=hole.png``."""
    return option if photo.path is None else f"{option}={shown(photo.path)}"


def to_gray(mask: Mask) -> Photo:
    """A mask as a gray photo of 8 bits, whose channels are one in memory."""
    levels = (mask * 255).round_().clamp_(0, 255).to(torch.uint8)
    return Photo(levels.expand(-1, 3, -1, -1), mode="L")


def write_mask(path: str | Path, mask: Mask) -> None:
    """Write a mask as a gray picture; raises as ``write_image`` does."""
    gray = to_gray(mask)
    write_image(path, gray.colours, like=gray)


def dilate(mask: Masks, radius: float) -> Masks:
    """Grow a mask: every pixel gets the largest value within ``radius`` pixels."""
    if radius < 1:
        return mask
    height, width = mask.shape[-2:]
    radius = min(radius, math.hypot(height, width))
    grown = mask.clone()
    row = mask
    half = 0
    # Row by row of the disk: each row's maximum is built from that of the next shorter row.
    for dy in range(min(int(radius), height - 1), -1, -1):
        wanted = math.isqrt(int(radius * radius - dy * dy))
        by = wanted - half
        half = wanted
        row = F.max_pool2d(row, (1, 2 * by + 1), stride=1, padding=(0, by))
        torch.maximum(grown[..., dy:, :], row[..., : height - dy, :], out=grown[..., dy:, :])
        above = grown[..., : height - dy, :]
        torch.maximum(above, row[..., dy:, :], out=above)
    return grown


def soften(mask: Masks, sigma: float) -> Masks:
    """Blur a mask; pixels over three ``sigma`` (in pixels) away stay exactly 0."""
    return gaussian_blur(mask, sigma).clamp(0.0, 1.0)


def ends(
    counts: Sequence[float], top: float, *, is_lossy: bool, is_coloured: bool
) -> tuple[float, float]:
    """The level that is black in a mask, and how far white is above it, from how often each 255th
    of its brightest level, ``top``, is found.

    Two values with little between are black and white, if they are in colour or less than half as
    bright. So are all within ``RIM`` of one in a ``is_lossy`` file, or where they are noise.
    """
    low = next(level for level, count in enumerate(counts) if count)
    low = low if low <= 127 else 0
    rim = round((255 - low) * RIM)
    faint = counts[low + 1 : low + rim + 1]
    bright = sum(counts[255 - rim : 255])
    between = sum(counts[low + rim + 1 : 255 - rim])
    near = sum(faint) + bright
    has_two = (2 if low else 1) * between <= bright + counts[255]
    has_two &= not is_lossy or top > NOISE / 255.0
    like_noise = sum(map(bool, faint)) >= SHADES or not any(faint[2:])
    is_noise = like_noise and near > NOISY * between
    black = low / 255.0 * top if has_two else 0.0
    span = (top if has_two and (is_coloured or top < 0.5) else 1.0) - black
    if is_lossy or (has_two and any(faint) and is_noise):
        return black + RIM * span, span * (1.0 - 2.0 * RIM)
    return black, span


def opacity(counts: Sequence[float], share: float, *, is_shape: bool) -> str | None:
    """Which part of a picture is the mask, ``opaque`` or ``transparent``, if its transparency alone
    decides it; ``counts`` are of 256 shades of its visible pixels, which are a ``share`` of it.

    Strokes of one colour on an empty layer are opaque. If one colour covers more than half, and is
    no ``is_shape``, or if the rest is a picture, the mask was erased.
    """
    shades = [shade for shade, count in enumerate(counts) if count]
    if not shades or shades[-1] - shades[0] <= 1:
        return "opaque" if is_shape or share <= 0.5 else "transparent"
    at_ends = sum(counts[:NOISE]) + sum(counts[-NOISE:])
    is_picture = len(shades) > OF_PICTURE and at_ends < 0.5 * sum(counts)
    return "transparent" if is_picture else None


def reader(
    picture: Photo, parts: Parts, *, is_shape: bool = False
) -> tuple[Callable[[Photo], Mask], float, str | None]:
    """What reads the parts of a mask, from top to bottom, its brightest level, and which of it is
    the mask, if :func:`opacity` or :func:`two_colours` decided it; ``picture`` has its format."""
    seen = _seen(parts)
    is_coloured = seen.is_coloured
    is_lossy = picture.is_jpeg
    two, taken = None, None
    if seen.is_clear:
        taken = opacity(seen.shades.tolist(), seen.visible, is_shape=is_shape)
        is_coloured &= taken is None
    elif is_coloured and (found := two_colours(parts, is_lossy)):
        two, taken, is_lossy = found

    def levels(part: Photo) -> Mask:
        if two is not None:
            return two(part)
        if taken and part.alpha is not None:
            return part.alpha if taken == "opaque" else 1.0 - part.alpha
        if is_coloured and seen.darkest <= NOISE / 255.0:
            return _visible((part.pixels.amax(dim=1, keepdim=True) + 1.0) / 2.0, part)
        return _visible(_gray(part), part)

    top = max(float(levels(part).max()) for _, part in parts())
    times = 257.0 if picture.bit_depth == 16 and top <= 255.5 / 65535 else 1.0  # 8 bits, as 16
    if 0.0 < (top := top * times) < 0.5:  # of a faint white that a lossy file has made uneven
        each = [levels(part) * times for _, part in parts()]
        top = float(torch.cat([one[one > 0.5 * top] for one in each]).median())
    black, span = 0.0, 1.0
    if top:
        counts = [_counts(levels(part) * times / top) for _, part in parts()]
        each_shade = torch.stack(counts).sum(dim=0).tolist()
        black, span = ends(each_shade, top, is_lossy=is_lossy, is_coloured=is_coloured)

    def read(part: Photo) -> Mask:
        mask = levels(part) * times
        return mask if (black, span) == (0.0, 1.0) else ((mask - black) / span).clamp(0.0, 1.0)

    return read, top, taken


@dataclass(frozen=True)
class _Seen:
    """A mask at a glance.

    Attributes:
        shades: how many of its visible pixels have each of 256 gray levels.
        visible: the share of its pixels that are.
        darkest: its darkest level, 0 to 1.
        is_clear: whether it is transparent anywhere.
        is_coloured: whether it has colours.
    """

    shades: Tensor
    visible: float
    darkest: float
    is_clear: bool
    is_coloured: bool


def _seen(parts: Parts) -> _Seen:
    shades = torch.zeros(256)
    pixels = 0
    darkest = 1.0
    is_clear = is_coloured = False
    for _, part in parts():
        gray = _gray(part)
        alpha = part.alpha
        shades += _counts(gray if alpha is None else gray[alpha > FAINT])
        is_clear |= alpha is not None and bool(alpha.min() <= 1.0 - FAINT)
        is_coloured |= bool((part.colours != part.colours[:, :1]).any())
        darkest = min(darkest, float(_visible(gray, part).min()))
        pixels += gray.numel()
    return _Seen(shades, float(shades.sum()) / pixels, darkest, is_clear, is_coloured)


def _gray(part: Photo) -> Mask:
    levels = in_floats(part.colours[:, :1]) if part.is_gray else luminance(part.pixels)
    return (levels + 1.0).div_(2.0)


def _visible(levels: Mask, part: Photo) -> Mask:
    return (levels if part.alpha is None else levels * part.alpha).clamp_(0.0, 1.0)


def _counts(levels: Tensor) -> Tensor:
    return torch.histc((levels * 255.0).clamp(max=255.0), 256, -0.5, 255.5)
