"""Finishes a part of a photo: rebuilds a drawing there from pixels elsewhere in the photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import torch

from internal_gan.device import check_memory
from internal_gan.finishing.compilation import compile_loops
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.part import finish_inside
from internal_gan.finishing.sizes import box_of
from internal_gan.finishing.verification import compared
from internal_gan.images.files.image import as_written
from internal_gan.images.levels import largest_level, levels_of, pixels_of
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.images.windows import Window, around, bounds, extent, parts
from internal_gan.patches.fast import Flags, Image, Places, Wrap
from internal_gan.shapes import Levels, Mask, Pixels

BYTES_PER_PIXEL = 150  # of the photo
BYTES_PER_NEW_PIXEL = 100  # of a rebuilt part, in addition
# Parts farther apart than this share of the long side are rebuilt one after another.
PARTS_APART = 1 / 32
# A part is rebuilt from a square window around it, whose side doubles until enough of it may be
# copied.
WINDOW_TIMES = 3  # the first side, relative to the longer side of the part
MIN_WINDOW = 640  # the shortest first side, in pixels
MIN_OPEN = 0.25  # the share of pixels that must be allowed to be copied
# Pixels kept around a part whose pixels come from another photo.
MARGIN = 256
# If pixels come from another photo, the canvas is put below it. The canvas begins at a multiple of
# this many rows, so that halving both does not mix their rows.
ROWS_APART = 64
# Rebuilding begins at a small size, at which the drawing decides the layout.
DECIDES = 0.75  # this size, relative to the one at which the drawing was made
# If the drawing is detailed, a part's shorter side has at least this many pixels at this size.
DETAILED_SIDE = 50
# An extra or missing line counts like a difference of this many colour levels.
LINE_LEVELS = 200


class Reporter(Protocol):
    """Tells the user what finishing does."""

    def say(self, text: str) -> None:
        """Print a line."""

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        """A block with a function that shows the share of the work that is done, 0 to 1."""


@dataclass(frozen=True)
class Inside:
    """A photo with a rebuilt part.

    Attributes:
        pixels: outside the part unchanged bit for bit.
        origins: (H, W, 2), row and column of each pixel in the photo.
        known: (H, W), whether a pixel comes from there rather than from the drawing.
    """

    pixels: Pixels
    origins: Places
    known: Flags

    def finished(
        self,
        photo: Photo,
        part: Mask,
        *,
        source: Photo | None = None,
        pixels: Pixels | None = None,
        alpha: Mask | None = None,
        number: int = 0,
        drawing: Pixels | None = None,
        layers: Sequence[Layer] = (),
    ) -> Finished:
        """The picture with its origin; exact copies are found by comparison.

        Args:
            photo: whose part was rebuilt, and whose format the picture takes.
            part: where transparency comes from the same place as the pixels.
            source: the photo that ``origins`` refer to; by default ``photo``.
            pixels: such as ``self.pixels`` blended with the photo's; by default themselves.
            alpha: outside the part; by default the photo's.
            number: of the source among the photos of the run.
            drawing, layers: see :class:`Finished`.
        """
        source, pixels = source or photo, self.pixels if pixels is None else pixels
        alpha = photo.alpha if alpha is None else alpha
        if alpha is not None and source.alpha is not None:
            rows, columns = torch.from_numpy(self.origins).long().unbind(dim=-1)
            alpha = torch.where(part > 0, source.alpha[..., rows, columns], alpha)
        written = as_written(pixels, photo, alpha)
        origin = compared(written, source, self.origins, self.known, number)
        return Finished(pixels, drawing, origin, alpha, photo, layers)


def check_inside(option: str, part: Mask, wrap: Wrap = (False, False)) -> None:
    """Raise a UserError that names ``option`` if there is not enough memory to rebuild a part."""
    height, width = size_of(part)
    made = height * width if any(wrap) else int(part.count_nonzero())
    needed = BYTES_PER_PIXEL * height * width + BYTES_PER_NEW_PIXEL * made
    check_memory(needed, torch.device("cpu"), f"{option} of {height}x{width} pixels")


def rebuilt_inside(
    photo: Photo,
    drawing: Pixels,
    part: Mask,
    excluded: Mask | None = None,
    *,
    scale: float,
    reporter: Reporter,
    detailed: bool = False,
    lines: Callable[[Window], Mask] | None = None,
    source: Pixels | None = None,
    wrap: Wrap = (False, False),
) -> Inside:
    """Rebuild a drawn part of a photo from pixels elsewhere in the photo, or from another one.

    Where no patch may be taken, the drawing stays.

    Args:
        photo: kept outside the part.
        part: 1 in the part, else 0.
        excluded: 1 where no pixel may be taken from, in addition to the part.
        scale: size at which the network drew, relative to the photo's.
        detailed: whether the drawing has details finer than that size, which also decide.
        lines: takes a window of the photo and returns the lines that its patches must follow; not
            for use with a ``source``.
        source: the image to take pixels from in place of the photo; origins are places in it.
        wrap: whether the photo wraps from bottom to top, and from right to left.
    """
    compile_loops(reporter.say)
    origins = np.moveaxis(np.indices(photo.size, np.int32), 0, -1).copy()
    known = part[0, 0].numpy() == 0
    pixels, white = torch.where(part > 0, drawing, photo.pixels), largest_level(photo)
    levels, copied = levels_of(pixels, white), photo.pixels if source is None else source
    below = None if source is None else levels_of(source, white)
    closed = part if excluded is None else torch.maximum(part, excluded)
    whole, done = float(part.sum()), 0.0
    with reporter.share("filling with the photo's own pixels") as show:
        for one in _parts(part, wrap):
            share = float(one.sum()) / whole
            window = _window(one, closed, source is not None, wrap)
            inside, shut = (mask[(0, 0, *window)].numpy() > 0 for mask in (one, closed))
            corner = window[0].start, window[1].start
            canvas = _Canvas(np.ascontiguousarray(levels[window]), inside, shut, *corner)
            if below is not None:
                canvas = canvas.below(below)
            decided = min(
                1.0, max(DECIDES * scale, DETAILED_SIDE * detailed / _narrowest(one, wrap))
            )

            def shown(part: float, done: float = done, share: float = share) -> None:
                show(done + share * part)

            filled = finish_inside(
                canvas.levels,
                canvas.part,
                canvas.closed,
                guide=None if lines is None else guide_of(lines(window)),
                shortest=decided * min(canvas.part.shape),
                wrap=wrap,
                on_progress=shown,
            )
            done += share
            if filled is None:
                continue
            rows, columns = one[0, 0].nonzero(as_tuple=True)
            there = rows.numpy(), columns.numpy()
            corner = canvas.top, canvas.left
            inner = tuple(
                index - start - span.start
                for index, start, span in zip(there, corner, filled.window, strict=True)
            )
            places = filled.origins[inner]
            if source is None:
                places = places + np.array(corner, np.int32)
            row, column = torch.from_numpy(places).long().unbind(dim=-1)
            pixels[0, :, rows, columns] = torch.where(
                torch.from_numpy(filled.exact[inner]),
                copied[0, :, row, column],
                pixels_of(filled.pixels[inner][None])[0, :, 0],
            )
            origins[there] = places
            known[there] = True
    return Inside(pixels, origins, known)


class _Canvas(NamedTuple):
    """A picture, the part of it to rebuild, where nothing may be taken from, and the place of its
    first row and column in the photo."""

    levels: Levels
    part: Flags
    closed: Flags
    top: int
    left: int

    def below(self, source: Levels) -> _Canvas:
        """This one below another photo, the only one that pixels are taken from."""
        (height, width, _), (rows, columns, _) = source.shape, self.levels.shape
        # Repeat the canvas's first row above it, so that the source does not influence it.
        between = max(ROWS_APART, min(extent(box_of(self.part))) // 2)
        start, side = -(-(height + between) // ROWS_APART) * ROWS_APART, max(width, columns)
        beside, above = (0, side - columns), (start - height, 0)
        levels = np.concatenate(
            [
                np.pad(source, ((0, 0), (0, side - width), (0, 0)), mode="edge"),
                np.pad(self.levels, (above, beside, (0, 0)), mode="edge"),
            ]
        )
        part, closed = (np.zeros((start + rows, side), np.bool_) for _ in range(2))
        part[height:, :columns] = np.pad(self.part, (above, (0, 0)), mode="edge")
        closed[height:] = closed[:, width:] = True
        return _Canvas(levels, part, closed, self.top - start, self.left)


def _parts(part: Mask, wrap: Wrap) -> list[Mask]:
    if any(wrap) and part.any():
        return [part]
    return parts(part, max(1, round(PARTS_APART * max(size_of(part)))))


def _narrowest(part: Mask, wrap: Wrap) -> int:
    """The shorter side of a part or, if it wraps across borders, the width of the band there."""
    if not any(wrap):
        return min(extent(bounds(part)))
    whole = (part[0, 0].numpy().all(axis=1 - axis) for axis in range(2) if wrap[axis])
    return max(1, min(int(lines.sum()) for lines in whole))


def _window(part: Mask, closed: Mask, has_source: bool, wrap: Wrap) -> Window:
    """The window of the photo in which a part is rebuilt."""
    size, box = size_of(part), bounds(part)
    height, width = extent(box)
    if any(wrap):
        return slice(0, size[0]), slice(0, size[1])
    if has_source:
        return around(box, (height + 2 * MARGIN, width + 2 * MARGIN), size)
    side = max(MIN_WINDOW, WINDOW_TIMES * height, WINDOW_TIMES * width)
    while True:
        window = around(box, (side, side), size)
        if side >= max(size) or closed[(..., *window)].mean() < 1 - MIN_OPEN:
            return window
        side *= 2


def guide_of(lines: Mask) -> Image:
    """Lines as a guide of :func:`internal_gan.finishing.part.finish_inside`, (H, W, 1)."""
    levels = lines[0, 0].mul(LINE_LEVELS).round().byte().numpy()
    return np.ascontiguousarray(levels[..., None])
