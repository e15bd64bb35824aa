"""The loops of the patch engine, compiled by numba; :mod:`internal_gan.patches.fast` calls them.

Images are uint8 (H, W C): a row holds the channels of each pixel side by side. A field, int32
(h, w, 2), holds the place of a source patch for the patch at each place of a target; a place is a
patch's top left pixel. A target that wraps has its first rows or columns repeated at its end.

A loop works on rows ``top`` to ``bottom``. It reads other rows only as they were when it began, so
bands of rows can be worked on in any order and in parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])

PATCH = 7  # side in pixels
FAR = np.int32(2**30)  # larger than any distance


def _can_be_kept() -> bool:
    """Whether compiled code can be cached, in the package's folder or the user's numba cache."""
    try:
        njit(cache=True)(_can_be_kept)
    except RuntimeError:
        return False
    return True


KEPT = _can_be_kept()


def is_compiled() -> bool:
    return bool(cast(Any, measure).signatures)


def was_kept() -> bool:
    """Whether compiled code was read from a file."""
    return bool(cast(Any, measure).stats.cache_hits)


def compiled(loop: Loop) -> Loop:
    """A loop that is compiled when it is first called, and runs without Python's global lock."""
    return cast(Loop, njit(nogil=True, cache=KEPT)(loop))


def _inlined(loop: Loop) -> Loop:
    return cast(Loop, njit(inline="always")(loop))


@_inlined
def _distance(target, source, y, x, source_y, source_x, channels, limit):
    """Sum of squared differences of two patches, or something above ``limit``."""
    left, source_left = x * channels, source_x * channels
    total = np.int32(0)
    for i in range(PATCH):
        row = np.int32(0)
        for j in range(PATCH * channels):
            d = np.int32(target[y + i, left + j]) - np.int32(source[source_y + i, source_left + j])
            row += d * d
        total += row
        if total > limit:
            break
    return total


@compiled
def project(image, channels, basis, stride, result, top, bottom):
    """Coefficients of the patches at every ``stride``-th place.

    Args:
        basis: (PATCH^2 channels, k) float32.
        result: (rows, columns, k) float32, written; ``top`` and ``bottom`` count its rows.
    """
    span, count = PATCH * channels, basis.shape[1]
    total = np.empty(count, np.float32)
    for row in range(top, bottom):
        for column in range(result.shape[1]):
            y, x = row * stride, column * stride * channels
            total[:] = np.float32(0)
            for i in range(PATCH):
                for j in range(span):
                    value = np.float32(image[y + i, x + j])
                    for k in range(count):
                        total[k] += basis[i * span + j, k] * value
            result[row, column] = total


@compiled
def measure(target, source, field, weights, active, channels, distances, top, bottom):
    """Write the squared distances of active matches, ``FAR`` if excluded, into ``distances``
    (h, w), int32."""
    for y in range(top, bottom):
        for x in range(field.shape[1]):
            if active[y, x]:
                sy, sx = field[y, x, 0], field[y, x, 1]
                distances[y, x] = FAR
                if weights[sy, sx] != np.inf:
                    distances[y, x] = _distance(target, source, y, x, sy, sx, channels, FAR)


@compiled
def consider(
    target, source, field, distances, weights, active, channels, seeds, stride, top, bottom
):
    """Take candidates where they are nearer.

    Args:
        seeds: (ceil(h / stride), ceil(w / stride), k, 2), candidates for every ``stride``-th place
            of a row and column, which the places around it continue.
    """
    height, width = weights.shape
    for y in range(top, bottom):
        for x in range(field.shape[1]):
            if not active[y, x]:
                continue
            row = min((y + stride // 2) // stride, seeds.shape[0] - 1)
            column = min((x + stride // 2) // stride, seeds.shape[1] - 1)
            if weights[field[y, x, 0], field[y, x, 1]] == np.inf:
                # What continues a candidate may be excluded; the candidate itself is not.
                cy, cx = seeds[row, column, 0, 0], seeds[row, column, 0, 1]
                distances[y, x] = _distance(target, source, y, x, cy, cx, channels, FAR)
                field[y, x, 0], field[y, x, 1] = cy, cx
            best = np.float32(distances[y, x]) * weights[field[y, x, 0], field[y, x, 1]]
            for k in range(seeds.shape[2]):
                cy = seeds[row, column, k, 0] + y - row * stride
                cx = seeds[row, column, k, 1] + x - column * stride
                if cy < 0 or cx < 0 or cy >= height or cx >= width:
                    continue
                weight = weights[cy, cx]
                if weight == np.inf:
                    continue
                limit = np.int32(min(np.float32(FAR), best / weight))
                d = _distance(target, source, y, x, cy, cx, channels, limit)
                if np.float32(d) * weight < best:
                    best = np.float32(d) * weight
                    distances[y, x] = d
                    field[y, x, 0], field[y, x, 1] = cy, cx


@_inlined
def _neighbour(field, before, y, x, dy, dx, wrap, top, bottom):
    """Where the match of the neighbour at (y + dy, x + dx) would continue at (y, x); -1 is none."""
    height, width = field.shape[0], field.shape[1]
    ny, nx = y + dy, x + dx
    if wrap[0]:
        ny = (ny + height) % height
    if wrap[1]:
        nx = (nx + width) % width
    if ny < 0 or nx < 0 or ny >= height or nx >= width:
        return np.int32(-1), np.int32(-1)
    if top <= ny < bottom:
        return np.int32(field[ny, nx, 0] - dy), np.int32(field[ny, nx, 1] - dx)
    return np.int32(before[ny, nx, 0] - dy), np.int32(before[ny, nx, 1] - dx)


@_inlined
def _breaks(field, before, y, x, cy, cx, wrap, top, bottom):
    """How many of the four neighbours a match at (cy, cx) does not continue."""
    count = 0
    for q in range(4):
        dy = 1 - 2 * q if q < 2 else 0
        dx = 5 - 2 * q if q >= 2 else 0
        ny, nx = _neighbour(field, before, y, x, dy, dx, wrap, top, bottom)
        if (ny != -1 or nx != -1) and (ny != cy or nx != cx):
            count += 1
    return count


@compiled
def sweep(
    target,
    source,
    before,
    field,
    distances,
    weights,
    active,
    channels,
    number,
    price,
    shifts,
    wrap,
    top,
    bottom,
):
    """One sweep over the places: each tries what continues the matches of its neighbours.

    Args:
        before: the field when the sweep began.
        number: of the sweep; odd ones go backwards.
        price, shifts: see :func:`internal_gan.patches.fast.search`.
    """
    width = field.shape[1]
    rows, columns = weights.shape
    side = 2 * shifts + 1
    for i in range(top, bottom):
        y = i if number % 2 == 0 else top + bottom - 1 - i
        for j in range(width):
            x = j if number % 2 == 0 else width - 1 - j
            if not active[y, x]:
                continue
            by, bx = field[y, x, 0], field[y, x, 1]
            own_y, own_x = by, bx
            nearest = distances[y, x]
            best = np.float32(nearest) * weights[by, bx]
            if price > 0:
                best += price * _breaks(field, before, y, x, by, bx, wrap, top, bottom)
            for q in range(7 + side * side):
                if q < 8:
                    # All around: left and up first in even sweeps, right and down in odd ones.
                    place = q if q < 4 else q + 1
                    dy, dx = place // 3 - 1, place % 3 - 1
                    if number % 2 == 1:
                        dy, dx = -dy, -dx
                    cy, cx = _neighbour(field, before, y, x, dy, dx, wrap, top, bottom)
                else:
                    place = q - 8 if q - 8 < side * side // 2 else q - 7
                    if q == 8:
                        own_y, own_x = by, bx
                    cy = np.int32(own_y + place // side - shifts)
                    cx = np.int32(own_x + place % side - shifts)
                if cy < 0 or cx < 0 or cy >= rows or cx >= columns or (cy == by and cx == bx):
                    continue
                weight = weights[cy, cx]
                if weight == np.inf:
                    continue
                extra = np.float32(0)
                if price > 0:
                    extra = np.float32(
                        price * _breaks(field, before, y, x, cy, cx, wrap, top, bottom)
                    )
                    if extra >= best:
                        continue
                limit = np.int32(min(np.float32(FAR), (best - extra) / weight))
                d = _distance(target, source, y, x, cy, cx, channels, limit)
                cost = np.float32(d) * weight + extra
                if cost < best:
                    best, nearest, by, bx = cost, d, cy, cx
            distances[y, x] = nearest
            field[y, x, 0], field[y, x, 1] = by, bx


@compiled
def plurality(field, kernel, wrap, active, origins, top, bottom):
    """For each active pixel the source pixel that most of the patches covering it vote for.

    Args:
        kernel: (PATCH, PATCH) float32, the weight of a patch's vote at each of its pixels.
        active: (H, W).
        origins: (H, W, 2) int32, row and column in the source; written.
    """
    height, width = field.shape[0], field.shape[1]
    votes = np.empty(PATCH * PATCH, np.float32)
    where = np.empty((PATCH * PATCH, 2), np.int32)
    for y in range(top, bottom):
        for x in range(origins.shape[1]):
            if not active[y, x]:
                continue
            count, best = 0, 0
            for i in range(PATCH):
                fy = y - i
                if wrap[0]:
                    fy = (fy + height) % height
                if fy < 0 or fy >= height:
                    continue
                for j in range(PATCH):
                    fx = x - j
                    if wrap[1]:
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
def step(values, wanted, part, factors, wrap, result, top, bottom):
    """Write ``keep values + part (add wanted - push (hold - Laplace) values)``, float32 (H, W, C);
    ``factors`` are hold, keep, add and push."""
    height, width, channels = values.shape
    hold, keep, add, push = factors
    for y in range(top, bottom):
        above = y - 1 if y > 0 else (height - 1 if wrap[0] else y)
        below = y + 1 if y < height - 1 else (0 if wrap[0] else y)
        for x in range(width):
            before = x - 1 if x > 0 else (width - 1 if wrap[1] else x)
            after = x + 1 if x < width - 1 else (0 if wrap[1] else x)
            for c in range(channels):
                value = values[y, x, c]
                result[y, x, c] = keep * value
                if part[y, x]:
                    beside = values[above, x, c] + values[below, x, c]
                    beside += values[y, before, c] + values[y, after, c]
                    steps = np.float32(4) * value - beside
                    result[y, x, c] += add * wanted[y, x, c] - push * (hold * value + steps)
