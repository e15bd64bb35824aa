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
from internal_gan.patches.fast import Places, over_rows
from internal_gan.patches.kernels import cheapest, unfit
from internal_gan.patches.origins import own_places, taken
from internal_gan.units import Size

Values = NDArray[np.float32]
COARSEST = 96  # the long side at which all strips are compared, in pixels
ROWS = 5  # over which a fit is averaged there
NEARBY = 2  # by how many pixels a strip moves at each larger size
CHANCE = 0.5  # of a random choice, relative to how well a strip fits


def quilted(
    picture: Values, reach: tuple[float, float], wrap: Wrap, rng: torch.Generator | None
) -> tuple[Values, Places]:
    """A picture (H, W, C) that tiles; and (H, W, 2), the given one's pixel that each of it is.

    Args:
        reach: how far from a border they may change, in pixels (rows, columns).
        rng: of a random choice of the strips; None for those that fit best.
    """
    size = picture.shape[:2]
    made, places, joined = picture.copy(), own_places(size), False
    for axis in (1, 0):
        half = min(int(reach[axis]), size[axis] // 4)
        if wrap[axis] and half > 1:
            ends = _ends(np.ascontiguousarray(made.swapaxes(axis, 1)), half, joined, rng)
            there = [taken(places, end if axis else end[..., ::-1]) for end in ends]
            for span, where in zip((slice(-half, None), slice(half)), there, strict=True):
                places.swapaxes(axis, 1)[:, span] = where
                made.swapaxes(axis, 1)[:, span] = taken(picture, where)
            joined = True
    return made, places


def _ends(
    picture: Values, half: int, turns: bool, rng: torch.Generator | None
) -> tuple[Places, Places]:
    """The places of a picture's pixels, (H, half, 2), at its right and its left end once they meet;
    ``turns`` if its top and bottom do already."""
    height, width, _ = picture.shape
    scales, pictures, at = [min(1.0, COARSEST / max(height, width))], [picture], (0, 0)
    while scales[-1] < 1.0:
        scales.append(min(1.0, 2 * scales[-1]))
    for scale in scales[-2::-1]:
        size = max(1, round(height * scale)), max(4, round(width * scale))
        pictures.append(_shrunk(pictures[-1], size))
    for number, (scale, this) in enumerate(zip(scales, pictures[::-1], strict=True)):
        k = min(max(1, round(half * this.shape[1] / width)), this.shape[1] // 4)
        if number == 0:
            low, high = (k, this.shape[1] - 3 * k) if this.shape[1] > 4 * k else (0, 2 * k)
            lefts = range(low, high + 1)
            tries = list(product(range(this.shape[0] if turns else 1), lefts))
        else:
            at = (
                round(at[0] * scale / scales[number - 1]),
                round(at[1] * scale / scales[number - 1]),
            )
            near = range(-NEARBY, NEARBY + 1)
            lefts = range(this.shape[1] - 2 * k + 1)
            tries = [
                (at[0] + down, at[1] + across)
                for down, across in product(near if turns else (0,), near)
                if at[1] + across in lefts
            ] or [(at[0], min(at[1], lefts[-1]))]
        prices = np.empty(len(tries))
        over_rows(unfit, len(tries), this, k, np.array(tries), ROWS, prices, band=1)
        if rng is not None and number == 0:
            prices *= 1 + CHANCE * torch.rand(len(prices), generator=rng).numpy()
        at = tries[int(prices.argmin())]
    left, right = (_path(error, turns) for error in _errors(picture, half, *at))
    rows, columns = np.arange(height, dtype=np.int32)[:, None], np.arange(half, dtype=np.int32)
    over = columns >= left[:, None], columns <= right[:, None]
    found = []
    for number, part in enumerate(over):
        row = np.where(part, (rows + at[0]) % height, rows)
        column = np.where(part, at[1] + number * half, 0 if number else width - half) + columns
        found.append(np.stack([row, column], -1))
    return found[0], found[1]


def _errors(picture: Values, half: int, down: int, left: int) -> tuple[Values, Values]:
    """How much a strip differs from the right and the left end of the picture, (H, half) each."""
    strip = np.roll(picture[:, left : left + 2 * half], -down, 0)
    first = np.square(strip[:, :half] - picture[:, -half:]).sum(axis=2)
    return first, np.square(strip[:, half:] - picture[:, :half]).sum(axis=2)


def _path(error: Values, turns: bool) -> NDArray[np.intp]:
    """The column of the cheapest path from top to bottom in each row; it ends where it begins if it
    ``turns``."""
    if turns:
        start = int(cheapest(np.concatenate([error, error]))[len(error)])
        fixed = np.full_like(error, math.inf)
        fixed[1:-1] = error[1:-1]
        fixed[[0, -1], start] = error[[0, -1], start]
        return cheapest(fixed)
    return cheapest(error)


def _shrunk(picture: Values, size: Size) -> Values:
    small = resize(torch.from_numpy(np.moveaxis(picture, -1, 0)[None].copy()), size)
    return np.ascontiguousarray(np.moveaxis(small[0].numpy(), 0, -1))
