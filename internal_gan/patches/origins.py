"""Origins: for each pixel of a picture, the row and column of the photo's pixel that it copies.

Patches vote on them, they are carried to larger sizes, and they say where a search begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from internal_gan.patches import kernels
from internal_gan.patches.field import PATCH, Flags, Places, Wrap, grid, over_rows
from internal_gan.units import Size

# The weight of a patch's vote falls with a pixel's squared distance from the patch's centre.
FALL_PER_SQUARE = 0.05

_from_middle = np.arange(PATCH) - PATCH // 2
_squares = _from_middle[:, None] ** 2 + _from_middle[None] ** 2
CENTRE_WEIGHTS = np.exp(-FALL_PER_SQUARE * _squares).astype(np.float32)
UNIFORM_WEIGHTS = np.ones((PATCH, PATCH), np.float32)


def vote(
    field: Places,
    size: Size,
    weights: NDArray[np.float32] = CENTRE_WEIGHTS,
    wrap: Wrap = (False, False),
    *,
    active: Flags | None = None,
    origins: Places | None = None,
) -> Places:
    """For every pixel, the source pixel that most of the patches covering it vote for.

    Args:
        field: (h, w, 2), the matches of the patches.
        weights: (PATCH, PATCH), the weight of a patch's vote at each of its pixels.
        active: (height, width), which pixels are voted on; the others keep ``origins``.
    """
    if active is None:
        active = np.ones(size, np.bool_)
    result = np.empty((*size, 2), np.int32) if origins is None else origins.copy()
    over_rows(kernels.plurality, size[0], field, weights, wrap, active, result)
    return result


def carry(origins: Places, ratio: float, size: Size, source: Size) -> Places:
    """Carry origins to a target and a source of ``ratio`` times the size; pieces stay whole."""
    rows, columns = nearest(size, ratio, origins.shape)
    result = np.empty((*size, 2), np.int32)
    origins = np.ascontiguousarray(origins, np.int32)
    over_rows(kernels.carried, size[0], origins, rows, columns, float(ratio), source, result)
    return result


def nearest(size: Size, ratio: float, old: Sequence[int]) -> list[NDArray[np.intp]]:
    """For each row and column of an enlarged picture, the nearest one of the original."""
    return [
        np.minimum(((np.arange(side) + 0.5) / ratio).astype(np.intp), last - 1)
        for side, last in zip(size, old[:2], strict=True)
    ]


def field_of(origins: Places, source: Size, wrap: Wrap) -> Places:
    """Matches of the patches centred on the pixels of ``origins``; those that would reach over the
    border of a source with so many rows and columns of patches are moved in."""
    height, width = grid((origins.shape[0], origins.shape[1]), wrap)
    corners = np.roll(origins, (-(PATCH // 2),) * 2, (0, 1))[:height, :width] - PATCH // 2
    field: Places = corners.clip(0, np.array(source, np.int32) - 1)
    return field


def taken(source: NDArray[Any], origins: Places) -> NDArray[Any]:
    """The source's values at these pixels, (H, W, C)."""
    return source[origins[..., 0], origins[..., 1]]
