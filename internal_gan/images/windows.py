"""Rectangular windows of an image, each a pair of slices (rows, columns)."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, product
from math import ceil
from typing import NamedTuple, Self

import numpy as np
import torch
from scipy.ndimage import find_objects, label
from torch.nn import functional as F

from internal_gan.shapes import Flags, Mask
from internal_gan.units import Size

Window = tuple[slice, slice]


def bounds(mask: Mask) -> Window:
    """The smallest window that holds all non-zero pixels; there must be one."""
    return box_of(mask[0, 0].cpu().numpy() != 0)


def box_of(flags: Flags) -> Window:
    """The smallest window that holds all flags (H, W); there must be one."""
    rows = np.flatnonzero(flags.any(axis=1))
    inside = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(flags[inside].any(axis=0))
    return inside, slice(int(columns[0]), int(columns[-1]) + 1)


def bands(size: Size, pixels: int) -> Iterator[slice]:
    """The rows of an image, in bands of about ``pixels`` pixels."""
    step = max(1, pixels // max(1, size[1]))
    return (slice(top, top + step) for top in range(0, size[0], step))


def extent(window: Window) -> Size:
    """(height, width) of a window in pixels."""
    return window[0].stop - window[0].start, window[1].stop - window[1].start


class Part(NamedTuple):
    """A part of a mask: the smallest window that holds it, and its pixels there, (1, 1, h, w)."""

    window: Window
    mask: Mask

    @classmethod
    def of(cls, mask: Mask) -> Self:
        """All of a mask, which must not be zero everywhere, as one part."""
        box = bounds(mask)
        return cls(box, mask[(..., *box)])

    @classmethod
    def inside(cls, window: Window, mask: Mask) -> Self:
        """The part with the pixels of a window's mask, some of which must not be zero."""
        box, pixels = cls.of(mask)
        return cls(moved(box, window), pixels)

    def divided(self, longest: int) -> Iterator[Self]:
        """The part, from top left to bottom right, in pieces of at most ``longest`` pixels a side,
        cut where the fewest of its pixels are in the middle third of its longer side."""
        sides = extent(self.window)
        if max(sides) <= longest:
            yield self
            return
        axis = sides.index(max(sides))
        counts = self.mask[0, 0].count_nonzero(dim=1 - axis)
        first, last = sides[axis] // 3, 2 * sides[axis] // 3
        cut = first + int(counts[first:last].argmin())
        for span in slice(0, cut), slice(cut, sides[axis]):
            rows, columns = (slice(0, side) for side in sides)
            here = (rows, span) if axis else (span, columns)
            piece = self.mask[(..., *here)]
            if piece.any():
                yield from self.inside(moved(here, self.window), piece).divided(longest)


def parts(mask: Mask, gap: int) -> Iterator[Part]:
    """The parts of a mask, from top to bottom, whose sum is the mask.

    Pixels closer than ``gap`` belong to one part; those over twice as far apart only if linked.
    """
    height, width = mask.shape[-2:]
    cells = F.max_pool2d(mask, gap, ceil_mode=True)[0, 0] > 0
    labels, count = label(cells.cpu().numpy(), np.ones((3, 3)))
    last = np.zeros(count + 1, np.intp)
    np.maximum.at(last, labels.ravel(), np.arange(labels.size))
    boxes = find_objects(labels)
    for number in last[1:].argsort():
        rows, columns = boxes[number]
        grown = torch.from_numpy(labels[rows, columns] == number + 1).to(mask.device)
        grown = grown.repeat_interleave(gap, 0).repeat_interleave(gap, 1)
        window = (
            slice(rows.start * gap, min(rows.stop * gap, height)),
            slice(columns.start * gap, min(columns.stop * gap, width)),
        )
        size = extent(window)
        yield Part.inside(window, mask[(..., *window)] * grown[: size[0], : size[1]])


def _by_axis(change: Callable[..., slice], *windows: Window) -> Window:
    rows, columns = map(change, *windows)
    return rows, columns


def moved(window: Window, outer: Window) -> Window:
    """A window of what another one shows, as one of the whole image."""
    return _by_axis(lambda a, b: slice(a.start + b.start, a.stop + b.start), window, outer)


def within(window: Window, outer: Window) -> Window:
    """The reverse of :func:`moved`."""
    return _by_axis(lambda a, b: slice(a.start - b.start, a.stop - b.start), window, outer)


def overlap(one: Window, other: Window) -> Window:
    """What two windows share, which may be empty."""

    def shared(a: slice, b: slice) -> slice:
        start = max(a.start, b.start)
        return slice(start, max(start, min(a.stop, b.stop)))

    return _by_axis(shared, one, other)


def hull(windows: Iterable[Window]) -> Window:
    """The smallest window that holds all of some; there must be one."""
    rows, columns = (
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*windows, strict=True)
    )
    return rows, columns


def around(box: Window, extent: Size, size: Size) -> Window:
    """A window of ``extent`` centred on a box, cut and moved to lie in an image of ``size``."""
    window = []
    for part, wanted, side in zip(box, extent, size, strict=True):
        length = min(wanted, side)
        start = min(max((part.start + part.stop - length) // 2, 0), side - length)
        window.append(slice(start, start + length))
    return window[0], window[1]


def blocks(window: Window, longest: int) -> Iterator[Window]:
    """Cut a window into ones of at most ``longest`` pixels a side, whose sides differ by at most 1.

    >>> list(blocks((slice(0, 2), slice(3, 8)), 3))
    [(slice(0, 2, None), slice(3, 5, None)), (slice(0, 2, None), slice(5, 8, None))]
    """
    sides = []
    for side, length in zip(window, extent(window), strict=True):
        count = ceil(length / longest)
        ends = [side.start + length * k // count for k in range(count + 1)]
        sides.append([slice(a, b) for a, b in pairwise(ends)])
    yield from product(sides[0], sides[1])
