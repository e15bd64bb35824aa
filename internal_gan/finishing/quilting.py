"""Borders that meet: a strip of the picture itself is put over them, cut along the paths where it
fits best.

Source: Efros, Freeman, "Image quilting for texture synthesis and transfer", SIGGRAPH 2001.
"""

import math
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from internal_gan.images.periodic import Wrap
from internal_gan.images.resize import resize
from internal_gan.patches.fast import over_rows
from internal_gan.patches.kernels import cheapest, unfit
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Places
from internal_gan.units import Size

Values = NDArray[np.float32]
COARSEST = 96  # the long side at which all strips are compared, in pixels
ROWS = 5  # rows over which a fit is averaged
NEARBY = 2  # at each larger size, a strip moves by at most this many pixels
CHANCE = 0.5  # a random choice raises a strip's price by up to this share


def quilted(
    picture: Values, reach: tuple[float, float], wrap: Wrap, rng: torch.Generator | None
) -> tuple[Values, Places]:
    """A picture (H, W, C) that tiles; and (H, W, 2), the given one's pixel that each of it is.

    Args:
        reach: how far from a border they may change, in pixels (rows, columns).
        rng: of a random choice of the strips; None for those that fit best.
    """
    size = picture.shape[:2]
    places = own_places(size)
    joined = False
    for axis in (1, 0):
        half = min(int(reach[axis]), size[axis] // 4)
        if wrap[axis] and half > 1:
            turned = places.swapaxes(axis, 1)
            ends = _ends(taken(picture, turned), half, joined, rng)
            there = [taken(places, end if axis else end[..., ::-1]) for end in ends]
            for span, where in zip((slice(-half, None), slice(half)), there, strict=True):
                turned[:, span] = where
            joined = True
    return taken(picture, places), places


def _ends(picture: Values, half: int, turns: bool, rng: torch.Generator | None) -> list[Places]:
    """The places of a picture's pixels, (H, half, 2), at its right and its left end once they meet;
    ``turns`` if its top and bottom do already."""
    height, width, _ = picture.shape
    down, left = _strip(picture, half, turns, rng)
    strip = np.roll(picture[:, left : left + 2 * half], -down, 0)
    rows = np.arange(height, dtype=np.int32)[:, None]
    columns = np.arange(half, dtype=np.int32)
    found = []
    for start, end in ((0, width - half), (half, 0)):
        error = np.square(strip[:, start : start + half] - picture[:, end : end + half])
        path = _path(error.sum(axis=2), turns)[:, None]
        over = columns <= path if start else columns >= path
        row = np.where(over, (rows + down) % height, rows)
        column = np.where(over, left + start, end) + columns
        found.append(np.stack([row, column], -1))
    return found


def _strip(picture: Values, half: int, turns: bool, rng: torch.Generator | None) -> Size:
    """Row and column of the strip that fits best: looked for in a small copy, and moved by a few
    pixels at each larger size."""
    height, width, _ = picture.shape
    scales = [min(1.0, COARSEST / max(height, width))]
    pictures = [picture]
    at = (0, 0)
    while scales[-1] < 1.0:
        scales.append(min(1.0, 2 * scales[-1]))
    planes = torch.from_numpy(np.moveaxis(picture, -1, 0)[None].copy())
    for scale in scales[-2::-1]:
        planes = resize(planes, (max(1, round(height * scale)), max(4, round(width * scale))))
        pictures.append(np.ascontiguousarray(np.moveaxis(planes[0].numpy(), 0, -1)))
    for number, (scale, this) in enumerate(zip(scales, pictures[::-1], strict=True)):
        rows, columns, _ = this.shape
        k = min(max(1, round(half * columns / width)), columns // 4)
        if number == 0:
            low, high = (k, columns - 3 * k) if columns > 4 * k else (0, 2 * k)
            tries = list(product(range(rows if turns else 1), range(low, high + 1)))
        else:
            row, column = (round(place * scale / scales[number - 1]) for place in at)
            near = range(-NEARBY, NEARBY + 1)
            last = columns - 2 * k
            tries = [
                (row + down, column + across)
                for down, across in product(near if turns else (0,), near)
                if 0 <= column + across <= last
            ] or [(row, min(column, last))]
        prices = np.empty(len(tries))
        over_rows(unfit, len(tries), this, k, np.array(tries), ROWS, prices, band=1)
        if rng is not None and number == 0:
            prices *= 1 + CHANCE * torch.rand(len(prices), generator=rng).numpy()
        at = tries[int(prices.argmin())]
    return at


def _path(error: Values, turns: bool) -> NDArray[np.intp]:
    """The column of the cheapest path from top to bottom in each row; it ends where it begins if it
    ``turns``."""
    if turns:
        start = int(cheapest(np.concatenate([error, error]))[len(error)])
        others = np.arange(error.shape[1]) != start
        error[0, others] = error[-1, others] = math.inf
    return cheapest(error)
