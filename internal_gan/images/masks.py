"""Masks: which part of a photo a task may change. 1 is to be changed, 0 is kept."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from internal_gan.errors import UserError, check_range
from internal_gan.images.blur import gaussian_blur
from internal_gan.images.colours import luminance
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import PILLOW_FORMATS, shown
from internal_gan.images.photo import Photo
from internal_gan.units import Size

# JPEG rings around sharp edges. Values nearer to black or white than this are taken for it.
JPEG_RIM = 0.2
# Half a step of 8 bits: less is neither seen nor written.
FAINT = 0.5 / 255.0

_log = logging.getLogger(__name__)


def read_mask(
    given: str | Path | Photo,
    size: Size,
    *,
    invert: bool = False,
    option: str = "mask",
    white: str | None = None,
    warn: bool = True,
) -> Tensor:
    """Read a mask of exactly the size of the photo it belongs to.

    White is what may change, gray changes in part (a soft mask), black is kept. Colours count by
    their luminance. Transparency: where all that is visible has one colour, the mask is what is
    opaque, as with a brush on an empty layer; in any other picture transparent pixels are kept.
    The gray rim that JPEG draws around edges is cleaned: in a JPEG file values up to
    ``JPEG_RIM`` become 0, those from 1 - ``JPEG_RIM`` on become 1, and those between are spread.

    Args:
        given: an image file of any mode and bit depth, or a picture in memory.
        size: (height, width) of the photo in pixels.
        invert: black is what may change.
        option: what to call it in messages, such as ``edit.mask``.
        white: what white is, where it is not what may change, such as ``is kept``; any share of
            the image will do then.
        warn: log a warning where it covers more than half of the photo.

    Returns:
        (1, 1, height, width) in [0, 1].

    Raises:
        UserError: no readable image, another size, or a mask that is empty or covers everything.
    """
    if isinstance(given, Photo):
        photo, name = given, option
    else:
        try:
            photo = read_image(given)
        except UserError as error:
            raise UserError(f"{option}={error}") from error
        name = f"{option}={shown(Path(given))}"
    if photo.size != size:
        found, wanted = (f"{height}x{width}" for height, width in (photo.size, size))
        raise UserError(
            f"{name}: {found} pixels (height x width), while the image has {wanted}; a mask has "
            "exactly the image's size"
        )
    mask = _levels(photo)
    if _is_jpeg(photo):
        mask = ((mask - JPEG_RIM) / (1.0 - 2.0 * JPEG_RIM)).clamp(0.0, 1.0)
    mask = 1.0 - mask if invert else mask
    _check(mask, name, invert, white)
    if warn and white is None:
        _warn(mask, name, invert)
    return mask


def write_mask(path: str | Path, mask: Tensor) -> None:
    """Write (1, 1, H, W) in [0, 1] as a gray picture, white for 1; see
    :func:`internal_gan.images.files.image.write_image`."""
    write_image(path, mask.expand(-1, 3, -1, -1) * 2.0 - 1.0, like=Photo(mask, mode="L"))


def dilate(mask: Tensor, radius: float) -> Tensor:
    """Grow a mask by a disk: every pixel gets the largest value within ``radius`` pixels.

    Exact, also for soft masks, and in the memory of a few masks: the disk is taken row by row,
    and the maximum over a row's span is made from that over the next shorter one.

    Args:
        mask: (N, 1, H, W) in [0, 1].
        radius: in pixels, 0 or more.

    Raises:
        ValueError: a negative radius.

    >>> dilate(F.pad(torch.ones(1, 1, 1, 1), (2,) * 4), 1)[0, 0].int().tolist()[1:4]
    [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
    """
    check_range(0, radius=radius)
    height, width = mask.shape[-2:]
    radius = min(radius, math.hypot(height, width))
    grown = mask.clone()
    row, half = mask, 0
    for dy in range(min(int(radius), height - 1), -1, -1):
        wanted = math.isqrt(int(radius * radius - dy * dy))
        row, half = _widened(row, wanted - half), wanted
        torch.maximum(grown[..., dy:, :], row[..., : height - dy, :], out=grown[..., dy:, :])
        above = grown[..., : height - dy, :]
        torch.maximum(above, row[..., dy:, :], out=above)
    return grown


def soften(mask: Tensor, sigma: float) -> Tensor:
    """Blur a mask's edge: :func:`internal_gan.images.blur.gaussian_blur`, within [0, 1].

    Args:
        mask: (N, 1, H, W) in [0, 1].
        sigma: standard deviation in pixels. What is farther than three of them from the mask is
            still exactly 0.

    Raises:
        ValueError: a negative sigma.
    """
    return gaussian_blur(mask, sigma).clamp(0.0, 1.0)


def _widened(row: Tensor, by: int) -> Tensor:
    """The maximum over spans that reach ``by`` pixels farther to both sides."""
    if not by:
        return row
    return F.max_pool2d(row, (1, 2 * by + 1), stride=1, padding=(0, by))


def _levels(photo: Photo) -> Tensor:
    colours = (photo.pixels + 1.0) / 2.0
    gray = luminance(colours)
    alpha = photo.alpha
    if alpha is None or alpha.min() > 1.0 - FAINT:
        return gray.clamp(0.0, 1.0)
    visible = gray[alpha > FAINT]
    if not len(visible) or visible.max() - visible.min() <= 2 * FAINT:
        return alpha
    return (gray * alpha).clamp(0.0, 1.0)


def _is_jpeg(photo: Photo) -> bool:
    if photo.path is None:
        return False
    with Image.open(photo.path, formats=PILLOW_FORMATS) as image:
        return image.format in ("JPEG", "MPO")


def _check(mask: Tensor, name: str, invert: bool, white: str | None) -> None:
    if white is not None:
        if mask.max() <= FAINT or mask.min() >= 1.0 - FAINT:
            what = "is empty" if mask.max() <= FAINT else "covers the whole image"
            raise UserError(f"{name}: the mask {what}; white {white}, and black is the rest")
        return
    change, keep = ("black", "white") if invert else ("white", "black")
    other = _other_way(invert)
    if mask.max() <= FAINT:
        raise UserError(
            f"{name}: the mask is empty, so that nothing may change; {change} is what may change "
            f"({keep} {other})"
        )
    if mask.min() >= 1.0 - FAINT:
        raise UserError(
            f"{name}: the mask covers the whole image; {keep} is what is kept ({change} {other})"
        )


def _warn(mask: Tensor, name: str, invert: bool) -> None:
    share = float(mask.mean())
    if share > 0.5:
        _log.warning(
            "%s: the mask covers %.0f %% of the image, and all of that may change; if it is the "
            "other way round, try it %s",
            name,
            100 * share,
            _other_way(invert),
        )


def _other_way(invert: bool) -> str:
    return "without mask.invert=true" if invert else "with mask.invert=true"
