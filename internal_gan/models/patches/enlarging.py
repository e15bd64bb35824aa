"""Enlarges a photo with detail out of its own patches; nothing is trained.

Two answers are mixed. The first is the most probable one: what linear filters make of the photo,
interpolated; they are learnt in a second from pairs of the photo itself and its shrunk copy, see
:mod:`internal_gan.patches.filters`. If the photo is noisy or a JPEG file, so are the shrunk copies,
and the filters learn to leave that out.

The second is sharper. Shrunk and enlarged again, a photo is blurred: a patch x turns into B x, and
loses x - B x, its detail. An enlarged photo is blurred in the same way, so each patch of the photo
is an example of the detail that belongs to a blurred patch. If a blurred patch y is B x and white
noise of the level t, and all examples are equally likely, the expectation of its detail has a
closed form: the mean of all details, each with the weight exp(-|y - B x|^2 / 2 t^2). Examples come
from around the same place in the photo, which resembles itself most there.

Sources: for filters, see there; Shocher, Cohen and Irani, "'Zero-shot' super-resolution using deep
internal learning", CVPR 2018 (pairs of a photo and its shrunk copy, degraded as the photo is);
Freeman, Jones and Pasztor, "Example-based super-resolution", IEEE Computer Graphics and
Applications 2002 (pairs of blurred patch and detail); Glasner, Bagon and Irani, "Super-resolution
from a single image", ICCV 2009 (pairs from the photo itself, at several sizes); Freedman and
Fattal, "Image and video upscaling from local self-examples", ACM Transactions on Graphics 2011
(small steps, from around the same place); Irani and Peleg, "Improving resolution by image
registration", CVGIP 1991 (back-projection).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from internal_gan.images.colours import luminance
from internal_gan.images.degradation import Degradation, Tables, noise_of
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.expectation import REACH, TILE, expect
from internal_gan.patches.fast import over_rows
from internal_gan.patches.filters import Filters, Pair
from internal_gan.shapes import Mask, Pixels
from internal_gan.stopping import check_stop
from internal_gan.units import Size

STEP = 2.0  # a photo is enlarged by at most this factor at a time
NOISE_LEVEL = 0.11  # standard deviation in [-1, 1]; a higher one averages more examples
# Where patches overlap, their details are averaged by a Gaussian window.
WINDOW_SIGMA = 0.18  # its standard deviation, relative to the patch
MARGIN = 2  # pixels of the photo around a tile from which it takes examples too
ROWS = 32  # rows of tiles, an even number, between two checks whether to stop

SIZES = (1.0, 0.9, 0.8, 0.7, 0.6)  # of the photo, relative to its own, from which filters learn
ROUNDS = 2  # of learning filters; the second corrects what the first has made
SHORTEST = 16  # pixels; no side is shrunk below it for learning
# From a photo of more pixels than this, filters are learnt in some windows.
LEARNT = 300_000
WINDOW_SIDE = 192  # the side of such a window, in pixels
AFTER = 2  # back-projections of the result onto the photo
# Back-projection adds this share, at least, of what a result lacks of the photo, even if that is
# noisy or compressed: the result is about as true, and sharper.
LEAST_TRUST = 0.3
MOST = 2.0  # that share at most; more would grow from step to step
# The share of the examples' detail in the most probable result; it is nearest to the truth.
TRUE = 0.3


@dataclass(frozen=True)
class Round:
    """Filters, and by how much of what their result lacks it is then back-projected: all of it and
    more, unless the photo is noisy or compressed."""

    filters: Filters
    share: float

    def __call__(self, picture: Pixels, smaller: Pixels) -> Pixels:
        made = self.filters(picture, luminance(picture))
        return back_projected(made, smaller, self.share)


def enlarged(
    photo: Pixels, factor: float, *, detail: float = 0.0, tables: Tables | None = None
) -> Pixels:
    """A photo enlarged, with detail out of its own patches; unless it is noisy or compressed, it
    shrinks to about the photo again.

    Args:
        photo: (1, 3, h, w) in [-1, 1], of any size.
        factor: above 1, or it is a ValueError; the sides are rounded.
        detail: 0 for the most probable picture, 1 for the sharpest.
        tables: the quantisation tables of the JPEG file that it was read from.
    """
    if not 1 < factor < math.inf:
        raise ValueError(f"factor {factor:g}; must be above 1")
    steps = math.ceil(math.log(factor, STEP) - 1e-6)
    ratio = factor ** (1 / steps)
    device = photo.device
    gray = windows_of(luminance(photo).cpu())
    worn = Degradation(noise_of(gray), tables)
    blurred = resize(resize(photo, scaled(size_of(photo), 1 / ratio)), size_of(photo))
    picture = photo.cpu()
    rounds = list[Round]()
    for step in range(1, steps + 1):
        if step < 3 and (step == 1 or worn != Degradation()):
            # Later, there is no noise any more.
            rounds = rounds_of(gray, ratio, worn if step == 1 else Degradation())
        size = scaled(size_of(photo), factor ** (step / steps))
        sharp = resize(picture, size)
        plain = back_projected(sharp, picture)
        sharp = sharp + _detail(sharp, photo.cpu(), blurred.cpu())
        for one in rounds:
            check_stop()
            plain = one(plain, picture)
        trust = trust_in(rounds)
        share = (TRUE + (1 - TRUE) * detail) * trust
        picture = back_projected(plain + share * (sharp - plain), picture, trust).clamp(-1, 1)
    if worn == Degradation():
        for _ in range(AFTER):
            picture = back_projected(picture, photo.cpu()).clamp(-1, 1)
    return picture.to(device)


def trust_in(rounds: Sequence[Round]) -> float:
    """How much of what a result lacks of the photo comes back to it."""
    return min(1.0, max(LEAST_TRUST, rounds[-1].share))


def back_projected(picture: Pixels, smaller: Pixels, share: float = 1.0) -> Pixels:
    """Add a share of what the picture, once shrunk, lacks of the smaller one (Irani and Peleg
    1991)."""
    left = smaller - resize(picture, size_of(smaller))
    return picture + share * resize(left, size_of(picture))


def started(photo: Pixels, size: Size) -> Pixels:
    """A photo interpolated to a size, which shrinks to about the photo."""
    return back_projected(resize(photo, size), photo)


def windows_of(gray: Mask) -> list[Mask]:
    """Windows of a gray photo, evenly spread, or all of it if it is not large."""
    if math.prod(size_of(gray)) <= LEARNT:
        return [gray]
    sides = [min(side, WINDOW_SIDE) for side in size_of(gray)]
    share = math.sqrt(LEARNT / math.prod(size_of(gray)))
    down = max(1, round(share * size_of(gray)[0] / sides[0]))
    across = max(1, LEARNT // (down * math.prod(sides)))
    firsts = [
        np.linspace(0, whole - side, min(count, whole // side)).astype(int)
        for whole, side, count in zip(size_of(gray), sides, (down, across), strict=True)
    ]
    return [
        gray[..., top : top + sides[0], left : left + sides[1]] for top, left in product(*firsts)
    ]


def pairs_of(gray: Sequence[Mask], ratio: float, worn: Degradation) -> Iterator[tuple[Mask, Mask]]:
    """Windows of a photo at several sizes, and each shrunk by a ratio and degraded as it is."""
    for window, share in product(gray, SIZES):
        size = scaled(size_of(window), share)
        if share < 1 and min(size) < SHORTEST * ratio:
            continue
        wanted = resize(window, size)
        yield wanted, worn(resize(wanted, scaled(size, 1 / ratio)))


def rounds_of(gray: Sequence[Mask], ratio: float, worn: Degradation) -> list[Round]:
    """What enlarges a photo by a ratio, learnt from pairs of its own."""
    wanted, smaller = zip(*pairs_of(gray, ratio, worn), strict=True)
    given = [started(small, size_of(large)) for large, small in zip(wanted, smaller, strict=True)]
    rounds = list[Round]()
    for _ in range(ROUNDS):
        filters = Filters.learnt([*map(Pair, given, wanted)])
        given = [filters(image, image) for image in given]
        left = [
            back_projected(image, small) - image
            for image, small in zip(given, smaller, strict=True)
        ]
        off = sum(
            float((more * (large - image)).sum())
            for more, large, image in zip(left, wanted, given, strict=True)
        )
        most = sum(float(more.square().sum()) for more in left)
        share = off / most if most > 0 else 1.0
        rounds.append(Round(filters, min(max(share, 0.0), MOST)))
        given = [image + rounds[-1].share * more for image, more in zip(given, left, strict=True)]
    return rounds


def _detail(plain: Pixels, photo: Pixels, blurred: Pixels) -> Pixels:
    """The expected detail of an enlarged photo (1, 3, H, W); a photo (1, 3, h, w), blurred in the
    same way, has the examples."""
    size = size_of(plain)
    sides = size_of(photo)
    tiles = [-(-side // TILE) for side in size]
    whole = [count * TILE - side for count, side in zip(tiles, size, strict=True)]
    # With their borders repeated, images have a patch around each pixel.
    given = _bordered(plain, *whole)
    examples = _bordered(blurred)
    details = _bordered(photo - blurred)
    firsts, near = zip(*map(_near, tiles, size, sides), strict=True)
    span = np.arange(-REACH, REACH + 1)
    bell = np.exp(-np.square(span) / (2 * (WINDOW_SIGMA * len(span)) ** 2)).astype(np.float32)
    scale = np.float32(1 / (2 * NOISE_LEVEL**2))
    total = np.zeros_like(given)
    # Rows of tiles overlap; every second one does not.
    for first in chain(range(0, tiles[0], ROWS), range(1, tiles[0], ROWS)):
        check_stop()
        rows = np.arange(first, min(first + ROWS, tiles[0]), 2)
        arguments = given, examples, details, rows, firsts, near, bell, scale, total
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
