"""Finishes a part of a photo: rebuilds a drawing there from pixels elsewhere in the photo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

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
from internal_gan.images.windows import Window, around, bounds, parts
from internal_gan.units import Size

# The window that pixels are taken from: its size relative to the rebuilt part, its least side in
# pixels, and the least share of it that must be open to copying.
TIMES, LEAST, FREE = 3, 640, 0.25
# Memory for each pixel of the photo, and in addition for each pixel of a rebuilt part.
BYTES_PER_PIXEL, BYTES_PER_NEW_PIXEL = 150, 100
# Parts farther apart than this share of the long side are rebuilt one after another.
APART = 1 / 32
# If pixels come from another photo: the margin kept around a part, in pixels, and the number that
# the canvas's position is a multiple of, so that it can be halved often.
MARGIN, HALVINGS = 256, 64
# The drawing decides the layout up to this share of the size at which it was drawn.
DECIDES = 0.75
# An extra or missing line counts like a difference of this many colour levels.
LINES = 200
# A detailed drawing decides at least up to the size where a part's shorter side has this many
# pixels.
SEEN = 50


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
    barred: Tensor | None = None,
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
        barred: of the same shape, 1 where no pixel may be taken from, in addition to the part.
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
    size = photo.size
    origins = np.stack(list(np.indices(size, np.int32)), axis=-1)
    known = part[0, 0].numpy() == 0
    pixels = torch.where(part > 0, drawing, photo.pixels)
    closed = part if barred is None else torch.maximum(part, barred)
    whole, done = float(part.sum()), 0.0
    with reporter.share("filling with the photo's own pixels") as show:
        for one in _parts(part, wrap):
            share = float(one.sum()) / whole
            if any(wrap):
                window = slice(0, size[0]), slice(0, size[1])
            else:
                window = _source(one, closed) if source is None else _with_margin(one)
            here = (..., *window)
            canvas = torch.where(part[here] > 0, drawing[here], photo.pixels[here])
            new, shut, top = one[here], closed[here], 0
            if source is not None:
                canvas, new, shut, top = _below(source, canvas, new)
            decided = min(1.0, max(DECIDES * scale, SEEN * detailed / _narrowest(one, wrap)))
            filled = finish_inside(
                levels_of(canvas, largest_level(photo)),
                new[0, 0].numpy() > 0,
                shut[0, 0].numpy() > 0,
                guide=None if lines is None else guide_of(lines(window)),
                shortest=decided * min(size_of(canvas)),
                wrap=wrap,
                on_progress=partial(_add, show, done, share),
            )
            done += share
            if filled is None:
                continue
            corner = window[0].start - top, window[1].start
            inner, outer = _common(filled.window, corner, size)
            row, column = torch.from_numpy(filled.origins[inner]).long().unbind(dim=-1)
            kept = torch.from_numpy(filled.exact[inner])
            made = torch.where(kept, canvas[..., row, column], pixels_of(filled.pixels[inner]))
            there = (..., *outer)
            pixels[there] = torch.where(one[there] > 0, made, pixels[there])
            flags = one[there][0, 0].numpy() > 0
            places = filled.origins[inner]
            if source is None:
                places = places + np.array(corner, np.int32)
            origins[outer][flags] = places[flags]
            known[outer][flags] = True
    return Inside(pixels, origins, known)


def _add(show: Callable[[float], None], done: float, share: float, part: float) -> None:
    """Show that ``done`` and ``part`` of a ``share`` are done."""
    show(done + share * part)


def _below(source: Tensor, canvas: Tensor, part: Tensor) -> tuple[Tensor, Tensor, Tensor, int]:
    """A picture of a source with a canvas below it, from which nothing is taken.

    Returns:
        The picture, its part, its barred region, and the row where the canvas begins.
    """
    (height, width), columns = size_of(source), canvas.shape[-1]
    # Repeat the canvas's first row above it, so that the source does not influence it.
    box = bounds(part)
    between = max(HALVINGS, min(span.stop - span.start for span in box) // 2)
    # A row that remains a whole number when halved often.
    top, side = -(-(height + between) // HALVINGS) * HALVINGS, max(width, columns)
    above = (0, side - columns, top - height, 0)
    picture = torch.cat(
        [
            F.pad(source, (0, side - width, 0, 0), mode="replicate"),
            F.pad(canvas, above, mode="replicate"),
        ],
        dim=2,
    )
    new, shut = (picture.new_zeros(1, 1, *size_of(picture)) for _ in range(2))
    new[..., height:, :columns] = F.pad(part, (0, 0, top - height, 0), mode="replicate")
    shut[..., height:, :] = 1.0
    shut[..., :height, width:] = 1.0
    return picture, new, shut, top


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
        yield from [part] if any(wrap) else parts(part, max(1, round(APART * max(size_of(part)))))


def _narrowest(part: Tensor, wrap: tuple[bool, bool]) -> int:
    """The shorter side of a part or, if it wraps across borders, the width of the band there."""
    if not any(wrap):
        return int(min(span.stop - span.start for span in bounds(part)))
    whole = (part[0, 0].numpy().all(axis=1 - axis) for axis in range(2) if wrap[axis])
    return max(1, min(int(lines.sum()) for lines in whole))


def _source(part: Tensor, closed: Tensor) -> Window:
    """The window that the pixels of a part are taken from."""
    size, box = size_of(part), bounds(part)
    extent = max(LEAST, *(TIMES * (span.stop - span.start) for span in box))
    while True:
        window = around(box, (extent, extent), size)
        if extent >= max(size) or closed[(..., *window)].mean() < 1 - FREE:
            return window
        extent *= 2


def _with_margin(part: Tensor) -> Window:
    """The window of a part and its margin."""
    box = bounds(part)
    height, width = (span.stop - span.start + 2 * MARGIN for span in box)
    return around(box, (height, width), size_of(part))


def guide_of(lines: Tensor) -> NDArray[np.uint8]:
    """Lines (1, 1, H, W) in [0, 1] as levels, (H, W, 1): a guide of
    :func:`internal_gan.finishing.part.finish_inside`."""
    levels = lines[0, 0].mul(LINES).round().byte().numpy()
    return np.ascontiguousarray(levels[..., None])
