"""Finds whether all around a hole is one colour, or one slow gradient: it goes on in the hole."""

import numpy as np
from scipy.ndimage import binary_dilation, label

from internal_gan.images.photo import Photo
from internal_gan.images.windows import Part, Window, extent, within
from internal_gan.shapes import Flags, Mask

RING = 2  # pixels around the hole that decide
# They differ from a plane through their colours by at most this, in [-1, 1], such as by grain, but
# for a share of them, such as what compression smears of a line beside them.
GRAIN = 12 * 2 / 255
FEW = 0.1
LEAST = 24  # of these pixels


def flat_around(photo: Photo, part: Part, window: Window, closed: Mask) -> Flags | None:
    """Where a window shows the one colour that is all around a part of its hole, (h, w); None if
    there is none.

    Args:
        photo: as :func:`internal_gan.images.levels.spread` gives it.
        closed: of the window, 1 where no pixel may be taken from, the hole included.
    """
    known = closed[0, 0].numpy() == 0
    inside = np.zeros(extent(window), np.bool_)
    inside[within(part.window, window)] = part.mask[0, 0].numpy() > 0
    ring = binary_dilation(inside, np.ones((3, 3)), RING) & known
    if ring.sum() < LEAST:
        return None
    image = photo.crop(*window).pixels[0].permute(1, 2, 0).numpy()
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in extent(window))
    where, fitted = np.ones((*extent(window), 3), np.float32), ring
    where[..., 0], where[..., 1] = rows[:, None], columns
    for _ in range(2):  # once more without those that are off
        plane = np.linalg.lstsq(where[fitted], image[fitted], rcond=None)[0]
        near = np.abs(image - where @ plane).max(axis=2) <= GRAIN
        fitted = ring & near
        if fitted.sum() < (1 - FEW) * ring.sum():
            return None
    labels, _ = label(near & known)
    return np.isin(labels, np.setdiff1d(labels[ring], 0))
