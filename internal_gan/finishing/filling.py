"""A hole filled without a network: at a small size, from its border inwards."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.images.windows import Window, around, blocks, bounds, extent, parts
from internal_gan.patches.completion import Frame, complete
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# A hole is filled in a small copy of its surroundings.
LONGEST_AROUND = 128  # the copy's long side, in pixels
MAX_ASPECT = 4  # its aspect ratio
AROUND = 16  # pixels around a hole, in addition to its own size on each side
# What lies around a photo is filled in blocks.
LONGEST_BLOCK = 4  # the aspect ratio of a block, at most
SHORT_BLOCK = 128  # the length up to which that does not count, in pixels


def draw_filling(
    photo: Pixels,
    hole: Mask,
    unknown: Mask | None,
    rng: torch.Generator | None,
    frame: Window | None = None,
) -> tuple[Pixels, float]:
    """Fill each part of a hole at a small size, from its border inwards.

    ``unknown`` and ``rng`` are as for :func:`internal_gan.patches.completion.complete`; ``frame``
    is the window that holds the photo, if the hole is the rest of a larger canvas.

    Returns:
        The filled photo, and the smallest size at which a part was filled, relative to the photo's.
    """
    closed = hole if unknown is None else torch.maximum(hole, unknown)
    drawing, left, least = photo.clone(), hole.clone(), 1.0
    for box, part in _parts(hole) if frame is None else _blocks(size_of(hole), frame):
        sides = [3 * side + 2 * AROUND for side in extent(box)]
        # Limit the aspect ratio, so that a long thin part keeps some height once shrunk.
        height, width = (max(side, max(sides) // MAX_ASPECT) for side in sides)
        window = around(box, (height, width), size_of(photo))
        here = (..., *window)
        size = extent(window)
        inside = _boxed(box, window) if part is None else part[here]
        smaller = fit_size(size, LONGEST_AROUND)
        # Whatever has a part in the hole is filled, so old pixels in the hole have no influence.
        start = F.adaptive_avg_pool2d(drawing[here], smaller)
        masks = [F.adaptive_max_pool2d(mask[here], smaller) for mask in (left, closed)]
        inner = None if frame is None else _fractions(frame, window, size)
        made = complete(start, masks[0], masks[1], rng=rng, frame=inner)
        filled = resize(made, size).clamp(-1, 1)
        drawing[here] = torch.where(inside > 0, filled, drawing[here])
        left[here] = torch.where(inside > 0, 0.0, left[here])
        least = min(least, max(smaller) / max(size))
    return drawing, least


def _parts(hole: Mask) -> Iterator[tuple[Window, Mask | None]]:
    """The parts of a hole that lie apart, each with its box."""
    for part in parts(hole, AROUND):
        yield bounds(part), part


def _blocks(size: Size, frame: Window) -> Iterator[tuple[Window, Mask | None]]:
    """The boxes beside a photo on a canvas of ``size``, then those above and below it."""
    height, width = size
    rows, columns = frame
    beside = (rows, slice(0, columns.start)), (rows, slice(columns.stop, width))
    above, below = slice(0, rows.start), slice(rows.stop, height)
    for window in (*beside, (above, slice(0, width)), (below, slice(0, width))):
        if not (thin := min(extent(window))):
            continue
        for block in blocks(window, max(LONGEST_BLOCK * thin, SHORT_BLOCK)):
            yield block, None


def _boxed(box: Window, window: Window) -> Mask:
    """1 in a box, else 0, in a window."""
    mask = torch.zeros(1, 1, *extent(window))
    rows, columns = (
        slice(inner.start - outer.start, inner.stop - outer.start)
        for inner, outer in zip(box, window, strict=True)
    )
    mask[..., rows, columns] = 1.0
    return mask


def _fractions(frame: Window, window: Window, size: Size) -> Frame:
    """The part of a window that holds the photo."""
    found = []
    for inner, outer, side in zip(frame, window, size, strict=True):
        found += [(end - outer.start) / side for end in (inner.start, inner.stop)]
    return Frame(*(min(max(share, 0.0), 1.0) for share in found))
