"""Finishes the drawings of a film with a photo's own pixels.

The first frame is finished like any picture. In each later frame, only places whose drawing has
changed are rebuilt: the search starts from their previous matches, and the result is carried to the
full size. All other pixels stay unchanged, and seams are hidden only inside the changed places. New
pixels fade in over several frames, and do not change again until they have.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_propagation, maximum_filter

from internal_gan.finishing.part import searched, touching
from internal_gan.finishing.seams import HOLD, hide, hide_again
from internal_gan.finishing.synthesis import ROUNDS, resized, scaled, scales, stages
from internal_gan.finishing.whole import (
    CAREFUL,
    enlarged,
    improved,
    octaves_of,
    sizes_of,
)
from internal_gan.patches.field import Flags, Image, Index, Places
from internal_gan.patches.origins import (
    CENTRE_WEIGHTS,
    UNIFORM_WEIGHTS,
    carry,
    field_of,
    taken,
    vote,
)
from internal_gan.units import Size

# In levels of 255: a place has changed above CHANGED, and next to such a place, above UNSETTLED.
CHANGED, UNSETTLED = 10, 4

_FLAT = (False, False)
_AROUND = np.ones((3, 3), np.bool_)


def film(
    drawings: Iterable[Image],
    photo: Image,
    size: Size,
    *,
    fade: int = 1,
    loop: int | None = None,
) -> Iterator[Image]:
    """Make the frames of a film from a photo's pixels, one by one.

    A pixel whose drawing does not change stays exactly the same once it has faded in.

    Args:
        drawings: (h, w, 3) each, all of the same size.
        photo: (H, W, 3), with pixels of the same size as the frames'.
        size: (height, width) of the frames.
        fade: number of frames over which a new pixel fades in; 1 shows it immediately.
        loop: number of frames, if the last one leads to the first; the last ones then fade into the
            first.

    Yields:
        (height, width, 3).
    """
    fade = fade if loop is None else min(fade, loop)
    frames = Frames(photo, size, fade)
    for number, drawing in enumerate(drawings):
        if number == 0:
            goal = first = frames.next(drawing)
            shown = goal.astype(np.float32)
            left = np.zeros(size, np.float32)
        else:
            closes = loop is not None and number > loop - fade
            following = first if closes else frames.next(drawing)
            left[(following != goal).any(axis=2)] = fade
            goal = following
            # Each frame takes an equal share of the remaining difference.
            share = np.divide(1, left, out=np.zeros_like(left), where=left > 0)
            shown += share[..., None] * (goal - shown)
            np.maximum(left - 1, 0, out=left)
        yield shown.round().astype(np.uint8)


class Frames:
    """Finishes drawings one after another, and keeps all pixels whose drawing does not change.

    Args:
        photo: (H, W, 3), with pixels of the same size as the frames'.
        size: (height, width) of the frames.
        rest: number of frames for which a place stays unchanged after a change.

    Attributes:
        changed: (height, width), where the last drawing has changed; None before the second.
    """

    def __init__(self, photo: Image, size: Size, rest: int = 1) -> None:
        octaves = list(octaves_of(photo))
        sizes = sizes_of(octaves, size, _FLAT)
        small, small_size = octaves[-1], sizes[-1]
        steps = scales(small.shape[:2], CAREFUL, min(small_size))
        self._small = len(steps)
        sources = [resized(small, scaled(small.shape[:2], step)) for step in steps]
        self._indices = [Index(source) for source in [*sources, *octaves[-2::-1]]]
        self._sizes = [*(scaled(small_size, step) for step in steps), *sizes[-2::-1]]
        factors = [b / a for a, b in itertools.pairwise(steps)]
        self._ratios = [1.0, *factors, *[2.0] * (len(octaves) - 1)]
        self._hold = HOLD / 2 ** (len(octaves) - 1)
        self._photo, self._size, self._rest = photo, size, rest
        self._drawing: NDArray[Any] | None = None
        self._origins = list[Places]()
        self.changed: Flags | None = None

    def next(self, drawing: Image) -> Image:
        """Finish a drawing (h, w, 3); the result is (height, width, 3)."""
        picture = resized(drawing, self._sizes[0])
        if self._drawing is None:
            self._drawing = picture
            self._rested = np.full(picture.shape[:2], self._rest)
            self._begin(drawing)
        else:
            off = np.abs(picture.astype(np.int16) - self._drawing).max(axis=2)
            self._rested += 1
            may = self._rested >= self._rest
            changed = binary_propagation(
                (off > CHANGED) & may, _AROUND, mask=(off > UNSETTLED) & may
            )
            before = self._origins[0]
            self._go_on(picture, changed)
            # Where no better match was found, the old drawing stays the reference for changes.
            moved = changed & binary_dilation((self._origins[0] != before).any(axis=2), _AROUND)
            self._rested[moved] = 0
            self._drawing = np.where(moved[..., None], picture, self._drawing)
        return self._pixels

    def _begin(self, drawing: Image) -> None:
        small = self._indices[self._small - 1].image, self._sizes[self._small - 1]
        self._origins = list(stages(drawing, *small, shortest=CAREFUL))
        larger = list(zip(self._indices, self._sizes, strict=True))[self._small :]
        for index, size in larger:
            self._origins.append(enlarged(self._origins[-1], index.image, size))
        origins = self._final
        pixels = taken(self._photo, origins)
        self._added = hide(pixels, origins, self._photo, self._hold)
        self._pixels = _rounded(pixels + self._added)

    def _go_on(self, picture: Image, changed: Flags) -> None:
        """Rebuild what has changed at the smallest size, and then what follows at larger ones."""
        made = changed
        for number, (index, size) in enumerate(zip(self._indices, self._sizes, strict=True)):
            origins = before = self._origins[number]
            if number > 0:
                changed = _stretched(changed, size)
                made = binary_dilation(_stretched(made, size), _AROUND) & changed
                source = index.image.shape[0], index.image.shape[1]
                carried = carry(self._origins[number - 1], self._ratios[number], size, source)
                origins = np.where(made[..., None], carried, origins)
                picture = taken(index.image, origins)
            if not made.any():
                continue
            if number < self._small:
                origins = self._searched(picture, index, origins, made, number)
            else:
                origins = improved(origins, index.image, within=made)
            made = (origins != before).any(axis=2)
            self._origins[number] = origins
        rows, columns = (slice(0, side) for side in self._size)
        self.changed, made = changed[rows, columns], made[rows, columns]
        if made.any():
            self._hide(made, self.changed)

    def _searched(
        self, picture: Image, index: Index, origins: Places, part: Flags, number: int
    ) -> Places:
        """Search for a part of a picture, at a small size, starting from its current matches."""
        size = self._sizes[number]
        active = touching(part, _FLAT)
        for turn in range(ROUNDS):
            start = field_of(origins, index.grid, _FLAT)
            found = searched(picture, index, start, active, _FLAT, seeds=turn == 0, sweeps=1)
            last = number == self._small - 1 and turn == ROUNDS - 1
            weights = CENTRE_WEIGHTS if last else UNIFORM_WEIGHTS
            origins = vote(found, size, weights, active=part, origins=origins)
            picture = taken(index.image, origins)
        return origins

    def _hide(self, made: Flags, changed: Flags) -> None:
        """Copy the rebuilt pixels, and hide their seams where pixels may change."""
        reach = math.ceil(2 / math.sqrt(self._hold))
        part = maximum_filter(made, 2 * reach + 1) & changed
        origins = self._final
        pixels = taken(self._photo, origins)
        self._added = hide_again(pixels, origins, self._photo, part, self._added, self._hold)
        self._pixels = np.where(part[..., None], _rounded(pixels + self._added), self._pixels)

    @property
    def _final(self) -> Places:
        """Origins of the frame, without the padding of a frame or photo too small for a patch."""
        height, width = self._size
        last = np.array(self._photo.shape[:2], np.int32) - 1
        return self._origins[-1][:height, :width].clip(0, last)


def _stretched(flags: Flags, size: Size) -> Flags:
    """Flags at a larger size, by nearest neighbour."""
    rows, columns = (
        np.minimum((np.arange(side) * old + old // 2) // side, old - 1)
        for side, old in zip(size, flags.shape, strict=True)
    )
    larger: Flags = flags[rows[:, None], columns]
    return larger


def _rounded(pixels: NDArray[np.float32]) -> Image:
    return pixels.round().clip(0, 255).astype(np.uint8)
