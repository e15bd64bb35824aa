"""Rectangular windows of an image, each a pair of slices (rows, columns)."""

from collections.abc import Iterator
from itertools import pairwise, product
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label
from torch.nn import functional as F

from internal_gan.shapes import Mask
from internal_gan.units import Size

Window = tuple[slice, slice]


def bounds(mask: Mask) -> Window:
    """The smallest window that holds all non-zero pixels; there must be one."""
    return box_of(mask[0, 0].cpu().numpy() != 0)


def box_of(flags: NDArray[np.bool_]) -> Window:
    """The smallest window that holds all flags (H, W); there must be one."""
    rows, columns = find_objects(flags.view(np.uint8))[0]
    return rows, columns


def extent(window: Window) -> Size:
    """(height, width) of a window in pixels."""
    return window[0].stop - window[0].start, window[1].stop - window[1].start


def parts(mask: Mask, gap: int) -> list[Mask]:
    """Split a mask into parts, from top to bottom, whose sum is the mask.

    Pixels closer together than ``gap`` belong to one part; those more than twice as far apart
    belong to different ones, unless others link them.
    """
    height, width = mask.shape[-2:]
    cells = F.max_pool2d(mask, gap, ceil_mode=True)[0, 0] > 0
    labels, count = label(cells.cpu().numpy(), np.ones((3, 3)))
    grown = torch.from_numpy(labels).to(mask.device).repeat_interleave(gap, 0)
    grown = grown.repeat_interleave(gap, 1)[:height, :width]
    lowest_last = sorted(range(1, count + 1), key=lambda n: np.flatnonzero(labels == n)[-1])
    return [mask * (grown == number) for number in lowest_last]


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


def widened(window: Window, margin: int) -> Window:
    """The window and a margin around it, in the image padded by that margin."""
    rows, columns = (slice(side.start, side.stop + 2 * margin) for side in window)
    return rows, columns
