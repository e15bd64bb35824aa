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
from itertools import product

import torch
from torch.nn import functional as F

from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.shapes import Pixels

STEP = 2.0  # a photo is enlarged by at most this factor at a time
LEVEL = 0.1  # of the noise: a higher one averages more examples
RADIUS = 2  # patches have 2 RADIUS + 1 pixels a side
# Where patches overlap, their details are averaged by a Gaussian window.
WINDOW = 0.18  # its standard deviation, relative to the patch
# Patches are compared tile by tile.
TILE = 32  # patches of the enlarged photo along each side of a tile
MARGIN = 8  # pixels of the photo around a tile from which it takes examples too
BACK_PROJECTIONS = 3  # at the end


def enlarged(photo: Pixels, factor: float, rng: torch.Generator) -> Pixels:
    """A photo enlarged, with detail out of its own patches; it shrinks to about the photo again.

    Args:
        photo: (1, 3, h, w) in [-1, 1], of any size.
        factor: above 1; the sides are rounded.
        rng: of the noise; other noise gives slightly different detail.

    Raises:
        ValueError: ``factor`` is not above 1.
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
        picture = _back_projected(sharp, picture).clamp(-1, 1)
    for _ in range(BACK_PROJECTIONS):
        picture = _back_projected(picture, photo).clamp(-1, 1)
    return picture


def _back_projected(picture: Pixels, smaller: Pixels) -> Pixels:
    """The picture with what is left, when it is shrunk, to the smaller one added."""
    left = smaller - resize(picture, size_of(smaller))
    return picture + resize(left, size_of(picture))


def _detail(plain: Pixels, photo: Pixels, blurred: Pixels, rng: torch.Generator) -> Pixels:
    """The expected detail of an enlarged photo (1, 3, H, W); a photo (1, 3, h, w), blurred in the
    same way, has the examples."""
    patch, device = 2 * RADIUS + 1, plain.device
    noise = torch.randn(plain.shape, generator=rng, device=rng.device).to(device)
    # With their borders repeated, images have a patch around each pixel.
    noisy, blurred, detail = (
        F.pad(image, 4 * (RADIUS,), mode="replicate")
        for image in (plain + LEVEL * noise, blurred, photo - blurred)
    )
    span = torch.arange(-RADIUS, RADIUS + 1, device=device)
    bell = torch.exp(-span.square() / (2 * (WINDOW * patch) ** 2))
    window = (bell[:, None] * bell).flatten()
    total, share = torch.zeros_like(noisy), torch.zeros_like(noisy[:, :1])
    rows, columns = (_spans(*sides) for sides in zip(size_of(plain), size_of(photo), strict=True))
    for (top, near_top), (left, near_left) in product(rows, columns):
        part = noisy[..., top, left]
        given = F.unfold(part, patch)[0].T
        examples, details = (
            F.unfold(image[..., near_top, near_left], patch)[0] for image in (blurred, detail)
        )
        lengths = examples.square().sum(dim=0) / 2
        weights = torch.addmm(lengths, given, examples, beta=-1).div_(LEVEL**2).softmax(dim=1)
        means = (weights @ details.T).view(len(given), 3, -1) * window
        windows = window[:, None].expand(1, -1, len(given))
        total[..., top, left] += F.fold(means.flatten(1).T[None], size_of(part), patch)
        share[..., top, left] += F.fold(windows, size_of(part), patch)
    return (total / share)[..., RADIUS:-RADIUS, RADIUS:-RADIUS]


def _spans(side: int, length: int) -> list[tuple[slice, slice]]:
    """Along one axis, the pixels of each tile, and those of its examples, both in images with
    borders of ``RADIUS`` pixels around ``side`` and ``length`` pixels."""
    spans = []
    for start in range(0, side, TILE):
        end = min(start + TILE, side)
        first = max(0, start * length // side - MARGIN)
        last = min(length, -(-end * length // side) + MARGIN)
        spans.append((slice(start, end + 2 * RADIUS), slice(first, last + 2 * RADIUS)))
    return spans
