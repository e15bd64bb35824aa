"""Enlarges a photo with detail out of its own patches; nothing is learnt.

Shrunk and enlarged again, a photo is blurred: a patch x turns into B x, and loses x - B x, its
detail. An enlarged photo is blurred in the same way, so each patch of the photo is an example of
the detail that belongs to a blurred patch. Noise n of the level t is added to the enlarged photo's
patch, which makes y = B x + t n. If all examples are equally likely, the expectation of the detail
given y has a closed form: the mean of all details, each with the weight exp(-|y - B x|^2 / 2 t^2).
Examples come from around the same place in the photo, which resembles itself most there.

Sources: Freeman, Jones and Pasztor, "Example-based super-resolution", IEEE Computer Graphics and
Applications 2002 (pairs of blurred patch and detail); Glasner, Bagon and Irani, "Super-resolution
from a single image", ICCV 2009 (pairs from the photo itself, at several sizes); Freedman and
Fattal, "Image and video upscaling from local self-examples", ACM Transactions on Graphics 2011
(small steps, from around the same place); Irani and Peleg, "Improving resolution by image
registration", CVGIP 1991 (back-projection). The mean is that of
:mod:`internal_gan.patches.denoiser`, for a blurred picture in place of a noisy one.
"""

import math
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.expectation import REACH, TILE, expect
from internal_gan.patches.fast import over_rows
from internal_gan.shapes import Pixels
from internal_gan.stopping import check_stop

STEP = 2.0  # a photo is enlarged by at most this factor at a time
LEVEL = 0.11  # of the noise: a higher one averages more examples
# Where patches overlap, their details are averaged by a Gaussian window.
WINDOW = 0.18  # its standard deviation, relative to the patch
MARGIN = 2  # pixels of the photo around a tile from which it takes examples too
BACK_PROJECTIONS = 3  # at the end
ROWS = 32  # of tiles, an even number of them, between two questions whether to go on


def enlarged(photo: Pixels, factor: float, rng: torch.Generator) -> Pixels:
    """A photo enlarged, with detail out of its own patches; it shrinks to about the photo again.

    Args:
        photo: (1, 3, h, w) in [-1, 1], of any size.
        factor: above 1, or it is a ValueError; the sides are rounded.
        rng: of the noise; other noise gives slightly different detail.
    """
    if not 1 < factor < math.inf:
        raise ValueError(f"factor {factor:g}; must be above 1")
    steps = math.ceil(math.log(factor, STEP) - 1e-6)
    ratio = factor ** (1 / steps)
    blurred = resize(resize(photo, scaled(size_of(photo), 1 / ratio)), size_of(photo))
    picture = photo
    for step in range(1, steps + 1):
        size = scaled(size_of(photo), factor ** (step / steps))
        plain = resize(picture, size)
        sharp = plain + _detail(plain, photo, blurred, rng)
        picture = back_projected(sharp, picture).clamp(-1, 1)
    for _ in range(BACK_PROJECTIONS):
        picture = back_projected(picture, photo).clamp(-1, 1)
    return picture


def back_projected(picture: Pixels, smaller: Pixels) -> Pixels:
    """Add what the picture, once shrunk, lacks of the smaller one (Irani and Peleg 1991)."""
    left = smaller - resize(picture, size_of(smaller))
    return picture + resize(left, size_of(picture))


def _detail(plain: Pixels, photo: Pixels, blurred: Pixels, rng: torch.Generator) -> Pixels:
    """The expected detail of an enlarged photo (1, 3, H, W); a photo (1, 3, h, w), blurred in the
    same way, has the examples."""
    noise = torch.randn(plain.shape, generator=rng, device=rng.device).to(plain.device)
    size, sides = size_of(plain), size_of(photo)
    tiles = [-(-side // TILE) for side in size]
    whole = [count * TILE - side for count, side in zip(tiles, size, strict=True)]
    # With their borders repeated, images have a patch around each pixel.
    noisy = _bordered(plain + LEVEL * noise, *whole)
    examples, details = _bordered(blurred), _bordered(photo - blurred)
    firsts, near = zip(*map(_near, tiles, size, sides), strict=True)
    span = np.arange(-REACH, REACH + 1)
    bell = np.exp(-np.square(span) / (2 * (WINDOW * len(span)) ** 2)).astype(np.float32)
    scale, total = np.float32(1 / (2 * LEVEL**2)), np.zeros_like(noisy)
    # Rows of tiles overlap; every second one does not.
    for first in chain(range(0, tiles[0], ROWS), range(1, tiles[0], ROWS)):
        check_stop()
        rows = np.arange(first, min(first + ROWS, tiles[0]), 2)
        arguments = noisy, examples, details, rows, firsts, near, bell, scale, total
        over_rows(expect, len(rows), *arguments, band=1)
    down, across = (np.convolve(np.ones(count * TILE, np.float32), bell) for count in tiles)
    detail = torch.from_numpy(total / (down[:, None] * across))[None].to(plain.device)
    return detail[..., REACH : REACH + size[0], REACH : REACH + size[1]]


def _bordered(image: Pixels, below: int = 0, beside: int = 0) -> NDArray[np.float32]:
    border = (REACH, REACH + beside, REACH, REACH + below)
    return F.pad(image, border, mode="replicate")[0].cpu().numpy()


def _near(tiles: int, side: int, length: int) -> tuple[NDArray[np.int64], int]:
    """Along an axis of an enlarged ``side``, the place in a photo of a ``length`` from which each
    tile takes its first example, and the number of examples."""
    count = min(-(-TILE * length // side) + 2 * MARGIN, length)
    return (np.arange(tiles) * TILE * length // side - MARGIN).clip(0, length - count), count
