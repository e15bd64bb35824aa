"""A film of a photo going through several sizes, and a sheet of all of them."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from internal_gan.units import Size

WHITE = 1.0
# Pixels between the pictures of a sheet.
GAP = 4


def breathing(stops: Sequence[Size], count: int) -> list[Size]:
    """The sizes of ``count`` frames that go through all stops and back to the first.

    Every leg takes equally long, starts and ends slowly, and interpolates geometrically. The last
    frame leads to the first.

    >>> breathing([(10, 10), (10, 40)], 4)
    [(10, 10), (10, 20), (10, 40), (10, 20)]
    """
    legs = list(pairwise([*stops, stops[0]]))
    sizes = []
    for frame in range(count):
        leg, done = divmod(frame * len(legs) / count, 1)
        share = (1 - math.cos(math.pi * done)) / 2
        height, width = (
            max(1, round(a ** (1 - share) * b**share)) for a, b in zip(*legs[int(leg)], strict=True)
        )
        sizes.append((height, width))
    return sizes


def frames(sizes: Sequence[Size], paint: Callable[[Size], Tensor]) -> Iterator[Tensor]:
    """``paint(size)`` (1, 3, height, width) for each size, centred on a white canvas that fits all.

    Consecutive equal sizes are generated once.
    """
    canvas = tuple(max(sides) for sides in zip(*sizes, strict=True))
    last: Size | None = None
    for size in sizes:
        if size != last:
            frame = torch.full((1, 3, *canvas), WHITE)
            top, left = ((whole - side) // 2 for whole, side in zip(canvas, size, strict=True))
            frame[..., top : top + size[0], left : left + size[1]] = paint(size)
            last = size
        yield frame


def collage(sizes: Sequence[Size], paint: Callable[[Size], Tensor]) -> Tensor:
    """A white sheet (1, 3, H, W) of pictures with each height and each width of ``sizes``."""
    heights, widths = (sorted(set(sides)) for sides in zip(*sizes, strict=True))
    whole = [sum(sides) + GAP * (len(sides) + 1) for sides in (heights, widths)]
    sheet = torch.full((1, 3, *whole), WHITE)
    top = GAP
    for height in heights:
        left = GAP
        for width in widths:
            sheet[..., top : top + height, left : left + width] = paint((height, width))
            left += width + GAP
        top += height + GAP
    return sheet
