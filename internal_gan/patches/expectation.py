"""The loop that enlarges pictures, compiled by numba: it adds up the details that patches are
expected to have. :mod:`internal_gan.models.patches.enlarging` calls it, and explains them."""

import numpy as np

from internal_gan.patches.kernels import inlined, rounded_anyhow

TILE = 8  # the side of a tile, in pixels
# From a patch's middle to its border, in pixels. The loop unrolls sums of 2 REACH + 1 = 5 numbers
# by hand: another reach needs another loop.
REACH = 2
LANES = 32  # tiles that are worked on at once


@rounded_anyhow
def expect(blurred, examples, details, tiles, firsts, near, bell, scale, total, top, bottom):
    """Add the expected details of the patches around all pixels of some rows of tiles to ``total``.

    A tile has ``TILE`` pixels a side, and the examples of its patches are the ``near`` rows and
    columns of patches from ``firsts`` on. The weight of one is exp(-``scale`` d) for a squared
    distance of d, divided by the sum of all weights. Overlapping patches are added with the weights
    ``bell`` along each axis.

    Distances of all pairs of patches are summed from those of all pairs of pixels, along one axis
    and then the other, and so are weights. ``LANES`` tiles side by side are worked on at once.

    Args:
        blurred: (3, H, W), whole tiles, with a border of ``REACH`` pixels; like all images float32.
        examples, details: (3, h, w), of the photo, with the same border.
        tiles: the numbers of the rows of tiles; ``top`` and ``bottom`` count in it. Rows that
            follow each other both write where they meet.
        firsts: the examples' first row of each row of tiles, and first column of each column.
        total: like ``blurred``.
    """
    side = TILE + 2 * REACH
    near_rows, near_columns = near
    height, width = near_rows + 2 * REACH, near_columns + 2 * REACH
    span = 2 * REACH + 1
    given = np.empty((side, side, 3, LANES), np.float32)
    example = np.empty((height, width, 3, LANES), np.float32)
    detail = np.empty_like(example)
    pixels = np.empty((side, width, LANES), np.float32)  # squared distances
    lines = np.empty((span, TILE, near_columns, LANES), np.float32)
    weights = np.empty((TILE, near_rows, TILE, near_columns, LANES), np.float32)
    # Weights of a row and a row of examples, with zeros around.
    spread = np.zeros((side + 2 * REACH, width + 2 * REACH, LANES), np.float32)
    made = np.empty((side, side, 3, LANES), np.float32)
    least, share = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    columns = len(firsts[1])
    for number in range(top, bottom):
        row = tiles[number] * TILE
        first = firsts[0][tiles[number]]
        for start in range(0, columns, LANES):
            for t in range(LANES):
                tile = min(start + t, columns - 1)
                left = firsts[1][tile]
                for k in range(3):
                    for y in range(side):
                        for x in range(side):
                            given[y, x, k, t] = blurred[k, row + y, tile * TILE + x]
                    for y in range(height):
                        for x in range(width):
                            example[y, x, k, t] = examples[k, first + y, left + x]
                            detail[y, x, k, t] = details[k, first + y, left + x]
            for diagonal in range(span - height, side - span + 1):
                begin = max(0, diagonal)
                for y in range(begin, min(side, height + diagonal)):
                    n = y - diagonal
                    line = lines[y % 5]
                    for x in range(side):
                        for z in range(max(0, x - TILE + 1), min(width, x + near_columns)):
                            for t in range(LANES):
                                a = given[y, x, 0, t] - example[n, z, 0, t]
                                b = given[y, x, 1, t] - example[n, z, 1, t]
                                c = given[y, x, 2, t] - example[n, z, 2, t]
                                pixels[x, z, t] = a * a + b * b + c * c
                    for x in range(TILE):
                        for z in range(near_columns):
                            for t in range(LANES):
                                a = pixels[x, z, t] + pixels[x + 1, z + 1, t]
                                b = pixels[x + 2, z + 2, t] + pixels[x + 3, z + 3, t]
                                line[x, z, t] = a + b + pixels[x + 4, z + 4, t]
                    if y - begin < 4:
                        continue
                    summed = weights[y - 4, n - 4]
                    for x in range(TILE):
                        for z in range(near_columns):
                            for t in range(LANES):
                                a = lines[0, x, z, t] + lines[1, x, z, t]
                                b = lines[2, x, z, t] + lines[3, x, z, t]
                                summed[x, z, t] = a + b + lines[4, x, z, t]
            for y in range(TILE):
                for x in range(TILE):
                    least[:] = weights[y, 0, x, 0]
                    for n in range(near_rows):
                        for z in range(near_columns):
                            for t in range(LANES):
                                least[t] = min(least[t], weights[y, n, x, z, t])
                    share[:] = np.float32(0)
                    for n in range(near_rows):
                        for z in range(near_columns):
                            for t in range(LANES):
                                weight = _decay(scale * (weights[y, n, x, z, t] - least[t]))
                                weights[y, n, x, z, t] = weight
                                share[t] += weight
                    share[:] = np.float32(1) / share
                    for n in range(near_rows):
                        for z in range(near_columns):
                            for t in range(LANES):
                                weights[y, n, x, z, t] *= share[t]
            made[:] = np.float32(0)
            for y in range(side):
                for n in range(height):
                    begin = max(0, y - TILE + 1, n - near_rows + 1)
                    end = min(2 * REACH, y, n)
                    if begin > end:
                        continue
                    spread[4 : 4 + TILE, 4 : 4 + near_columns] = np.float32(0)
                    for o in range(begin, end + 1):
                        some = weights[y - o, n - o]
                        for x in range(TILE):
                            for z in range(near_columns):
                                for t in range(LANES):
                                    spread[x + 4, z + 4, t] += bell[o] * some[x, z, t]
                    for x in range(side):
                        for z in range(max(0, x - TILE + 1), min(width, x + near_columns)):
                            for t in range(LANES):
                                a = bell[0] * spread[x + 4, z + 4, t]
                                a += bell[1] * spread[x + 3, z + 3, t]
                                a += bell[2] * spread[x + 2, z + 2, t]
                                a += bell[3] * spread[x + 1, z + 1, t]
                                a += bell[4] * spread[x, z, t]
                                made[y, x, 0, t] += a * detail[n, z, 0, t]
                                made[y, x, 1, t] += a * detail[n, z, 1, t]
                                made[y, x, 2, t] += a * detail[n, z, 2, t]
            for t in range(min(LANES, columns - start)):
                left = (start + t) * TILE
                for k in range(3):
                    for y in range(side):
                        for x in range(side):
                            total[k, row + y, left + x] += made[y, x, k, t]


@inlined
def _decay(x):
    """exp(-x) for x of at least 0, to four digits where the result is above 1e-17: the seventh
    Taylor polynomial at x / 64, to the power of 64. It stays large enough for products with it to
    be fast."""
    x, one = min(x, np.float32(60)) * np.float32(1 / 64), np.float32(1)
    y = one - x * np.float32(1 / 6) * (one - x * np.float32(1 / 7))
    y = one - x * np.float32(1 / 4) * (one - x * np.float32(1 / 5) * y)
    y = one - x * (one - x * np.float32(1 / 2) * (one - x * np.float32(1 / 3) * y))
    for _ in range(6):
        y *= y
    return y
