"""Nearest-neighbour fields: which patch of a source matches each place of a target.

Images are uint8 (H, W, C) with any number of channels, fields int32 (h, w, 2): row and column of
the top left pixel of the source's patch. Results do not depend on the number of threads.

The search is coherent. A tree over the largest coefficients of the patches' cosine transform finds
near patches for every other place of every other row; then each place tries the continuations of
its neighbours' matches. Nothing is random.

Sources: Hertzmann et al., "Image Analogies", SIGGRAPH 2001, Section 3.1 (a tree and coherence);
Ashikhmin, "Synthesizing natural textures", I3D 2001 (continuing the matches of neighbours);
Lefebvre and Hoppe, "Parallel controllable texture synthesis", SIGGRAPH 2005 (moving matches that
were carried from a smaller size).
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.spatial import cKDTree

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.windows import bands
from internal_gan.patches import kernels
from internal_gan.shapes import Flags, Image, Places
from internal_gan.stopping import check_stop
from internal_gan.units import Size

PATCH = kernels.PATCH

# Rows that one thread works on at a time. Results at the border of two bands depend on it, so it
# must not depend on the number of threads.
BAND = 64
FLAGS_AT_ONCE = 2**18  # pixels, which stay in the cache of the processor

# The tree compares patches by those coefficients of their cosine transform that vary most.
TREE_WAVES = 16  # coefficients
FREQUENCIES = 5  # along each axis, the lowest, from which they are chosen
SAMPLED_PATCHES = 1000  # roughly, of the source, that decide which vary most
TREE_STRIDE = 2  # places and rows from one look-up in the tree to the next
TREE_MATCHES = 2  # from each look-up
TREE_PLACES = 2**20  # above so many, the tree has only those of every TREE_STRIDE-th row and column
TREE_TOLERANCE = 2.0  # a match is at most 1 + this times as far away as the nearest
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


class Index:
    """An image in which patches are searched; only ``allowed`` ones, (h, w), may be taken."""

    def __init__(self, image: Image, allowed: Flags | None = None) -> None:
        self.image = image
        self.grid = grid(image.shape[:2])
        self.allowed = np.ones(self.grid, np.bool_) if allowed is None else allowed

    def nearest(self, target: Image, active: Flags) -> Places:
        """Near patches for every ``TREE_STRIDE``-th place of a target, (rows, columns, k, 2);
        arbitrary ones where no place is active."""
        queries = _keys(target, self._basis, TREE_STRIDE)
        places, tree = self._tree
        rows, columns = (
            np.minimum((index + TREE_STRIDE // 2) // TREE_STRIDE, side - 1)
            for index, side in zip(active.nonzero(), queries.shape, strict=False)
        )
        wanted = np.zeros(queries.shape[:2], np.bool_)
        wanted[rows, columns] = True
        matches = min(TREE_MATCHES, tree.n)
        _, found = tree.query(
            queries[wanted], matches, TREE_TOLERANCE, workers=torch.get_num_threads()
        )
        seeds = np.zeros((*wanted.shape, matches, 2), np.int32)
        seeds[wanted] = places[found.reshape(-1, matches)]
        return seeds

    @cached_property
    def _basis(self) -> NDArray[np.float32]:
        """The waves along which patches vary most, (PATCH^2 C, k)."""
        channels = self.image.shape[2]
        waves = dct(np.eye(PATCH), norm="ortho", axis=0)[:FREQUENCIES]
        colours = dct(np.eye(channels), norm="ortho", axis=0)
        basis = waves[:, None, None, :, None, None] * waves[None, :, None, None, :, None]
        basis = basis * colours[None, None, :, None, None, :]
        columns = basis.reshape(-1, PATCH * PATCH * channels).T.astype(np.float32)
        stride = max(1, math.isqrt(math.prod(self.grid) // SAMPLED_PATCHES))
        spread = _coefficients(self.image, np.ascontiguousarray(columns), stride).var(axis=(0, 1))
        best = np.argsort(-spread, kind="stable")[:TREE_WAVES]
        return np.ascontiguousarray(columns[:, best])

    @cached_property
    def _tree(self) -> tuple[Places, cKDTree]:
        stride = TREE_STRIDE if np.count_nonzero(self.allowed) > TREE_PLACES else 1
        if not self.allowed[::stride, ::stride].any():
            stride = 1
        chosen = self.allowed[::stride, ::stride]
        keys = _keys(self.image, self._basis, stride)[chosen]
        places = (stride * np.argwhere(chosen)).astype(np.int32)
        return places, cKDTree(keys, balanced_tree=False)


def search(
    target: Image,
    source: Index,
    *,
    start: Places | None = None,
    seeds: bool = True,
    sweeps: int = 2,
    weights: NDArray[np.float32] | None = None,
    active: Flags | None = None,
    price: float = 0.0,
    shifts: int = 0,
    wrap: Wrap = NO_WRAP,
) -> Field:
    """Find a near patch of the source for every patch of the target.

    Args:
        target: (H, W, C), both sides at least ``PATCH``.
        start: allowed matches to begin with, (h, w, 2); by default, the tree's.
        seeds: whether to consider the tree's matches in addition to ``start``.
        sweeps: passes in which each place tries the continued matches of its neighbours.
        weights: factors on the distances to the source's patches, 1 by default.
        active: (h, w), the places of the target that are searched; the others keep ``start``.
        price: added to the squared distance for each of the four neighbours that is not continued.
        shifts: a place also tries its own match moved by up to this many pixels along each axis,
            which corrects matches that were carried from a smaller size.
    """
    check_stop()
    rows, columns = grid(target.shape[:2], wrap)
    target = around(target, wrap)
    weights = np.empty((0, 0), np.float32) if weights is None else weights
    active = np.ones((rows, columns), np.bool_) if active is None else active
    given = flat(target), flat(source.image), source.allowed, weights, active, target.shape[2]
    distances = np.full((rows, columns), kernels.FAR, np.int32)
    if start is None:
        places = np.zeros((rows, columns, 2), np.int32)
    else:
        places = start.copy()
        over_rows(kernels.measure, rows, given, places, distances)
    if seeds:
        found = source.nearest(target, active)
        over_rows(kernels.consider, rows, given, places, distances, found, TREE_STRIDE)
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
    result = np.empty((height, width), np.bool_)
    for rows in bands((height, width), FLAGS_AT_ONCE) if width else ():
        found = flags[rows.start : rows.stop + side - 1]
        for axis in range(2):
            length = 1
            while length < side:
                step = min(length, side - length)
                along = found.swapaxes(0, axis)
                found = (along[:-step] | along[step:]).swapaxes(0, axis)
                length += step
        result[rows] = found
    return result


def over_rows(kernel: Callable[..., None], rows: int, *arguments: Any, band: int = BAND) -> None:
    """Run a kernel over all rows, so many at a time, on as many threads as torch may use."""
    bands = [(top, min(top + band, rows)) for top in range(0, rows, band)]
    threads = min(torch.get_num_threads(), len(bands))
    run = _pool(threads).map if threads > 1 else map
    for _ in run(lambda some: kernel(*arguments, *some), bands):
        pass


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Kept, since a picture takes hundreds of searches; a forked child computes on one thread."""
    return ThreadPoolExecutor(threads, "patches")


def _keys(image: Image, basis: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """(rows, columns, k + 2), what trees compare: coefficients and, so that the patches of a white
    background need not be compared one by one, places."""
    coefficients = _coefficients(image, basis, stride)
    rows, columns = coefficients.shape[:2]
    places = np.moveaxis(np.indices((rows, columns), np.float32), 0, -1)
    return np.concatenate([coefficients, places * np.float32(stride * LEVELS_PER_PIXEL)], axis=2)


def _coefficients(image: Image, basis: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """(rows, columns, k) of the patches at every ``stride``-th place."""
    height, width = grid(image.shape[:2])
    result = np.empty((-(-height // stride), -(-width // stride), basis.shape[1]), np.float32)
    over_rows(kernels.project, len(result), flat(image), image.shape[2], basis, stride, result)
    return result
