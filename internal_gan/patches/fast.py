"""Nearest-neighbour fields: which patch of a source matches each place of a target.

Images are uint8 (H, W, C) with any number of channels, fields int32 (h, w, 2): row and column of
the top left pixel of the source's patch. Results do not depend on the number of threads.

The search begins with matches carried from a smaller size; without any, it compares all patches
with all. Then each place tries the continuations of its neighbours' matches. Nothing is random.

Sources: Ashikhmin, "Synthesizing natural textures", I3D 2001 (continuing neighbours' matches);
Lefebvre and Hoppe, "Parallel controllable texture synthesis", SIGGRAPH 2005 (moving matches that
were carried from a smaller size).
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from torch import Tensor

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.patches import kernels
from internal_gan.patches.exact import nearest
from internal_gan.shapes import Flags, Image, Places
from internal_gan.stopping import check_stop
from internal_gan.units import Size

PATCH = kernels.PATCH

# Rows that one thread works on at a time. Results at the border of two bands depend on it, so it
# must not depend on the number of threads.
BAND = 64

# The most pairs of patches that are compared, which takes a tenth of a second. If there are more,
# only some of the target's patches are compared; those after each one continue its match.
MAX_PAIRS = 1e7
# A pixel of distance counts like this difference in levels: it only decides between equal patches.
LEVELS_PER_PIXEL = 0.001


class Field(NamedTuple):
    """Matches of a target's patches: their places, (h, w, 2), and sums of squared differences of
    8-bit values, (h, w) int32, arbitrary at places that were not searched."""

    places: Places
    distances: Places


def grid(size: Size, wrap: Wrap = NO_WRAP) -> Size:
    """Rows and columns of the patches in an image; one patch per pixel where it wraps."""
    height, width = (
        side if wraps else side - PATCH + 1 for side, wraps in zip(size, wrap, strict=True)
    )
    return height, width


def search(
    target: Image,
    source: Image,
    *,
    allowed: Flags | None = None,
    start: Places | None = None,
    sweeps: int = 2,
    weights: NDArray[np.float32] | None = None,
    active: Flags | None = None,
    price: float = 0.0,
    shifts: int = 0,
    wrap: Wrap = NO_WRAP,
) -> Field:
    """Find a near patch of the source for every patch of the target.

    Args:
        target, source: (H, W, C), all sides at least ``PATCH``.
        allowed: (h, w), the patches of the source that may be taken, by default all.
        start: allowed matches to begin with, (h, w, 2); by default, the nearest, or near ones.
        sweeps: passes in which each place tries the continued matches of its neighbours.
        weights: what sweeps multiply distances to the source's patches with, 1 by default.
        active: (h, w), the places of the target that are searched; the others keep ``start``.
        price: added to the squared distance for each of the four neighbours that is not continued.
        shifts: a place also tries its own match moved by up to this many pixels along each axis,
            which corrects matches that were carried from a smaller size.
    """
    check_stop()
    rows, columns = grid(target.shape[:2], wrap)
    target = around(target, wrap)
    weights = np.empty((0, 0), np.float32) if weights is None else weights
    allowed = np.empty((0, 0), np.bool_) if allowed is None else allowed
    active = np.ones((rows, columns), np.bool_) if active is None else active
    given = flat(target), flat(source), allowed, weights, active, target.shape[2]
    distances = np.full((rows, columns), kernels.FAR, np.int32)
    if start is None:
        places = np.zeros((rows, columns, 2), np.int32)
        places[active] = _nearest(target, np.argwhere(active), source, allowed)
    else:
        places = start.copy()
    over_rows(kernels.measure, rows, given, places, distances)
    how = np.float32(price), shifts, wrap
    for number in range(sweeps):
        over_rows(kernels.sweep, rows, given, places.copy(), places, distances, number, *how)
    return Field(places, distances)


def around(image: Image, wrap: Wrap) -> Image:
    """An image with its first rows or columns repeated at its end along axes that wrap."""
    more = [(0, PATCH - 1 if axis else 0) for axis in wrap]
    return np.pad(image, [*more, (0, 0)], mode="wrap") if any(wrap) else image


def flat(image: Image) -> Image:
    """(H, W C), contiguous and writable: loops would be compiled again for other kinds of array."""
    return np.require(image, requirements=["C", "W"]).reshape(image.shape[0], -1)


def touching(flags: Flags, side: int = PATCH) -> Flags:
    """For the square of ``side`` pixels that begins at each place, by default a patch, whether it
    holds a flagged pixel: (H - side + 1, W - side + 1)."""
    height, width = (max(0, length - side + 1) for length in flags.shape)
    found: Flags = maximum_filter(flags, side, origin=-(side // 2))[:height, :width]
    return found


def over_rows(kernel: Callable[..., None], rows: int, *arguments: Any, band: int = BAND) -> None:
    """Run a kernel over all rows, ``band`` at a time, on as many threads as torch may use."""
    bands = [(top, min(top + band, rows)) for top in range(0, rows, band)]
    threads = min(torch.get_num_threads(), len(bands))
    run = _pool(threads).map if threads > 1 else map
    for _ in run(lambda some: kernel(*arguments, *some), bands):
        pass


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Kept, since a picture takes hundreds of searches; a forked child computes on one thread."""
    return ThreadPoolExecutor(threads, "patches")


def _nearest(target: Image, places: NDArray[Any], source: Image, allowed: Flags) -> Places:
    """The nearest patches of a source for those at some places of a target, (n, 2)."""
    allowed = allowed if allowed.size else np.ones(grid(source.shape[:2]), np.bool_)
    others = np.argwhere(allowed)
    step = math.ceil(len(others) * len(places) / MAX_PAIRS)
    compared = places[::step]
    found = others[nearest(_rows(target, compared), _rows(source, others)).numpy()]
    matches, before = (rows.repeat(step, axis=0)[: len(places)] for rows in (found, compared))
    result: Places = (matches + places - before).astype(np.int32)
    inside: Flags = np.all((result >= 0) & (result < allowed.shape), axis=1)
    inside[inside] = allowed[tuple(result[inside].T)]
    result[~inside] = matches[~inside]
    return result


def _rows(image: Image, places: NDArray[Any]) -> Tensor:
    """The patches at some places, (n, PATCH^2 C + 2) float64; the last two are the place."""
    patches = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), axis=(0, 1))
    rows = patches[tuple(places.T)].reshape(len(places), -1)
    return torch.from_numpy(np.concatenate([rows, LEVELS_PER_PIXEL * places], axis=1))
