"""Continues lines that end at a hole through the hole."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from internal_gan.images.smooth_fill import fill_nearest
from internal_gan.shapes import Flags, Masks, Pictures

DIRECTION_REACH = 8  # a line's direction is that of its pixels this near to its end, in pixels
MIN_PIXELS = 4  # a line with fewer pixels within that reach has no direction
# Two ends are joined by a curve that turns little, if the colours on both sides of them are alike.
MAX_TURN = math.radians(50)  # at either end
MAX_MEAN_TURN = math.radians(35)  # of both ends
SIDE_DISTANCE = 3  # from the line to where its sides' colours are read, in pixels
MAX_SIDE_DIFFERENCE = 0.4  # of the colours, in the range of [-1, 1]
RADIANS_PER_PIXEL = 0.01  # a pixel between two ends costs as much as this turn
_EIGHT = np.ones((3, 3), bool)  # diagonal neighbours are connected, too

Point = NDArray[np.float64]  # row and column


@dataclass(frozen=True)
class _End:
    """Where a line meets the hole: place, direction inwards, and colours on its left and right."""

    place: Point
    towards: Point
    colours: NDArray[np.float64]


def continue_lines(edges: Masks, image: Pictures, hole: Masks) -> Masks:
    """Lines inside a hole, 1 there and 0 elsewhere, that continue those, above 0.5, that end at it.

    Two ends are joined by a smooth curve if they point at each other and the colours beside them
    are alike; the best fits come first. Values inside the hole are ignored.

    Source: good continuation by curves that bend least, as in S. Ullman, "Filling-in the gaps: The
    shape of subjective contours and a model for their generation", Biological Cybernetics, 1976;
    here as cubic Hermite curves.
    """
    lines, inside = (x[:, 0].detach().cpu().numpy() > 0.5 for x in (edges, hole))
    colours = fill_nearest(image.detach().float(), hole).permute(0, 2, 3, 1).cpu().numpy()
    each = zip(lines & ~inside, colours, inside, strict=True)
    return torch.from_numpy(np.stack([_continued(*one) for one in each])[:, None]).to(edges)


def _continued(lines: Flags, image: NDArray[np.float32], hole: Flags) -> Flags:
    ends = _ends(lines, image, hole)
    pairs = []
    for i, one in enumerate(ends):
        for j, other in enumerate(ends[:i]):
            turns = _turns(one, other)
            # The ends face each other: left of one is right of the other.
            colour = float(np.abs(one.colours - other.colours[::-1]).mean())
            bends_little = max(turns) <= MAX_TURN and sum(turns) / 2 <= MAX_MEAN_TURN
            if bends_little and colour <= MAX_SIDE_DIFFERENCE:
                cost = sum(turns) + colour + RADIANS_PER_PIXEL * math.dist(one.place, other.place)
                pairs.append((cost, i, j))
    drawn = np.zeros_like(hole)
    free = set(range(len(ends)))
    for _, i, j in sorted(pairs):
        if {i, j} <= free and _draw(drawn, hole, ends[i], ends[j]):
            free -= {i, j}
    return drawn


def _ends(lines: Flags, image: NDArray[np.float32], hole: Flags) -> list[_End]:
    """The ends of lines at the rim of a hole."""
    touching, count = label(binary_dilation(hole, _EIGHT) & ~hole & lines, _EIGHT)
    strokes, _ = label(lines, _EIGHT)
    found = []
    for number in range(1, count + 1):
        here = np.argwhere(touching == number)
        end = here.mean(axis=0)
        top, left = np.maximum(np.floor(end).astype(int) - DIRECTION_REACH, 0)
        side = 2 * DIRECTION_REACH + 1
        window = slice(top, top + side), slice(left, left + side)
        along = np.argwhere(strokes[window] == strokes[tuple(here[0])])
        along = along + np.array([top, left])
        along = along[np.hypot(*(along - end).T) <= DIRECTION_REACH]
        if len(along) < max(MIN_PIXELS, 2 * len(here)):
            continue
        away = end - along.mean(axis=0)
        axis = np.linalg.svd(along - along.mean(axis=0))[2][0]
        if abs(axis @ away) > 0.5:
            towards = axis * np.sign(axis @ away)
            found.append(_End(end, towards, _beside(image, end, towards)))
    return found


def _beside(image: NDArray[np.float32], end: Point, towards: Point) -> NDArray[np.float64]:
    """The colours left and right of a line shortly before its end, (2, 3)."""
    across = SIDE_DISTANCE * np.array([-towards[1], towards[0]])
    before = end - SIDE_DISTANCE * towards
    sides = np.rint([before + across, before - across]).astype(int)
    rows, columns = sides.clip(0, np.array(image.shape[:2]) - 1).T
    colours: NDArray[np.float64] = image[rows, columns].astype(np.float64)
    return colours


def _turns(one: _End, other: _End) -> tuple[float, float]:
    """The angles at each end between its direction and the straight line, in radians."""
    way = other.place - one.place
    way = way / max(float(np.hypot(*way)), 1e-9)
    first = math.acos(float(np.clip(one.towards @ way, -1, 1)))
    return first, math.acos(float(np.clip(-other.towards @ way, -1, 1)))


def _draw(drawn: Flags, hole: Flags, one: _End, other: _End) -> bool:
    """Draw the curve between two ends if it keeps to the hole; return whether it does."""
    length = math.dist(one.place, other.place)
    t = np.linspace(0, 1, 2 * math.ceil(length) + 2)[:, None]
    start, stop = length * one.towards, -length * other.towards
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * one.place
        + (t**3 - 2 * t**2 + t) * start
        + (3 * t**2 - 2 * t**3) * other.place
        + (t**3 - t**2) * stop
    )
    rows, columns = np.rint(curve).astype(int).T
    height, width = hole.shape
    if rows.min() < 0 or columns.min() < 0 or rows.max() >= height or columns.max() >= width:
        return False
    inside = hole[rows, columns]
    if inside.mean() < 0.8:
        return False
    drawn[rows[inside], columns[inside]] = True
    return True
