"""Random holes: boxes and brush strokes that cover a given share of an image, above 0 and below 1.

Generators are on the CPU.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.shapes import Mask
from internal_gan.units import Size

# The largest aspect ratio of a box, unless the image forces a larger one.
LARGEST_ASPECT = 2.0
# Strokes consist of straight pieces.
PIECES = 6  # of a stroke
LENGTHS = (0.08, 0.25)  # the shortest and longest, as fractions of the image's short side
WIDTHS = (0.05, 0.13)  # the narrowest and widest, as fractions of it
TURN = 0.9  # the standard deviation of the turn from one piece to the next, in radians
# Strokes on longer images are drawn at this long side, in pixels, and enlarged.
LARGEST_DRAWN_SIDE = 512


def random_box(size: Size, ratio: float, rng: torch.Generator) -> Mask:
    """An upright box of random position and shape, of ``ratio`` up to whole rows and columns."""
    height, width = size
    draws = torch.rand(3, generator=rng)
    area = torch.tensor(ratio) * float(height * width)
    shape = LARGEST_ASPECT ** (2.0 * draws[0] - 1.0)
    columns = (area / (area * shape).sqrt().clamp(1.0, height)).round().clamp(1.0, width)
    rows = (area / columns).round().clamp(1.0, height)
    inside = []
    for length, extent, draw in ((height, rows, draws[1]), (width, columns, draws[2])):
        start = (draw * (length - extent + 1.0)).floor().clamp(max=length - extent)
        place = torch.arange(length)
        inside.append((place >= start) & (place < start + extent))
    return (inside[0][:, None] & inside[1]).to(torch.float32)[None, None]


def random_strokes(size: Size, ratio: float, rng: torch.Generator) -> Mask:
    """Bent brush strokes: every pixel has a time at which the brush reaches it, and the earliest
    ones cover ``ratio``, to the pixel or, beyond ``LARGEST_DRAWN_SIDE``, nearly so.

    Source: Yu et al., "Free-form image inpainting with gated convolution", ICCV 2019, Section 3.4.
    """
    drawn = fit_size(size, LARGEST_DRAWN_SIDE)
    if drawn != size:
        return (resize(random_strokes(drawn, ratio, rng), size) >= 0.5).to(torch.float32)
    count = math.prod(size)
    rank = min(max(round(ratio * count), 1), count - 1)
    times = np.full(size, np.inf, np.float32)
    for number, piece in enumerate(_pieces(size, ratio, rng)):
        if number % PIECES == 0 and np.isfinite(times).sum() >= rank:
            break
        _draw(piece, number, times)
    last = np.partition(times, rank - 1, axis=None)[rank - 1]
    return torch.from_numpy(times <= last).to(torch.float32)[None, None]


KINDS = {"box": random_box, "strokes": random_strokes}


def _pieces(size: Size, ratio: float, rng: torch.Generator) -> Iterator[tuple[Any, ...]]:
    """The straight pieces of strokes without end, stroke by stroke, in pixels: begin and way to the
    end, (row, column), length and radius."""
    short = float(min(size))
    share = sum(LENGTHS) * sum(WIDTHS) / 4.0 * short * short / math.prod(size)
    # The number drawn at a time; nearly always, the first ones cover the ratio.
    strokes = math.ceil(-1.5 * math.log1p(-min(ratio, 0.9)) / (share * PIECES))
    extent = torch.tensor(size, dtype=torch.float32)
    while True:
        draws = torch.rand(strokes, 3 + 2 * PIECES, generator=rng)
        turns = torch.randn(strokes, PIECES, generator=rng) * TURN
        angles = 2.0 * math.pi * draws[:, :1] + turns.cumsum(dim=1)
        lengths = short * (LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * draws[:, 3 : 3 + PIECES])
        diameters = short * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * draws[:, 3 + PIECES :])
        steps = torch.stack([angles.sin(), angles.cos()], dim=2) * lengths[..., None]
        first = (draws[:, 1:3] * extent)[:, None]
        points = torch.cat([first, first + steps.cumsum(dim=1)], dim=1)
        # Strokes are reflected at the border.
        points = extent - (extent - points.remainder(2.0 * extent)).abs()
        ways = points.diff(dim=1)
        found = (points[:, :-1], ways, ways.norm(dim=2).clamp_min(1e-3), diameters / 2.0)
        yield from zip(*(part.flatten(0, 1).tolist() for part in found), strict=True)


def _draw(piece: tuple[Any, ...], number: int, times: NDArray[np.float32]) -> None:
    """Lower the times, in pieces, at which the brush reaches each pixel to those of one piece."""
    start, way, length, radius = piece
    near = [
        slice(max(0, math.floor(min(a, a + b) - radius)), math.ceil(max(a, a + b) + radius) + 1)
        for a, b in zip(start, way, strict=True)
    ]
    here = times[near[0], near[1]]
    dy, dx = (
        np.arange(side.start, side.start + extent, dtype=np.float32) + np.float32(0.5) - a
        for side, extent, a in zip(near, here.shape, start, strict=True)
    )
    place = (dy[:, None] * way[0] + dx * way[1]) / length
    across = dy[:, None] * way[1] - dx * way[0]
    away = np.sqrt((across / length) ** 2 + (place - np.clip(place, 0.0, length)) ** 2) - radius
    reached = number + (place + radius) / (length + 2.0 * radius)
    np.minimum(here, reached, out=here, where=away <= 0.0)
