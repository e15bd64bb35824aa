"""The loops of the patch engine, compiled by numba; :mod:`internal_gan.patches.fast` calls them.

Images are uint8 (H, W C): a row holds the channels of each pixel side by side. A field, int32
(h, w, 2), holds the place of a source patch for the patch at each place of a target; a place is a
patch's top left pixel. A target that wraps has its first rows or columns repeated at its end.

The loops of the search are ``given`` the target, the source, which of its patches are ``allowed``,
their ``weights`` (empty: all are 1), the ``active`` places of the target, and the number of
channels.

A loop works on rows ``top`` to ``bottom``. It reads other rows only as they were when it began, so
bands of rows can be worked on in any order and in parallel.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

PATCH = 7  # the side of a patch, in pixels
FAR = np.int32(2**30)  # larger than any distance


def _can_be_kept() -> bool:
    """Whether compiled code can be cached, in the package's folder or the user's numba cache."""
    try:
        njit(cache=True)(_can_be_kept)
    except RuntimeError:
        return False
    return True


KEPT = _can_be_kept()


# Compiled when they are first called, loops run without Python's global lock.
compiled = njit(nogil=True, cache=KEPT)
# The same for loops of finite numbers that may be added in any order.
rounded_anyhow = njit(nogil=True, cache=KEPT, fastmath=True)
inlined = njit(inline="always")


@inlined
def _distance(target, source, y, x, source_y, source_x, channels, limit):
    """Sum of squared differences of two patches, or something above ``limit``."""
    # Unsigned indices and a constant count let the compiler vectorise.
    left, source_left = np.uintp(x * channels), np.uintp(source_x * channels)
    total = np.int32(0)
    for i in range(PATCH):
        above, below, row = np.uintp(y + i), np.uintp(source_y + i), np.int32(0)
        if channels == 3:
            for j in range(np.uintp(3 * PATCH)):
                d = np.int32(target[above, left + j]) - np.int32(source[below, source_left + j])
                row += d * d
        else:
            for j in range(np.uintp(channels * PATCH)):
                d = np.int32(target[above, left + j]) - np.int32(source[below, source_left + j])
                row += d * d
        total += row
        if total > limit:
            break
    return total


@inlined
def _factor(weights, y, x):
    """On the distance to a patch of the source; ``weights`` may be empty."""
    return weights[y, x] if weights.size else np.float32(1)


@compiled
def measure(given, field, distances, top, bottom):
    """Write the squared distances of active matches into ``distances`` (h, w), int32."""
    target, source, _, _, active, channels = given
    for y in range(top, bottom):
        for x in range(field.shape[1]):
            if active[y, x]:
                sy, sx = field[y, x, 0], field[y, x, 1]
                distances[y, x] = _distance(target, source, y, x, sy, sx, channels, FAR)


@inlined
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


@inlined
def _breaks(beside, cy, cx):
    """How many of the four neighbours a match at (cy, cx) does not continue; ``beside`` is where
    theirs would. One beyond the border counts as not continued, for every match alike."""
    count = 0
    for q in range(4):
        if beside[q, 0] != cy or beside[q, 1] != cx:
            count += 1
    return count


@compiled
def sweep(given, before, field, distances, number, price, shifts, wrap, top, bottom):
    """One sweep over the places: each tries what continues the matches of its neighbours.

    Args:
        before: the field when the sweep began.
        number: of the sweep; odd ones go backwards.
        price, shifts: see :func:`internal_gan.patches.fast.search`.
    """
    target, source, allowed, weights, active, channels = given
    width = field.shape[1]
    rows, columns = source.shape[0] - PATCH + 1, source.shape[1] // channels - PATCH + 1
    side = 2 * shifts + 1
    beside = np.empty((4, 2), np.int32)
    for i in range(top, bottom):
        y = i if number % 2 == 0 else top + bottom - 1 - i
        for j in range(width):
            x = j if number % 2 == 0 else width - 1 - j
            if not active[y, x]:
                continue
            by, bx = field[y, x, 0], field[y, x, 1]
            own_y, own_x = by, bx
            nearest = distances[y, x]
            best = np.float32(nearest) * _factor(weights, by, bx)
            if price > 0:
                for q in range(4):
                    dy = 1 - 2 * q if q < 2 else 0
                    dx = 5 - 2 * q if q >= 2 else 0
                    beside[q] = _neighbour(field, before, y, x, dy, dx, wrap, top, bottom)
                best += price * _breaks(beside, by, bx)
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
                if allowed.size and not allowed[cy, cx]:
                    continue
                weight = _factor(weights, cy, cx)
                extra = np.float32(0)
                if price > 0:
                    extra = np.float32(price * _breaks(beside, cy, cx))
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
    """Write ``keep values + part (add wanted - push (hold - Laplace) values)``, float32 (H, W);
    ``factors`` are hold, keep, add and push."""
    height, width = values.shape
    hold, keep, add, push = factors
    for y in range(top, bottom):
        row, inside, want, into = values[y], part[y], wanted[y], result[y]
        above = values[y - 1 if y > 0 else (height - 1 if wrap[0] else y)]
        below = values[y + 1 if y < height - 1 else (0 if wrap[0] else y)]
        # Without the borders, the compiler vectorises the loop.
        for x in range(1, width - 1):
            steps = np.float32(4) * row[x] - ((above[x] + below[x]) + (row[x - 1] + row[x + 1]))
            change = add * want[x] - push * (hold * row[x] + steps)
            into[x] = keep * row[x] + (change if inside[x] else np.float32(0))
        for x in (0, width - 1):
            before = row[x - 1 if x > 0 else (width - 1 if wrap[1] else x)]
            after = row[x + 1 if x < width - 1 else (0 if wrap[1] else x)]
            steps = np.float32(4) * row[x] - ((above[x] + below[x]) + (before + after))
            change = add * want[x] - push * (hold * row[x] + steps)
            into[x] = keep * row[x] + (change if inside[x] else np.float32(0))


@compiled
def coarsen(values, result, top, bottom):
    """Write the sums of two by two pixels, float32 (H, W), into ``result``, half as large; ``top``
    and ``bottom`` count its rows."""
    height, width = values.shape
    for y in range(top, bottom):
        result[y] = values[2 * y, ::2]
        result[y, : width // 2] += values[2 * y, 1::2]
        if 2 * y + 1 < height:
            result[y] += values[2 * y + 1, ::2]
            result[y, : width // 2] += values[2 * y + 1, 1::2]


@compiled
def refine(values, coarse, part, top, bottom):
    """Add values at half the size in a part, (H, W)."""
    for y in range(top, bottom):
        row, inside, more = values[y], part[y], coarse[y // 2]
        for x in range(len(row)):
            row[x] += more[x // 2] if inside[x] else np.float32(0)


@compiled
def unfit(picture, half, places, rows, prices, top, bottom):
    """About how much strips of a picture, float32 (H, W, C), cost along the best paths where they
    are put over the right and the left end, ``half`` pixels of each; into ``prices``.

    A strip has the picture's columns from ``places[k, 1]`` on, moved up by ``places[k, 0]`` rows,
    around. Of each row, and ``rows`` - 1 before it, the column counts in which it differs least.
    """
    height, width, channels = picture.shape
    errors, sums = np.empty((rows, half), np.float64), np.empty(half, np.float64)
    for k in range(top, bottom):
        down, left = places[k]
        prices[k] = 0
        for end in range(2):
            first, other = left + end * half, 0 if end else width - half
            errors[:] = 0
            sums[:] = 0
            for y in range(height):
                strip, under, before = picture[(y + down) % height], picture[y], errors[y % rows]
                for x in range(half):
                    error = np.float32(0)
                    for c in range(channels):
                        d = strip[first + x, c] - under[other + x, c]
                        error += d * d
                    sums[x] += error - before[x]
                    before[x] = error
                prices[k] += sums.min()


@compiled
def cheapest(error: NDArray[np.float32]) -> NDArray[np.intp]:
    """The column, in each row of an array (H, W), of the path from top to bottom that costs least;
    it moves by at most one column from row to row."""
    height, width = error.shape
    total = error.astype(np.float64)
    for y in range(1, height):
        above, row = total[y - 1], total[y]
        for x in range(width):
            least = above[x]
            if x > 0:
                least = min(least, above[x - 1])
            if x + 1 < width:
                least = min(least, above[x + 1])
            row[x] += least
    path = np.empty(height, np.intp)
    path[-1] = total[-1].argmin()
    for y in range(height - 2, -1, -1):
        low = max(0, path[y + 1] - 1)
        path[y] = low + total[y, low : path[y + 1] + 2].argmin()
    return path


@compiled
def barriers(plane, scans):
    """The smallest range of values on a way from each pixel of a plane to the border, by raster
    scans from either corner in turn: what they find is at least that."""
    height, width = plane.shape
    found = np.full((height, width), np.inf)
    found[0], found[-1], found[:, 0], found[:, -1] = 0, 0, 0, 0
    highest, lowest = plane.copy(), plane.copy()
    for scan in range(scans):
        step = 1 - 2 * (scan % 2)
        for row in range(height):
            y = row if step > 0 else height - 1 - row
            for column in range(width):
                x = column if step > 0 else width - 1 - column
                for down, across in ((step, 0), (0, step)):
                    if not (0 <= y - down < height and 0 <= x - across < width):
                        continue
                    high = max(highest[y - down, x - across], plane[y, x])
                    low = min(lowest[y - down, x - across], plane[y, x])
                    if high - low < found[y, x]:
                        found[y, x], highest[y, x], lowest[y, x] = high - low, high, low
    return found
