"""Seams, where pieces of a photo meet: measures how much they show, and hides them.

Two neighbouring pixels belong to one piece if they are side by side in the photo, too. Values that
are unknown are NaN; no step to or from them is used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.windows import box_of
from internal_gan.patches import kernels
from internal_gan.patches.fast import over_rows, touching
from internal_gan.shapes import Flags, Levels, Places

Values = NDArray[np.float32]
Pixel = tuple[NDArray[np.intp], ...]  # rows and columns of n pixels

# How strongly colours are held while seams are hidden, per squared pixel at the size at which the
# layout is decided: there, corrections fade within 1 / sqrt(HOLD) pixels.
HOLD = 0.02

# How they are hidden in a part: by conjugate gradients, preconditioned with a multigrid cycle.
COARSEST = 32  # the cycle stops halving at this shorter side, in pixels
SMOOTHED = 1  # smoothing steps of the cycle before each halving
STEPS = 60  # of conjugate gradients, at most
ACCURACY = 3e-3  # the relative error at which they end
ROWS = 256  # of a grid that one thread works on at a time


@dataclass(frozen=True)
class Hiding:
    """How the seams of a picture are hidden, and those of other values of its photo.

    Attributes:
        hold: the larger it is, the closer the correction stays to a seam.
        part: (H, W), outside which nothing is added.
        unknown: (h, w), pixels of the photo whose steps are not used.
    """

    hold: float
    wrap: Wrap = NO_WRAP
    part: Flags | None = None
    unknown: Flags | None = None

    def added(self, pixels: Levels, origins: Places, source: Levels) -> NDArray[np.float32]:
        """What to add to ``source`` at ``origins``; see :func:`hide`."""
        if self.part is None:
            return hide(pixels, origins, source, self)
        added = np.zeros(pixels.shape, np.float32)
        if self.part.any():
            here = tuple(
                slice(None) if wraps else slice(max(0, span.start - 1), span.stop + 1)
                for span, wraps in zip(box_of(self.part), self.wrap, strict=True)
            )
            inside = replace(self, part=self.part[here])
            added[here] = hide(pixels[here], origins[here], source, inside)
        return added


def changed(pixels: Levels, added: Values) -> tuple[Levels, Flags]:
    """Whole numbers with something added, in their range, and where they are still the same."""
    sums = pixels + added
    white = np.iinfo(pixels.dtype).max
    # In place, since pictures are large.
    made = sums.round(out=sums).clip(0, white, out=sums).astype(pixels.dtype)
    return made, (made == pixels).all(axis=2)


def breaks(origins: Places, axis: int, wrap: Wrap = NO_WRAP) -> Flags:
    """Where the next pixel along ``axis`` belongs to another piece, (H, W)."""
    steps = np.roll(origins, -1, axis) - origins
    found: Flags = (steps[..., 0] != 1 - axis) | (steps[..., 1] != axis)
    if not wrap[axis]:
        found.swapaxes(0, axis)[-1:] = False
    return found


def near_seams(origins: Places, reach: int, wrap: Wrap = NO_WRAP) -> Flags:
    """Pixels that are at most ``reach`` pixels from a seam along each axis, (H, W)."""
    near = np.zeros(origins.shape[:2], np.bool_)
    for axis in range(2):
        broken = breaks(origins, axis, wrap)
        near |= broken
        near |= np.roll(broken, 1, axis)
    for axis, wraps in enumerate(wrap):
        around = [(reach, reach) if axis == other else (0, 0) for other in range(2)]
        near = np.pad(near, around, mode="wrap" if wraps else "constant")
    return touching(near, 2 * reach + 1)


def largest_piece(origins: Places, kept: Flags | None = None) -> float:
    """The share of the picture that its largest piece covers, not counting pixels that are kept."""
    height, width = origins.shape[:2]
    number = np.arange(height * width, dtype=np.int32).reshape(height, width)
    down, right = ~breaks(origins, 0)[:-1], ~breaks(origins, 1)[:, :-1]
    first = np.concatenate([number[:-1][down], number[:, :-1][right]])
    second = np.concatenate([number[1:][down], number[:, 1:][right]])
    joined = coo_array((np.ones(len(first), np.bool_), (first, second)), (number.size,) * 2)
    _, labels = connected_components(joined, directed=False)
    counted = labels if kept is None else labels[~kept.ravel()]
    return float(np.bincount(counted, minlength=1).max() / number.size)


def seam_figure(pixels: Levels, origins: Places, source: Levels) -> float:
    """Mean step across seams of a picture, relative to its source's own steps there; at 1, no seam
    shows."""
    ours, own = 0.0, 0.0
    for before, after, expected in _crossings(origins, source, NO_WRAP, None):
        ours += float(np.abs(_step(pixels, before, after)).sum())
        own += float(np.abs(expected).sum())
    return ours / own if own else 1.0


def hide(pixels: Levels, origins: Places, source: Levels, how: Hiding) -> NDArray[np.float32]:
    """What to add to a picture, ``source`` at ``origins``, so that its steps across seams become
    those of the photo.

    Minimises |grad(pixels + E) - G|^2 + ``hold`` |E|^2. G is the picture's own gradient, except
    across seams: there it is the mean of the photo's gradients next to either pixel. Solved exactly
    by a cosine transform, or a Fourier transform along axes that wrap; in a part, by
    :func:`solved`.

    Source: Pérez et al., "Poisson Image Editing", SIGGRAPH 2003; the term that holds the colours is
    from Bhat et al., "Fourier Analysis of the 2D Screened Poisson Equation", ECCV 2008.
    """
    height, width, channels = pixels.shape
    wrap = how.wrap
    wanted = np.zeros(pixels.shape, np.float32)
    for before, after, expected in _crossings(origins, source, wrap, how.unknown):
        # What the picture's own steps lack, as a divergence.
        off = np.nan_to_num(expected - _step(pixels, before, after))
        wanted[before] -= off
        wanted[after] += off
    if how.part is not None:
        return solved(wanted, how.part, how.hold, wrap)
    waves = [_waves(side, around) for side, around in zip((height, width), wrap, strict=True)]
    strength = np.float32(how.hold) + waves[0][:, None] + waves[1][None]
    axes = sorted(range(2), key=lambda axis: wrap[axis])  # complex numbers last
    options: dict[str, Any] = {"norm": "ortho", "workers": torch.get_num_threads()}
    for channel in range(channels):
        plane: Levels = wanted[..., channel]
        for axis in axes:
            plane = (fft.fft if wrap[axis] else fft.dct)(plane, axis=axis, **options)
        plane = plane / strength
        for axis in axes[::-1]:
            plane = (fft.ifft if wrap[axis] else fft.idct)(plane, axis=axis, **options)
        wanted[..., channel] = plane.real
    return wanted


def solved(wanted: Values, part: Flags, hold: float, wrap: Wrap = NO_WRAP) -> Values:
    """E of the screened Poisson equation (hold - Laplace) E = wanted, (H, W, C), which is 0 outside
    the part; in the memory of ``wanted``. There is no step across borders that do not wrap."""
    grids = [_Grid.of(part, np.float32(hold))]
    while min(grids[-1].part.shape) > COARSEST:
        fine = grids[-1]
        even = np.pad(fine.part, [(0, side % 2) for side in fine.part.shape])
        rows = even[::2] & even[1::2]
        grids.append(_Grid.of(rows[:, ::2] & rows[:, 1::2], 4 * fine.hold))
    wanted[~part] = 0
    for channel in range(wanted.shape[2]):  # one after another, since pictures are large
        plane = np.ascontiguousarray(wanted[..., channel])
        wanted[..., channel] = _solved_plane(plane, grids, wrap)
    return wanted


def _solved_plane(wanted: Values, grids: Sequence["_Grid"], wrap: Wrap) -> Values:
    """One channel, (H, W); ``wanted`` is overwritten."""
    found = np.zeros_like(wanted)
    along = np.zeros_like(wanted)
    # Torch computes on all cores.
    left, total, way = (torch.from_numpy(values).flatten() for values in (wanted, found, along))
    enough = ACCURACY**2 * float(left.dot(left))
    before = 1.0
    for _ in range(STEPS):
        if float(left.dot(left)) <= enough:
            break
        near = _nearly_solved(wanted, grids, wrap)
        (pushed,) = (values for values in grids[0].values if values is not near)
        better = torch.from_numpy(near).flatten()
        length = float(left.dot(better))
        way.mul_(length / before).add_(better)
        # (hold - Laplace) of it in the part, and 0 outside.
        _step_of(along, along, grids[0], wrap, pushed, 0, 0, -1)
        change = torch.from_numpy(pushed).flatten()
        step = length / float(way.dot(change))
        total.add_(way, alpha=step)
        left.sub_(change, alpha=step)
        before = length
    return found


class _Grid(NamedTuple):
    """A part at one size, its hold, and two arrays to work with."""

    part: Flags
    hold: np.float32
    values: list[Values]

    @classmethod
    def of(cls, part: Flags, hold: np.float32) -> "_Grid":
        return cls(part, hold, [np.empty(part.shape, np.float32) for _ in range(2)])


def _nearly_solved(wanted: Values, grids: Sequence[_Grid], wrap: Wrap) -> Values:
    """One multigrid cycle; each grid has half the size of the last one. The result is overwritten
    by the next cycle."""
    grid, *coarser = grids
    weight = 0.8 / (4 + float(grid.hold))
    found, other = grid.values

    def smooth(times: int) -> None:
        nonlocal found, other
        for _ in range(times):
            _step_of(found, wanted, grid, wrap, other, 1, weight, weight)
            found, other = other, found

    np.multiply(wanted, np.float32(weight), out=found)
    smooth(SMOOTHED if coarser else COARSEST)
    if coarser:
        _step_of(found, wanted, grid, wrap, other, 0, 1, 1)
        coarse = np.empty(coarser[0].part.shape, np.float32)
        over_rows(kernels.coarsen, len(coarse), other, coarse, band=ROWS)
        more = _nearly_solved(coarse, coarser, wrap)
        over_rows(kernels.refine, len(found), found, more, grid.part, band=ROWS)
        smooth(SMOOTHED + 1)
    return found


def _step_of(
    values: Values, wanted: Values, grid: _Grid, wrap: Wrap, result: Values, *factors: float
) -> None:
    """:func:`internal_gan.patches.kernels.step` on a grid; ``factors`` are keep, add and push."""
    given = values, wanted, grid.part, np.array([grid.hold, *factors], np.float32), wrap
    over_rows(kernels.step, len(values), *given, result, band=ROWS)


def _waves(side: int, around: bool) -> NDArray[np.float32]:
    """Eigenvalues of minus the second difference along an axis."""
    turns = (2 if around else 1) * np.arange(side) / side
    return (2 - 2 * np.cos(np.pi * turns)).astype(np.float32)


def _step(pixels: Levels, before: Pixel, after: Pixel) -> NDArray[np.float32]:
    difference: NDArray[np.float32] = pixels[after].astype(np.float32) - pixels[before]
    return difference


def _crossings(
    origins: Places, source: Levels, wrap: Wrap, unknown: Flags | None
) -> Iterator[tuple[Pixel, Pixel, NDArray[np.float32]]]:
    """Along each axis, the pixels on either side of seams, and the source's mean step, (n, C)."""
    for axis in range(2):
        before = breaks(origins, axis, wrap).nonzero()
        step = np.array([1, 0] if axis == 0 else [0, 1])
        after = tuple(
            (place + move) % side
            for place, move, side in zip(before, step, origins.shape, strict=False)
        )
        here, there = origins[before], origins[after]
        total = np.zeros((len(here), source.shape[2]), np.float32)
        count = np.zeros_like(total)
        for first, second in ((here, here + step), (there - step, there)):
            low, high = first[:, axis] >= 0, second[:, axis] < source.shape[axis]
            inside = low & high
            if unknown is not None:
                ends = [unknown[tuple(end[inside].T)] for end in (first, second)]
                inside[inside] = ~(ends[0] | ends[1])
            own = _step(source, tuple(first[inside].T), tuple(second[inside].T))
            total[inside] += np.nan_to_num(own)
            count[inside] += ~np.isnan(own)
        total /= np.maximum(count, 1)
        yield before, after, total
