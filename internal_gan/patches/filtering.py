"""The loops of filters by kind, compiled by numba; see :mod:`internal_gan.patches.filters`."""

import numpy as np

from internal_gan.patches.kernels import rounded_anyhow

REACH = 2  # of a filter, in pixels around its place
SPAN = 2 * REACH + 1  # the side of a filter, in pixels
NEAR = 3  # the reach of the window in which gradients are averaged, in pixels


@rounded_anyhow
def structure(gray, window, angles, made, top, bottom):
    """Write what the gradients around each pixel of a gray image (H, W) are, into ``made``.

    Args:
        gray: with a border of NEAR + 1 pixels.
        window: (2 NEAR + 1,), weights along each axis.
        angles: in how many steps a half turn is divided.
        made: (3, H, W): the angle, in whole steps, the strength and the coherence.
    """
    width, side = made.shape[2], 2 * NEAR + 1
    sums = np.empty((3, width + 2 * NEAR), np.float32)
    half, turn = np.float32(0.5), np.float32(angles / (2 * np.pi))
    for y in range(top, bottom):
        sums[:] = np.float32(0)
        for i in range(side):
            above, here, below = gray[y + i], gray[y + i + 1], gray[y + i + 2]
            weight = window[i]
            for x in range(width + 2 * NEAR):
                across = (here[x + 2] - here[x]) * half
                down = (below[x + 1] - above[x + 1]) * half
                sums[0, x] += weight * across * across
                sums[1, x] += weight * across * down
                sums[2, x] += weight * down * down
        for x in range(width):
            xx, xy, yy = np.float32(0), np.float32(0), np.float32(0)
            for i in range(side):
                xx += window[i] * sums[0, x + i]
                xy += window[i] * sums[1, x + i]
                yy += window[i] * sums[2, x + i]
            apart = np.sqrt((xx - yy) * (xx - yy) + np.float32(4) * xy * xy)
            large = np.sqrt((xx + yy + apart) * half)
            small = np.sqrt(max((xx + yy - apart) * half, np.float32(0)))
            step = np.float32(np.rint(np.arctan2(np.float32(2) * xy, xx - yy) * turn))
            made[0, y, x] = step + angles if step < 0 else step
            made[1, y, x] = large
            made[2, y, x] = (large - small) / (large + small + np.float32(1e-6))


@rounded_anyhow
def gather(image, change, kinds, products):
    """Add the products of the pixels around each place, without their mean, and of its change, to
    those of its kind, (kinds, SPAN^2 + 1, SPAN^2 + 1)."""
    height, width = change.shape
    values = np.empty(SPAN * SPAN + 1, np.float64)
    for y in range(height):
        for x in range(width):
            mean = 0.0
            for i in range(SPAN):
                for j in range(SPAN):
                    value = image[y + i, x + j]
                    values[i * SPAN + j] = value
                    mean += value
            mean /= SPAN * SPAN
            for i in range(SPAN * SPAN):
                values[i] -= mean
            values[SPAN * SPAN] = change[y, x]
            into = products[kinds[y, x]]
            for i in range(SPAN * SPAN):
                for j in range(SPAN * SPAN + 1):
                    into[i, j] += values[i] * values[j]


@rounded_anyhow
def apply(image, kinds, taps, made, top, bottom):
    """Add what filters make of an image with a border, (C, H + 2 REACH, W + 2 REACH), to another
    (C, H, W)."""
    channels, _, width = made.shape
    for y in range(top, bottom):
        for x in range(width):
            of_kind = taps[kinds[y, x]]
            for k in range(channels):
                total = np.float32(0)
                for i in range(SPAN):
                    for j in range(SPAN):
                        total += of_kind[i, j] * image[k, y + i, x + j]
                made[k, y, x] += total
