"""Origins: for each pixel of a picture, the row and column of the photo's pixel that it copies.

Patches vote on them, they are carried to larger sizes, and a search begins from them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.patches import kernels
from internal_gan.patches.fast import PATCH, grid, over_rows
from internal_gan.shapes import Flags, Places
from internal_gan.units import Size

# The weight of a patch's vote falls with a pixel's squared distance from the patch's centre.
FALL_PER_SQUARE = 0.05

_squares = np.square(np.arange(PATCH) - PATCH // 2)
WEIGHTS = np.exp(-FALL_PER_SQUARE * np.add.outer(_squares, _squares)).astype(np.float32)


def own_places(size: Size, corner: Size = (0, 0)) -> Places:
    """(H, W, 2), the row and column of each pixel itself; those of the first are ``corner``."""
    places = np.empty((*size, 2), np.int32)
    columns = np.arange(corner[1], corner[1] + size[1])
    for number, row in enumerate(places, corner[0]):  # each memory page is touched once
        row[:, 0], row[:, 1] = number, columns
    return places


def vote(
    field: Places,
    size: Size,
    wrap: Wrap = NO_WRAP,
    *,
    even: bool = False,
    active: Flags | None = None,
    origins: Places | None = None,
) -> Places:
    """For every pixel, the source pixel that most of the patches covering it vote for.

    Args:
        field: (h, w, 2), the matches of the patches.
        even: whether a patch's vote counts as much at its border as at its centre.
        active: (height, width), which pixels are voted on; the others keep ``origins``.
    """
    if active is None:
        active = np.ones(size, np.bool_)
    result = np.empty((*size, 2), np.int32) if origins is None else origins.copy()
    weights = np.ones_like(WEIGHTS) if even else WEIGHTS
    over_rows(kernels.plurality, size[0], field, weights, wrap, active, result)
    return result


def carry(origins: Places, ratio: float, size: Size, source: Size) -> Places:
    """Carry origins to a target and a source of ``ratio`` times the size. Each pixel keeps its
    offset to the nearest one before, so pieces stay whole."""
    rows, columns = nearest(size, ratio, origins.shape)
    offsets = np.rint((origins - own_places(origins.shape[:2])) * ratio).astype(np.int32)
    result: Places = offsets.take(rows, 0).take(columns, 1)
    for axis, own in enumerate(np.indices(size, np.int32, sparse=True)):
        result[..., axis] += own
    result.clip(0, np.array(source, np.int32) - 1, out=result)
    return result


def nearest(size: Size, ratio: float, old: Sequence[int]) -> list[NDArray[np.intp]]:
    """For each row and column of an enlarged picture, the nearest one of the original."""
    return [
        np.minimum(((np.arange(side) + 0.5) / ratio).astype(np.intp), last - 1)
        for side, last in zip(size, old[:2], strict=True)
    ]


def field_of(origins: Places, source: Size, wrap: Wrap) -> Places:
    """Matches of the patches centred on the pixels of ``origins``; those that would reach over the
    border of a source of this size are moved in."""
    half = PATCH // 2
    for axis, wraps in enumerate(wrap):
        origins = np.roll(origins, -half, axis) if wraps else origins
    rows, columns = (slice(0, None) if wraps else slice(half, -half) for wraps in wrap)
    field = origins[rows, columns] - half
    return field.clip(0, np.array(grid(source), np.int32) - 1, out=field)


def taken(source: NDArray[Any], origins: Places) -> NDArray[Any]:
    """The source's values at these pixels, (H, W, C)."""
    _, width, *channels = source.shape
    numbers = origins[..., 0].astype(np.intp) * width + origins[..., 1]
    # Three times as fast as by rows and columns.
    values: NDArray[Any] = source.reshape(-1, *channels).take(numbers, axis=0, mode="clip")
    return values
