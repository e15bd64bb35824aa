"""Large pictures reduced while they are read, in little memory: means of cells, band by band."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.files.decoded import Decoded
from internal_gan.units import Size

# Pictures of up to this many pixels are not reduced.
WHOLE_PIXELS = 25_000_000
# A picture is reduced to this many times the side needed: resampling it from there gives, within
# rounding, what the whole picture would give.
GAP = 8
BAND_PIXELS = 2**18


def reduced_size(size: Size, longest: int | None) -> Size | None:
    """The size to which to reduce a picture of which at most ``longest`` pixels a side are needed.

    Args:
        size: (height, width) in pixels.
        longest: None if all of it is needed.

    Returns:
        (height, width); None if reducing the picture would not save much memory.

    >>> reduced_size((10900, 10920), 250)
    (1996, 2000)
    >>> reduced_size((4000, 6000), 250)
    """
    if longest is None or size[0] * size[1] <= WHOLE_PIXELS or max(size) <= GAP * longest:
        return None
    factor = GAP * longest / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def in_bands(size: Size, to: Size, rows: Callable[[int, int], Decoded]) -> Decoded:
    """Reduce a picture to the means of equal cells, which may cut pixels.

    Colours of fully transparent pixels do not count unless a cell has no others.

    Args:
        size: (height, width) of the picture in pixels.
        to: (height, width) of the result, no larger than ``size``.
        rows: ``rows(top, bottom)`` decodes these rows alone.
    """
    height, width = size
    step = max(1, int(BAND_PIXELS / width * to[0] / height))
    # Allocated at once: small tensors kept between those of the bands would fragment the memory.
    colours = torch.empty(1, 3, *to)
    alpha = torch.empty(1, 1, *to)
    for first in range(0, to[0], step):
        last = min(first + step, to[0])
        start, stop = first * height / to[0], last * height / to[0]
        top = math.floor(start)
        band = rows(top, min(height, math.ceil(stop)))
        cells = (start - top, stop - top, last - first), (0.0, width, to[1])
        colours[..., first:last, :], shares = _reduced(band, *cells)
        if shares is not None:
            alpha[..., first:last, :] = shares
    return replace(band, colours=colours, alpha=None if shares is None else alpha, given=size)


Cells = tuple[float, float, int]


def _reduced(band: Decoded, rows: Cells, columns: Cells) -> tuple[Tensor, Tensor | None]:
    """Colours and alpha of the cells of a band."""

    def means(x: Tensor) -> Tensor:
        return cell_means(cell_means(x, rows, -2), columns, -1)

    if band.alpha is None:
        return means(band.colours), None
    seen = (band.alpha > 0.0).float()
    share = means(seen)
    # A cell of only transparent pixels keeps the file's own numbers.
    colours = means(band.colours * seen) / share.clamp_min(1e-9)
    colours = torch.where(share > 1e-6, colours, means(band.colours))
    return colours.clamp(0, 1), means(band.alpha)


def cell_means(x: Tensor, cells: Cells, dim: int) -> Tensor:
    """Means along a dimension over equal cells, in float64.

    Args:
        cells: where the first cell begins and the last one ends, in pixels, and their number.
    """
    start, stop, count = cells
    length = x.shape[dim]
    edges = torch.linspace(start, stop, count + 1, dtype=torch.float64)
    whole = edges.floor().clamp(max=length - 1)
    before = F.pad(x.double().transpose(dim, -1).cumsum(-1), (1, 0))
    at = whole.long()
    part = x.double().transpose(dim, -1)[..., at] * (edges - whole)
    sums = (before[..., at] + part).diff(dim=-1)
    return (sums * (count / (stop - start))).transpose(dim, -1)
