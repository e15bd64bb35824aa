"""Finishes a part of a photo: rebuilds a drawing there from pixels elsewhere in the photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from internal_gan.device import check_memory
from internal_gan.finishing.finished import Finished, Reporter
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.verification import compared
from internal_gan.images.files.image import as_written
from internal_gan.images.levels import largest_level, levels_of, pixels_of
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.images.windows import Window, around, bounds, extent, parts
from internal_gan.units import Size

# Memory for each pixel of the photo, and in addition for each pixel of a rebuilt part.
BYTES_PER_PIXEL, BYTES_PER_NEW_PIXEL = 150, 100
# Parts farther apart than this share of the long side are rebuilt one after another.
PARTS_APART = 1 / 32
# Pixels are taken from a window of this many times a part's sides, at least LEAST_WINDOW pixels;
# it grows until this share of it may be copied.
WINDOW_TIMES, LEAST_WINDOW, LEAST_OPEN = 3, 640, 0.25
# Pixels kept around a part whose pixels come from another photo.
MARGIN = 256
# Canvas and photo lie below each other at a multiple of this many rows, so that both can be halved.
ROWS_APART = 64
# The drawing decides the layout up to this share of the size at which it was drawn, and a detailed
# one at least up to the size at which a part's shorter side has DETAILED_SIDE pixels.
DECIDES, DETAILED_SIDE = 0.75, 50
# An extra or missing line counts like a difference of this many colour levels.
LINE_LEVELS = 200


@dataclass(frozen=True)
class Inside:
    """A photo with a rebuilt part.

    Attributes:
        pixels: (1, 3, H, W) in [-1, 1], outside the part unchanged bit for bit.
        origins: (H, W, 2), row and column of each pixel in the photo.
        known: (H, W), whether a pixel comes from there rather than from the drawing.
    """

    pixels: Tensor
    origins: NDArray[np.int32]
    known: NDArray[np.bool_]

    def along(self, channel: Tensor) -> Tensor:
        """A channel of the photo, (1, 1, H, W), rearranged like the pixels; drawn pixels keep its
        values."""
        rows, columns = torch.from_numpy(self.origins).long().unbind(dim=-1)
        return channel[..., rows, columns]

    def finished(
        self,
        photo: Photo,
        part: Tensor,
        *,
        source: Photo | None = None,
        pixels: Tensor | None = None,
        alpha: Tensor | None = None,
        number: int = 0,
        drawing: Tensor | None = None,
        layers: Sequence[Layer] = (),
    ) -> Finished:
        """The picture with its origin; exact copies are found by comparison.

        Args:
            photo: whose part was rebuilt, and whose format the picture takes.
            part: (1, 1, H, W), where transparency comes from the same place as the pixels, above 0.
            source: the photo that ``origins`` refer to; by default ``photo``.
            pixels: (1, 3, H, W), such as ``pixels`` blended with the photo's; by default
                themselves.
            alpha: (1, 1, H, W) outside the part; by default the photo's.
            number: of the source among the photos of the run.
            drawing, layers: see :class:`Finished`.
        """
        source, pixels = source or photo, self.pixels if pixels is None else pixels
        alpha = photo.alpha if alpha is None else alpha
        if alpha is not None and source.alpha is not None:
            alpha = torch.where(part > 0, self.along(source.alpha), alpha)
        written = as_written(pixels, photo, alpha)
        origin = compared(written, source, self.origins, self.known, number)
        return Finished(pixels, drawing, origin, alpha, photo, layers)


def check_inside(option: str, part: Tensor, wrap: tuple[bool, bool] = (False, False)) -> None:
    """Raise a UserError that names ``option`` if there is not enough memory to rebuild a part.

    Args:
        part, wrap: as for :func:`rebuilt_inside`.
    """
    height, width = size_of(part)
    made = height * width if any(wrap) else int(part.count_nonzero())
    needed = BYTES_PER_PIXEL * height * width + BYTES_PER_NEW_PIXEL * made
    check_memory(needed, torch.device("cpu"), f"{option} of {height}x{width} pixels")


def rebuilt_inside(
    photo: Photo,
    drawing: Tensor,
    part: Tensor,
    excluded: Tensor | None = None,
    *,
    scale: float,
    reporter: Reporter,
    detailed: bool = False,
    lines: Callable[[Window], Tensor] | None = None,
    source: Tensor | None = None,
    wrap: tuple[bool, bool] = (False, False),
) -> Inside:
    """Rebuild a drawn part of a photo from pixels elsewhere in the photo, or from another one.

    Args:
        photo: kept outside the part.
        drawing: (1, 3, H, W) in [-1, 1], the network's output inside the part.
        part: (1, 1, H, W), 1 in the part, else 0.
        excluded: of the same shape, 1 where no pixel may be taken from, in addition to the part.
        scale: size at which the network drew, relative to the photo's.
        reporter: announces when the search is compiled, and shows progress.
        detailed: whether the drawing has details finer than that size, which also decide.
        lines: takes a window of the photo and returns the lines that its patches must follow,
            (1, 1, h, w) in [0, 1]; not for use with a ``source``.
        source: (1, 3, h, w), the image to take pixels from in place of the photo; origins are
            places in it.
        wrap: whether the photo wraps from bottom to top, and from right to left.

    Returns:
        The photo with the rebuilt part, or with the drawing where no patch may be taken.
    """
    from internal_gan.finishing.part import finish_inside
    from internal_gan.patches.compilation import compile_loops

    compile_loops(reporter.say)
    origins = np.stack(list(np.indices(photo.size, np.int32)), axis=-1)
    known = part[0, 0].numpy() == 0
    pixels = torch.where(part > 0, drawing, photo.pixels)
    closed = part if excluded is None else torch.maximum(part, excluded)
    whole, done = float(part.sum()), 0.0
    with reporter.share("filling with the photo's own pixels") as show:
        for one in _parts(part, wrap):
            share = float(one.sum()) / whole
            window = _window(one, closed, source is not None, wrap)
            here = (..., *window)
            drawn = torch.where(part[here] > 0, drawing[here], photo.pixels[here])
            canvas = _Canvas(drawn, one[here], closed[here], window[0].start, window[1].start)
            if source is not None:
                canvas = canvas.below(source)
            decided = min(
                1.0, max(DECIDES * scale, DETAILED_SIDE * detailed / _narrowest(one, wrap))
            )
            filled = finish_inside(
                levels_of(canvas.pixels, largest_level(photo)),
                canvas.part[0, 0].numpy() > 0,
                canvas.closed[0, 0].numpy() > 0,
                guide=None if lines is None else guide_of(lines(window)),
                shortest=decided * min(size_of(canvas.pixels)),
                wrap=wrap,
                on_progress=partial(_add, show, done, share),
            )
            done += share
            if filled is None:
                continue
            corner = canvas.top, canvas.left
            inner, outer = _common(filled.window, corner, photo.size)
            places = filled.origins[inner]
            row, column = torch.from_numpy(places).long().unbind(dim=-1)
            made = torch.where(
                torch.from_numpy(filled.exact[inner]),
                canvas.pixels[..., row, column],
                pixels_of(filled.pixels[inner]),
            )
            there = (..., *outer)
            pixels[there] = torch.where(one[there] > 0, made, pixels[there])
            flags = one[there][0, 0].numpy() > 0
            moved = places if source is not None else places + np.array(corner, np.int32)
            origins[outer][flags] = moved[flags]
            known[outer][flags] = True
    return Inside(pixels, origins, known)


def _add(show: Callable[[float], None], done: float, share: float, part: float) -> None:
    """Show that ``done`` and ``part`` of a ``share`` are done."""
    show(done + share * part)


class _Canvas(NamedTuple):
    """A picture, the part of it to rebuild, where nothing may be taken from, and the place of its
    first row and column in the photo."""

    pixels: Tensor
    part: Tensor
    closed: Tensor
    top: int
    left: int

    def below(self, source: Tensor) -> _Canvas:
        """This one below another photo, the only one that pixels are taken from."""
        (height, width), columns = size_of(source), self.pixels.shape[-1]
        # Repeat the canvas's first row above it, so that the source does not influence it.
        between = max(ROWS_APART, min(extent(bounds(self.part))) // 2)
        start, side = -(-(height + between) // ROWS_APART) * ROWS_APART, max(width, columns)
        above = (0, side - columns, start - height, 0)
        pixels = torch.cat(
            [
                F.pad(source, (0, side - width, 0, 0), mode="replicate"),
                F.pad(self.pixels, above, mode="replicate"),
            ],
            dim=2,
        )
        part, closed = (pixels.new_zeros(1, 1, *size_of(pixels)) for _ in range(2))
        part[..., height:, :columns] = F.pad(self.part, (0, 0, start - height, 0), mode="replicate")
        closed[..., height:, :] = 1.0
        closed[..., width:] = 1.0
        return _Canvas(pixels, part, closed, self.top - start, self.left)


def _common(window: Window, corner: Size, size: Size) -> tuple[Window, Window]:
    """The part of a window moved by ``corner`` that lies in a picture, in coordinates of the
    window and of the picture."""
    inner, outer = [], []
    for span, shift, side in zip(window, corner, size, strict=True):
        start, stop = max(span.start + shift, 0), min(span.stop + shift, side)
        outer.append(slice(start, stop))
        inner.append(slice(start - shift - span.start, stop - shift - span.start))
    return (inner[0], inner[1]), (outer[0], outer[1])


def _parts(part: Tensor, wrap: tuple[bool, bool]) -> Iterator[Tensor]:
    if part.any():
        gap = max(1, round(PARTS_APART * max(size_of(part))))
        yield from [part] if any(wrap) else parts(part, gap)


def _narrowest(part: Tensor, wrap: tuple[bool, bool]) -> int:
    """The shorter side of a part or, if it wraps across borders, the width of the band there."""
    if not any(wrap):
        return min(extent(bounds(part)))
    whole = (part[0, 0].numpy().all(axis=1 - axis) for axis in range(2) if wrap[axis])
    return max(1, min(int(lines.sum()) for lines in whole))


def _window(part: Tensor, closed: Tensor, has_source: bool, wrap: tuple[bool, bool]) -> Window:
    """The window of the photo in which a part is rebuilt."""
    size, box = size_of(part), bounds(part)
    height, width = extent(box)
    if any(wrap):
        return slice(0, size[0]), slice(0, size[1])
    if has_source:
        return around(box, (height + 2 * MARGIN, width + 2 * MARGIN), size)
    side = max(LEAST_WINDOW, WINDOW_TIMES * height, WINDOW_TIMES * width)
    while True:
        window = around(box, (side, side), size)
        if side >= max(size) or closed[(..., *window)].mean() < 1 - LEAST_OPEN:
            return window
        side *= 2


def guide_of(lines: Tensor) -> NDArray[np.uint8]:
    """Lines (1, 1, H, W) in [0, 1] as levels, (H, W, 1): a guide of
    :func:`internal_gan.finishing.part.finish_inside`."""
    levels = lines[0, 0].mul(LINE_LEVELS).round().byte().numpy()
    return np.ascontiguousarray(levels[..., None])
