"""What the pieces of a photo are rebuilt on, and where their pixels come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from internal_gan.finishing.around import flat_around
from internal_gan.finishing.part import Filled
from internal_gan.images.colours import in_floats, in_kind_of
from internal_gan.images.levels import (
    Used,
    colours_of,
    largest_level,
    levels_of,
    spread,
    used_range,
)
from internal_gan.images.photo import Photo
from internal_gan.images.windows import Part, Window, around, box_of, extent, moved, within
from internal_gan.patches.fast import touching
from internal_gan.patches.origins import own_places
from internal_gan.shapes import Flags, Levels, Mask, Places

# A part is rebuilt from a square window around it, whose side doubles until enough of it may be
# copied.
WINDOW_TIMES = 3  # the first side, relative to the longer side of the part
MIN_WINDOW = 640  # the shortest first side, in pixels
MIN_OPEN = 0.25  # the share of a window's pixels that must be free to copy
# Other pieces have windows of a fixed margin, in pixels.
THIN_MARGIN = 96  # around a thin piece
MARGIN = 256  # around a part whose pixels come from another photo
# If a smaller share of patches is free to take around a thin piece, what was drawn stays.
LEAST_OPEN = 0.1
# If pixels come from another photo, the canvas is put below it. The canvas begins at a multiple of
# this many rows, so that halving both does not mix their rows.
ROWS_APART = 64


@dataclass(frozen=True)
class Begun:
    """A piece that is to be rebuilt.

    Attributes:
        window: of the photo, around the piece.
        canvas, inside, shut: as :func:`internal_gan.finishing.part.finish_inside` takes them.
        corner: the row and column of the canvas's first pixel in the photo; rows above the window
            are negative.
        is_smooth: whether the piece is thin or has one colour all around.
    """

    piece: Part
    window: Window
    canvas: Levels
    inside: Flags
    shut: Flags
    corner: tuple[int, int]
    is_smooth: bool


@dataclass(frozen=True)
class Rebuilt:
    """What was made of a piece in a ``box`` of the photo, where it is ``chosen``: colours, and the
    places that they come from."""

    box: Window
    chosen: Tensor
    found: Tensor
    places: Places


@dataclass
class Ground:
    """A photo with drawings, of which pieces are rebuilt.

    Attributes:
        colours: of the photo with the drawings, which :meth:`written` replaces.
        closed: where no pixel may be taken from.
        source: the photo that pixels are taken from in place of this one.
    """

    photo: Photo
    colours: Tensor
    closed: Flags
    source: Photo | None
    _last: tuple[Window, Levels] | None = field(default=None, init=False)

    @cached_property
    def used(self) -> Used:
        """The range of values that the photo uses."""
        return used_range(self.photo)

    @cached_property
    def _even(self) -> Photo:
        return spread(self.photo)

    @cached_property
    def _below(self) -> Levels | None:
        """The levels of the source, which lies below what is rebuilt."""
        if self.source is None:
            return None
        return levels_of(self.source.colours, largest_level(self.photo))

    def _levels(self, window: Window) -> Levels:
        """The photo's levels in a window; neighbouring pieces often have the same."""
        if self._last is None or self._last[0] != window:
            levels = levels_of(self.colours[(..., *window)], largest_level(self.photo))
            self._last = window, levels
        return self._last[1]

    def begun(self, piece: Part, *, is_thin: bool, goes_on: bool) -> Begun | None:
        """A piece with what is around it; None if there is too little to take, and what was drawn
        stays. ``goes_on`` as in :class:`internal_gan.finishing.part_finisher.PartFinisher`."""
        window = _window(piece, is_thin, self.closed, self.source is not None)
        inside = np.zeros(extent(window), np.bool_)
        inside[within(piece.window, window)] = piece.mask[0, 0].numpy() > 0
        canvas = self._levels(window)
        shut = self.closed[window]
        is_flat = False
        if goes_on and not is_thin:
            near = flat_around(self._even, piece, window, torch.from_numpy(shut)[None, None])
            if near is not None:
                is_flat = True
                shut = ~near
        top, left = window[0].start, window[1].start
        if self._below is not None:
            rows = len(canvas)
            canvas, inside, shut = _below(self._below, canvas, inside)
            top -= len(canvas) - rows
        if is_thin and 1 - touching(shut).mean() < LEAST_OPEN:
            return None
        return Begun(piece, window, canvas, inside, shut, (top, left), is_thin or is_flat)

    def rebuilt(self, begun: Begun, filled: Filled) -> Rebuilt:
        """What was made of a piece."""
        top, left = begun.corner
        box = begun.piece.window
        inner = within(box, moved(filled.window, np.s_[top:, left:]))
        places = filled.origins[inner]
        found = colours_of(filled.pixels[inner])
        if self.source is None:
            places += np.array([top, left], np.int32)
        copied = self.colours if self.source is None else self.source.colours
        chosen = begun.piece.mask[0, 0] > 0
        if any(values.is_floating_point() for values in (self.colours, copied, found)):
            places[~chosen.numpy()] = 0  # they may lie outside a source
            row, column = torch.from_numpy(places).long().unbind(dim=-1)
            exact = torch.from_numpy(filled.exact[inner])
            own = in_floats(copied[..., row, column])  # not rounded to 16 bits
            found = in_kind_of(self.colours, torch.where(exact, own, in_floats(found)))
        return Rebuilt(box, chosen, found, places)

    def written(self, made: Sequence[Rebuilt], part: Mask) -> tuple[Places, Flags]:
        """Put all pieces of a part into the colours, only now, so that each was rebuilt beside the
        drawings of the others; returns places and what is known, see
        :meth:`internal_gan.finishing.part_finisher.PartFinisher.rebuilt`."""
        origins = own_places(self.photo.size)
        known = part[0, 0].numpy() == 0
        for one in made:
            here = self.colours[(..., *one.box)]
            here.copy_(torch.where(one.chosen, one.found, here))
            np.copyto(origins[one.box], one.places, where=one.chosen[..., None].numpy())
            known[one.box] |= one.chosen.numpy()
        return origins, known


def _below(source: Levels, picture: Levels, inside: Flags) -> tuple[Levels, Flags, Flags]:
    """A picture below another photo, the only one that pixels are taken from; the part of both to
    rebuild, and where nothing may be taken from."""
    height, width, _ = source.shape
    rows, columns, _ = picture.shape
    # Repeat the picture's first row above it, so that the source does not influence it.
    between = max(ROWS_APART, min(extent(box_of(inside))) // 2)
    start = -(-(height + between) // ROWS_APART) * ROWS_APART
    side = max(width, columns)
    levels = np.empty((start + rows, side, source.shape[2]), source.dtype)
    for into, given in ((levels[:height], source), (levels[start:], picture)):
        into[:, : given.shape[1]] = given
        into[:, given.shape[1] :] = given[:, -1:]
    levels[height:start] = levels[start]
    part, closed = (np.zeros((start + rows, side), np.bool_) for _ in range(2))
    part[start:, :columns] = inside
    part[height:start] = part[start]
    closed[height:] = closed[:, width:] = True
    return levels, part, closed


def _window(piece: Part, is_thin: bool, closed: Flags, has_source: bool) -> Window:
    size = (closed.shape[0], closed.shape[1])
    box = piece.window
    if is_thin or has_source:
        margin = THIN_MARGIN if is_thin else MARGIN
        height, width = (side + 2 * margin for side in extent(box))
        return around(box, (height, width), size)
    side = max(MIN_WINDOW, WINDOW_TIMES * max(extent(box)))
    while True:
        window = around(box, (side, side), size)
        if side >= max(size) or closed[window].mean() < 1 - MIN_OPEN:
            return window
        side *= 2
