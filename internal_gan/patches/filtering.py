"""The loops of filters by kind, compiled by numba; see :mod:`internal_gan.patches.filters`."""

import numpy as np

from internal_gan.patches.kernels import rounded_anyhow

REACH = 2  # of a filter, in pixels around its place
SPAN = 2 * REACH + 1


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
