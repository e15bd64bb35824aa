"""Compiled loops over origins, int32 (H, W, 2): each pixel's row and column in the source.

Like those of :mod:`internal_gan.patches.kernels`, each works on rows ``top`` to ``bottom``.
"""

from __future__ import annotations

import numpy as np

from internal_gan.patches.kernels import compiled


@compiled
def plurality(field, patch, kernel, wrap_y, wrap_x, active, origins, top, bottom):
    """For each active pixel the source pixel that most of the patches covering it vote for.

    Args:
        kernel: (patch, patch) float32, the weight of a patch's vote at each of its pixels.
        active: (H, W).
        origins: (H, W, 2) int32, row and column in the source; written.
    """
    height, width = field.shape[0], field.shape[1]
    votes = np.empty(patch * patch, np.float32)
    where = np.empty((patch * patch, 2), np.int32)
    for y in range(top, bottom):
        for x in range(origins.shape[1]):
            if not active[y, x]:
                continue
            count, best = 0, 0
            for i in range(patch):
                fy = y - i
                if wrap_y:
                    fy = (fy + height) % height
                if fy < 0 or fy >= height:
                    continue
                for j in range(patch):
                    fx = x - j
                    if wrap_x:
                        fx = (fx + width) % width
                    if fx < 0 or fx >= width:
                        continue
                    sy, sx = field[fy, fx, 0] + i, field[fy, fx, 1] + j
                    found = 0
                    while found < count and (where[found, 0] != sy or where[found, 1] != sx):
                        found += 1
                    if found == count:
                        where[count, 0], where[count, 1] = sy, sx
                        votes[count] = np.float32(0)
                        count += 1
                    votes[found] += kernel[i, j]
                    if votes[found] > votes[best]:
                        best = found
            origins[y, x, 0], origins[y, x, 1] = where[best, 0], where[best, 1]


@compiled
def breaks(origins, axis, wrap, broken, top, bottom):
    """Where a pixel's next one along an axis does not continue its piece.

    Args:
        origins: (H, W, 2).
        wrap: whether the last row or column has the first one as its next.
        broken: (H, W), written.
    """
    height, width = origins.shape[0], origins.shape[1]
    down, right = 1 - axis, axis
    for y in range(top, bottom):
        for x in range(width):
            ny, nx = y + down, x + right
            if ny == height or nx == width:
                if not wrap:
                    broken[y, x] = False
                    continue
                ny, nx = ny % height, nx % width
            broken[y, x] = (
                origins[ny, nx, 0] - origins[y, x, 0] != down
                or origins[ny, nx, 1] - origins[y, x, 1] != right
            )


@compiled
def carried(origins, rows, columns, ratio, source_rows, source_columns, result, top, bottom):
    """Origins at another size: each pixel keeps its offset to the nearest one before.

    Args:
        origins: (h, w, 2).
        rows, columns: of ``origins``, for each row and column of the result.
        ratio: of the new size to the old one.
        source_rows, source_columns: of the source at the new size.
        result: (H, W, 2), written.
    """
    for y in range(top, bottom):
        row = rows[y]
        for x in range(result.shape[1]):
            column = columns[x]
            there_y = y + np.int32(np.rint((origins[row, column, 0] - row) * ratio))
            there_x = x + np.int32(np.rint((origins[row, column, 1] - column) * ratio))
            result[y, x, 0] = min(max(there_y, 0), source_rows - 1)
            result[y, x, 1] = min(max(there_x, 0), source_columns - 1)


@compiled
def matches(origins, middle, source_rows, source_columns, field, top, bottom):
    """The patches whose middles are origins; those that would reach over the border are moved in.

    Args:
        origins: (H, W, 2).
        middle: of a patch, in pixels from its corner.
        source_rows, source_columns: of the source's patches.
        field: (h, w, 2), written.
    """
    height, width = origins.shape[0], origins.shape[1]
    for y in range(top, bottom):
        for x in range(field.shape[1]):
            row, column = (y + middle) % height, (x + middle) % width
            field[y, x, 0] = min(max(origins[row, column, 0] - middle, 0), source_rows - 1)
            field[y, x, 1] = min(max(origins[row, column, 1] - middle, 0), source_columns - 1)
