"""Rebuilds a part of a picture from the picture's own patches, and keeps the rest.

The drawing inside the part decides, at a small size, which pixels go there. They are then carried
octave by octave to the full size, and searched again near seams and along the border.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, maximum_filter1d

from internal_gan.finishing.seams import HOLD, hide_inside, near_seams, seam_figure
from internal_gan.finishing.synthesis import ROUNDS, SHORTEST, resized, scaled, scales
from internal_gan.finishing.whole import DECIDED, PRICE, halved, in_eight_bits
from internal_gan.patches.field import PATCH, Flags, Image, Index, Places, Wrap, grid, search
from internal_gan.patches.origins import (
    CENTRE_WEIGHTS,
    UNIFORM_WEIGHTS,
    carry,
    field_of,
    taken,
    vote,
)
from internal_gan.units import Size

Window = tuple[slice, slice]

# Rounds near seams at each octave, sweeps per round, and by how many pixels a sweep may move
# matches: a match that was carried to twice the size is only right to within a pixel.
CAREFUL_ROUNDS, CAREFUL_SWEEPS, SHIFTS = 3, 2, 1


@dataclass(frozen=True)
class Filled:
    """The window of a picture that holds the rebuilt part.

    Attributes:
        window: rows and columns.
        pixels: (h, w, C), unchanged outside the part.
        origins: (h, w, 2), row and column of each pixel in the whole picture.
        exact: (h, w), whether a pixel is the one at its origin, not changed at a seam.
        seam: see :func:`internal_gan.finishing.seams.seam_figure`.
    """

    window: Window
    pixels: NDArray[Any]
    origins: Places
    exact: Flags
    seam: float


@dataclass(frozen=True)
class _Octave:
    """A picture at one size, the part to rebuild, where no pixel is taken from, and a guide."""

    image: Image
    part: Flags
    barred: Flags
    guide: Image | None = None

    @property
    def size(self) -> Size:
        return self.image.shape[0], self.image.shape[1]

    @property
    def index(self) -> Index:
        return Index(self.image, ~touching(self.barred, (False, False)))

    def made_of(self, origins: Places) -> Image:
        """The image made of the pixels at these places; a guide channel stays unchanged."""
        picture = taken(self.image, origins)
        picture[..., 3:] = self.image[..., 3:]
        return picture

    def halved(self) -> _Octave:
        flags = _any_of_four(self.part), _any_of_four(self.barred)
        guide = None if self.guide is None else halved(self.guide)
        return _Octave(halved(self.image), *flags, guide)

    def at(self, scale: float) -> _Octave:
        size = scaled(self.size, scale)
        part, barred = _shrunk(self.part, size), _shrunk(self.barred, size)
        guide = None if self.guide is None else resized(self.guide.repeat(3, 2), size)[..., :1]
        return _Octave(resized(self.image, size), part, barred, guide)

    def guided(self) -> _Octave:
        """The same with the guide as an extra channel of the image."""
        if self.guide is None:
            return self
        image = np.concatenate([self.image, self.guide], axis=2)
        return _Octave(np.ascontiguousarray(image), self.part, self.barred)


def finish_inside(
    picture: NDArray[Any],
    part: Flags,
    barred: Flags | None = None,
    *,
    guide: Image | None = None,
    shortest: float = SHORTEST,
    wrap: Wrap = (False, False),
    told: Callable[[float], None] | None = None,
) -> Filled | None:
    """Rebuild a part of a picture from pixels elsewhere in it.

    Args:
        picture: (H, W, 3) of 8 or 16 bits; inside the part, a drawing of what should go there.
        part: (H, W), the pixels to rebuild.
        barred: (H, W), where no pixel is taken from, in addition to the part.
        guide: (H, W, 1) of 8 bits, such as lines; at the small sizes, where the drawing decides,
            patches should match it, too.
        shortest: the short side of the picture, in pixels, at the first size. A larger one gives a
            result closer to the drawing, in smaller pieces.
        wrap: whether the picture wraps from bottom to top, and from right to left.
        told: called now and then with the share of the work that is done, 0 to 1.

    Returns:
        The window with the rebuilt part; None if no patch may be taken.
    """
    barred = part if barred is None else part | barred
    octaves = [_Octave(in_eight_bits(picture), part, barred, guide)]
    while min(octaves[-1].size) > DECIDED:
        octaves.append(octaves[-1].halved())
    small = octaves.pop()
    origins = _synthesised(small, shortest, wrap)
    if origins is None:
        return None
    window = _around(part, 2 ** len(octaves), wrap)
    origins = origins[_divided(window, 2 ** len(octaves))]
    for number, octave in list(enumerate(octaves))[::-1]:
        if told is not None:
            # An octave takes four times as long as the one before; hiding seams is the other half.
            told(4.0 ** -(number + 1) / 2)
        origins = _enlarged(origins, octave, _divided(window, 2**number), wrap)
    if told is not None:
        told(0.5)
    pixels, inside = taken(picture, origins), part[window]
    kept = picture[window]
    hold = HOLD / 2 ** len(octaves)
    added = hide_inside(pixels, origins, picture, inside, part, hold, wrap)
    made = (pixels + added).round().clip(0, np.iinfo(picture.dtype).max).astype(picture.dtype)
    made = np.where(inside[..., None], made, kept)
    exact = (made == pixels).all(axis=2)
    return Filled(window, made, origins, exact, seam_figure(made, origins, picture, wrap, part))


def _synthesised(octave: _Octave, shortest: float, wrap: Wrap) -> Places | None:
    """Choose an origin for every pixel of a small picture; outside the part, it is itself."""
    origins: Places | None = None
    last = 1.0
    for scale in scales(octave.size, shortest):
        smaller = (octave if scale == 1.0 else octave.at(scale)).guided()
        index = smaller.index
        assert index.allowed is not None
        if not index.allowed.any():
            continue
        picture = smaller.image
        if origins is not None:
            carried = carry(origins, scale / last, smaller.size, smaller.size)
            origins = _kept(carried, smaller.part, (0, 0))
            picture = smaller.made_of(origins)
        reaching = touching(smaller.part, wrap)
        for number in range(ROUNDS):
            start = None
            if origins is not None:
                start = _permitted(field_of(origins, index.grid, wrap), index.allowed, reaching)
            found = searched(
                picture,
                index,
                start,
                reaching,
                seeds=start is None or number == 0,
                sweeps=2 if start is None else 1,
                wrap=wrap,
            )
            weights = CENTRE_WEIGHTS if scale == 1.0 and number == ROUNDS - 1 else UNIFORM_WEIGHTS
            itself = _places(smaller.size, (0, 0))
            before = itself if origins is None else origins
            origins = vote(found, smaller.size, weights, wrap, active=smaller.part, origins=before)
            picture = smaller.made_of(origins)
        last = scale
    return None if last != 1.0 else origins


def _enlarged(origins: Places, octave: _Octave, window: Window, wrap: Wrap) -> Places:
    """Carry origins in a window to twice the size; search near seams and along the border."""
    part = octave.part[window]
    size = part.shape[0], part.shape[1]
    twice = 2 * origins.repeat(2, 0).repeat(2, 1)[: size[0], : size[1]]
    twice += _places(size, (0, 0)) % 2
    corner = window[0].start, window[1].start
    origins = _kept(twice.clip(0, np.array(octave.size, np.int32) - 1), part, corner)
    index, reaching = octave.index, touching(part, wrap)
    assert index.allowed is not None
    for _ in range(CAREFUL_ROUNDS):
        near = near_seams(origins, PATCH - 1, wrap)
        middle = PATCH // 2
        active = np.roll(near, (-middle, -middle), (0, 1))[: len(reaching), : reaching.shape[1]]
        active = active & reaching
        if not active.any():
            break
        start = _permitted(field_of(origins, index.grid, wrap), index.allowed, active)
        picture = taken(octave.image, origins)
        how = {"seeds": False, "price": PRICE, "sweeps": CAREFUL_SWEEPS, "shifts": SHIFTS}
        found = searched(picture, index, start, active, wrap=wrap, **how)
        origins = vote(found, size, wrap=wrap, active=near & part, origins=origins)
    return origins


def searched(
    picture: Image, index: Index, start: Places | None, active: Flags, wrap: Wrap, **how: Any
) -> Places:
    """Search the active places, and leave all others unchanged."""
    result = np.zeros((*active.shape, 2), np.int32) if start is None else start.copy()
    rows, columns = (
        slice(0, side) if around else slice(int(found.min()), int(found.max()) + 1)
        for side, around, found in zip(active.shape, wrap, active.nonzero(), strict=True)
    )
    here = rows, columns
    pixels = tuple(
        slice(span.start, span.stop + (0 if around else PATCH - 1))
        for span, around in zip(here, wrap, strict=True)
    )
    result[here] = search(
        np.ascontiguousarray(picture[pixels]),
        index,
        start=None if start is None else np.ascontiguousarray(start[here]),
        active=np.ascontiguousarray(active[here]),
        wrap=wrap,
        **how,
    ).places
    return result


def _permitted(field: Places, allowed: Flags, active: Flags) -> Places:
    """Replace active matches that are not allowed by those of the nearest places that are."""
    good = allowed[field[..., 0], field[..., 1]]
    bad = active & ~good
    if not bad.any():
        return field
    if not good.any():
        field[bad] = np.argwhere(allowed)[0]
        return field
    nearest = distance_transform_edt(~good, return_distances=False, return_indices=True)
    field[bad] = field[nearest[0][bad], nearest[1][bad]]
    return field


def _kept(origins: Places, part: Flags, corner: Size) -> Places:
    """The origins in the part; outside it, every pixel is its own origin."""
    return np.where(part[..., None], origins, _places(origins.shape[:2], corner))


def _places(size: Size, corner: Size) -> Places:
    rows, columns = np.indices(size, np.int32)
    return np.stack([rows + np.int32(corner[0]), columns + np.int32(corner[1])], axis=-1)


def _around(part: Flags, step: int, wrap: Wrap) -> Window:
    """The window of the part and a margin, at multiples of ``step``; all of an axis that wraps."""
    sides = []
    for axis, around in enumerate(wrap):
        side = part.shape[axis]
        found = np.flatnonzero(part.any(axis=1 - axis))
        start = max(0, int(found[0]) // step - PATCH) * step
        stop = min(side, (int(found[-1]) // step + 1 + PATCH) * step)
        sides.append(slice(0, side) if around else slice(start, stop))
    return sides[0], sides[1]


def _divided(window: Window, by: int) -> Window:
    rows, columns = (slice(side.start // by, -(-side.stop // by)) for side in window)
    return rows, columns


def touching(flags: Flags, wrap: Wrap) -> Flags:
    """For the patch at each place, whether it holds a flagged pixel."""
    height, width = grid((flags.shape[0], flags.shape[1]), wrap)
    found = flags.astype(np.uint8)
    for axis, around in enumerate(wrap):
        mode = "wrap" if around else "constant"
        found = maximum_filter1d(found, PATCH, axis, mode=mode, origin=-(PATCH // 2))
    touching: Flags = found[:height, :width].astype(np.bool_)
    return touching


def _any_of_four(flags: Flags) -> Flags:
    height, width = flags.shape
    even = np.pad(flags, ((0, height % 2), (0, width % 2)))
    rows = even[::2] | even[1::2]
    return np.asarray(rows[:, ::2] | rows[:, 1::2])


def _shrunk(flags: Flags, size: Size) -> Flags:
    """Flags at a smaller size: whether any of a pixel's area is flagged."""
    levels = PIL.Image.fromarray(flags.astype(np.float32))
    found: Flags = np.asarray(levels.resize(size[::-1], PIL.Image.Resampling.BOX)) > 1e-4
    return found
