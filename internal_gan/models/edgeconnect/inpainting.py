"""Fills holes in photos of any size, in windows at the model's training resolution."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.images.windows import Window, around, bounds, extent, parts
from internal_gan.shapes import Mask, Pixels

# In pixels of the model: the context around a hole, and the longest side of a window.
CONTEXT = 64
LARGEST = 512


# See :meth:`internal_gan.models.edgeconnect.model.EdgeConnect.inpaint`.
Inpaint = Callable[..., tuple[Pixels, Mask]]


def fill(
    inpaint: Inpaint,
    image: Pixels,
    hole: Mask,
    *,
    scale: float = 1.0,
    edges: Mask | None = None,
    excluded: Mask | None = None,
    largest: int = LARGEST,
) -> tuple[Pixels, Mask]:
    """See :meth:`internal_gan.models.abilities.Fills.fill`; the lines are 0 outside the windows.

    An image larger than a window is filled hole by hole, each in a window with the known pixels
    around it; later windows see earlier fillings. A hole too large for a window is filled at a
    lower resolution.

    Args:
        scale: the model's resolution as a fraction of the image's, in (0, 1].
        largest: longest side of a window, in pixels of the model.
    """
    image, left = image.clone(), hole.clone()
    excluded = hole if excluded is None else torch.maximum(hole, excluded)
    drawn = torch.zeros_like(hole)
    for window in windows(hole, scale, largest):
        here = (..., *window)
        factor = min(scale, largest / max(extent(window)))
        given = None if edges is None else edges[here]
        made, lines = _fill_window(inpaint, image[here], left[here], excluded[here], factor, given)
        image[here] = torch.where(left[here] > 0, made, image[here])
        drawn[here] = torch.maximum(drawn[here], lines)
        left[here] = 0.0
    return image, drawn


def windows(hole: Tensor, scale: float, largest: int = LARGEST) -> Iterator[Window]:
    """The windows of :func:`fill`, as rows and columns of the image."""
    size = size_of(hole)
    if not hole.any():
        return
    if max(size) * scale <= largest:
        yield slice(0, size[0]), slice(0, size[1])
        return
    margin = math.ceil(CONTEXT / scale)
    limit = math.floor(largest / scale)
    for part in parts(hole, max(margin // 2, 1)):
        box = bounds(part)
        height, width = (
            max(min(n + 2 * max(margin, n // 2), limit), n + margin) for n in extent(box)
        )
        yield around(box, (height, width), size)


def _fill_window(
    inpaint: Inpaint,
    image: Tensor,
    hole: Tensor,
    excluded: Tensor,
    factor: float,
    edges: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """A window's filling and edges, computed at ``factor`` times its size."""
    size = size_of(image)
    small = scaled(size, factor)
    if small != size:
        # Filled first, so that shrinking does not spread the pixels under the hole.
        image = resize(fill_smoothly(image, hole), small).clamp(-1, 1)
        hole, excluded = F.adaptive_max_pool2d(hole, small), F.adaptive_max_pool2d(excluded, small)
        edges = None if edges is None else F.adaptive_max_pool2d(edges, small)
    made, lines = inpaint(image, hole, edges=edges, excluded=excluded)
    if small == size:
        return made, lines
    return resize(made, size).clamp(-1, 1), F.interpolate(lines, size=size)
