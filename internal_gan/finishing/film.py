"""Finishes the drawings of a film with a photo's own pixels.

After the first frame, only places whose drawing has changed are rebuilt: the search starts from
their previous matches, and the result is carried to the full size. All other pixels stay unchanged,
and seams are hidden only inside the changed places. New pixels fade in over several frames, and do
not change again until they have.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_propagation, maximum_filter

from internal_gan.finishing.drawing import CAREFUL, Indices, octaves_of, unpadded, up_to
from internal_gan.finishing.origin import own_places
from internal_gan.finishing.seams import HOLD, hide, hide_inside
from internal_gan.finishing.sizes import box_of, resized, sampled
from internal_gan.finishing.walker import Fixed, Level, walk
from internal_gan.patches.fast import Flags, Image, Places
from internal_gan.patches.origins import taken
from internal_gan.units import Size

# A place has changed if its drawing differs by more levels of 255 than CHANGE, or, next to such a
# place, than CHANGE_BESIDE.
CHANGE, CHANGE_BESIDE = 10, 4

_AROUND = np.ones((3, 3), np.bool_)


def film(
    drawings: Iterable[Image],
    photo: Image,
    size: Size,
    *,
    fade: int = 1,
    loop: int | None = None,
    still: Image | None = None,
) -> Iterator[Image]:
    """Make the frames of a film, of a ``size``, from a photo's pixels, one by one.

    Args:
        photo: with pixels of the same size as the frames'.
        fade: number of frames over which a new pixel fades in; 1 shows it immediately.
        loop: number of frames, if the last one leads to the first; the last ones then fade into the
            first.
        still: a drawing of the photo itself, if the film sets out from it; not at another size.
    """
    fade = fade if loop is None else min(fade, loop)
    frames = Frames(photo, size, fade)
    if still is not None:
        frames.begin(still, is_photo=True)
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
        photo, size: see :func:`film`.
        rest: number of frames for which a place stays unchanged after a change.

    Attributes:
        changed: (height, width), where the last drawing has changed; None before the second.
    """

    def __init__(self, photo: Image, size: Size, rest: int = 1) -> None:
        self._photo, self._size, self._rest = photo, size, rest
        self._drawing: NDArray[Any] | None = None
        self._levels = list[Level]()
        self._origins = list[Places]()
        self.changed: Flags | None = None

    def next(self, drawing: Image) -> Image:
        """Finish a drawing."""
        if self._drawing is None:
            self.begin(drawing)
        else:
            picture = resized(drawing, self._levels[0].size)
            off = np.abs(picture.astype(np.int16) - self._drawing).max(axis=2)
            self._rested += 1
            may = self._rested >= self._rest
            changed = binary_propagation(
                (off > CHANGE) & may, _AROUND, mask=(off > CHANGE_BESIDE) & may
            )
            before = self._origins[0]
            self._go_on(picture, changed)
            # Where no better match was found, the old drawing stays the reference for changes.
            moved = changed & binary_dilation((self._origins[0] != before).any(axis=2), _AROUND)
            self._rested[moved] = 0
            self._drawing = np.where(moved[..., None], picture, self._drawing)
        return self._pixels

    def begin(self, drawing: Image, is_photo: bool = False) -> None:
        """Finish the first drawing, or begin with the photo, which it draws, if it ``is_photo``."""
        indices = Indices(self._photo)
        first, *octaves = octaves_of(indices, self._size)
        self._levels = [*up_to(indices, first, drawing, CAREFUL), *octaves]
        own = (own_places(level.size) for level in self._levels)
        self._origins = list(own if is_photo else walk(self._levels))
        self._hold = HOLD / 2 ** len(octaves)
        origins = unpadded(self._origins[-1], self._size, self._photo)
        pixels = taken(self._photo, origins)
        self._added = hide(pixels, origins, self._photo, self._hold)
        self._pixels = _rounded(pixels + self._added)
        self._drawing = resized(drawing, self._levels[0].size)
        self._rested = np.full(self._levels[0].size, self._rest)

    def _go_on(self, picture: Image, changed: Flags) -> None:
        """Rebuild what has changed at the smallest size, and then what follows at larger ones."""
        made = changed
        for number, level in enumerate(self._levels):
            before = self._origins[number]
            if number > 0:
                changed = sampled(changed, level.size)
                made = binary_dilation(sampled(made, level.size), _AROUND) & changed
            if not made.any():
                continue
            level = replace(level, fixed=Fixed(~made, before))
            if level.scale <= 1:
                level = replace(level, part=made)
            if number == 0:
                origins = level.decided(picture, before)
            else:
                smaller = self._origins[number - 1], self._levels[number - 1].scale
                origins = level.rebuilt(*smaller, within=made)
            made = (origins != before).any(axis=2)
            self._origins[number] = origins
        rows, columns = (slice(0, side) for side in self._size)
        self.changed, made = changed[rows, columns], made[rows, columns]
        if made.any():
            self._hide(made, self.changed)

    def _hide(self, made: Flags, changed: Flags) -> None:
        """Copy the rebuilt pixels, and hide their seams where pixels may change."""
        reach = math.ceil(2 / math.sqrt(self._hold))
        part = maximum_filter(made, 2 * reach + 1) & changed
        rows, columns = (slice(max(0, span.start - 1), span.stop + 1) for span in box_of(part))
        here = (rows, columns)
        origins = unpadded(self._origins[-1], self._size, self._photo)[here]
        pixels, before, part = taken(self._photo, origins), self._added[here], part[here]
        added = hide_inside(pixels, origins, self._photo, part, self._hold, before=before)
        self._added[here] = added
        self._pixels = self._pixels.copy()
        self._pixels[here][part] = _rounded(pixels + added)[part]


def _rounded(pixels: NDArray[np.float32]) -> Image:
    return pixels.round().clip(0, 255).astype(np.uint8)
