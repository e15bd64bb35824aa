"""Masks: 1 where a task may change a photo, 0 where the photo is kept."""

import logging
import math
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
from internal_gan.shapes import Mask, Masks
from internal_gan.units import Size, by

# JPEG rings around sharp edges: values this close to black or white count as black or white.
JPEG_RIM = 0.2
# Half an 8-bit step; smaller values count as 0.
FAINT = 0.5 / 255.0
# Where a mask says what is in a hole, black is so near to black, relative to its lightest value:
# some editors and lossy formats leave it so.
NOISE = 4.5 / 255.0

_log = logging.getLogger(__name__)


def read_mask(
    picture: Photo, size: Size, *, option: str = "mask", white: str | None = None, warn: bool = True
) -> Mask:
    """The mask that a picture of exactly the photo's size shows.

    White may change, black is kept, and gray may change in part. Colours count by their luminance.
    If all visible pixels of a picture with transparency have one colour, like a brush on an empty
    layer, the opacity is the mask; otherwise transparent pixels are kept. In JPEG files, values
    within ``JPEG_RIM`` of black or white count as such, and the rest is stretched to [0, 1].

    A UserError if it has another size, or is empty or covers everything.

    Args:
        option: the option's name in messages, such as ``fill.avoid``.
        white: what white means instead, such as ``is kept``, for messages; turns off the warning.
        warn: log a warning if the mask covers more than half of the photo.
    """
    name = called(picture, option)
    if picture.size != size:
        raise UserError(
            f"{name}: {by(picture.size)} pixels (height x width), while the image has {by(size)}; "
            "a mask must have exactly the image's size"
        )
    mask = _levels(picture)
    if picture.is_jpeg:
        mask = ((mask - JPEG_RIM) / (1.0 - 2.0 * JPEG_RIM)).clamp(0.0, 1.0)
    is_empty, is_full = mask.max() <= FAINT, mask.min() >= 1.0 - FAINT
    if (is_empty or is_full) and (picture.whole is None or white is None):
        what = "is empty" if white else "is empty, so nothing may change"
        what = what if is_empty else "covers the whole image"
        white = white or "is what may change"
        raise UserError(f"{name}: the mask {what}; white {white}, and black is the rest")
    share = float(mask.mean())
    if warn and white is None and share > 0.5:
        _log.warning(
            "%s: the mask covers %.0f %% of the image, all of which may change; if you meant "
            "the rest, invert it",
            name,
            100 * share,
        )
    return mask


def touched(mask: Mask) -> Mask:
    """All pixels that are more than noise, as 1; others as 0."""
    return (mask > max(FAINT, NOISE * float(mask.max()))).float()


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
    row, half = mask, 0
    # Row by row of the disk: each row's maximum is built from that of the next shorter row.
    for dy in range(min(int(radius), height - 1), -1, -1):
        wanted = math.isqrt(int(radius * radius - dy * dy))
        by, half = wanted - half, wanted
        row = F.max_pool2d(row, (1, 2 * by + 1), stride=1, padding=(0, by))
        torch.maximum(grown[..., dy:, :], row[..., : height - dy, :], out=grown[..., dy:, :])
        above = grown[..., : height - dy, :]
        torch.maximum(above, row[..., dy:, :], out=above)
    return grown


def soften(mask: Masks, sigma: float) -> Masks:
    """Blur a mask; pixels over three ``sigma`` (in pixels) away stay exactly 0."""
    return gaussian_blur(mask, sigma).clamp(0.0, 1.0)


def _levels(photo: Photo) -> Tensor:
    colours = in_floats(photo.colours[:, :1]) if photo.is_gray else luminance(photo.pixels)
    gray = (colours + 1.0).div_(2.0)
    alpha = photo.alpha
    if alpha is None or alpha.min() > 1.0 - FAINT:
        return gray.clamp_(0.0, 1.0)
    visible = gray[alpha > FAINT]
    if not len(visible) or visible.max() - visible.min() <= 2 * FAINT:
        return alpha
    return (gray * alpha).clamp(0.0, 1.0)
