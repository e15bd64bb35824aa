"""Large pictures in little memory: means of equal cells, band by band."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.units import Size

if TYPE_CHECKING:
    from internal_gan.images.files.decode import Decoded

# Up to so many pixels a picture is read as it is.
WHOLE_PIXELS = 25_000_000
# So many times as long as needed is what a picture is reduced to: what is then resampled to the
# size needed is within rounding of what the whole picture would give.
GAP = 8
BAND_PIXELS = 2**18


def reduced_size(size: Size, longest: int | None) -> Size | None:
    """What to reduce a picture to whose long side will be ``longest`` pixels at most.

    Args:
        size: (height, width) in pixels.
        longest: None where all of it is needed.

    Returns:
        (height, width), or None where it is not so large that this would spare much memory.

    >>> reduced_size((10900, 10920), 250)
    (1996, 2000)
    >>> reduced_size((4000, 6000), 250)
    """
    if longest is None or size[0] * size[1] <= WHOLE_PIXELS or max(size) <= GAP * longest:
        return None
    factor = GAP * longest / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def in_bands(size: Size, to: Size, rows: Callable[[int, int], Decoded]) -> Decoded:
    """A picture reduced to the means of ``to`` equal cells, fractions of pixels included.

    Colours of fully transparent pixels do not count where a cell has others.

    Args:
        size: (height, width) of the picture, in pixels.
        to: (height, width) of the result, no larger.
        rows: ``rows(top, bottom)`` decodes these rows alone.
    """
    height, width = size
    step = max(1, int(BAND_PIXELS / width * to[0] / height))
    # Allocated first: small pieces kept between the bands' large ones would break up the memory.
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
        return _means(_means(x, rows, -2), columns, -1)

    if band.alpha is None:
        return means(band.colours), None
    seen = (band.alpha > 0.0).float()
    share = means(seen)
    # A cell of nothing but transparent pixels keeps the file's own numbers.
    colours = means(band.colours * seen) / share.clamp_min(1e-9)
    colours = torch.where(share > 1e-6, colours, means(band.colours))
    return colours.clamp(0, 1), means(band.alpha)


def _means(x: Tensor, cells: Cells, dim: int) -> Tensor:
    """Means along a dimension over so many equal cells between two places, in float64."""
    start, stop, count = cells
    length = x.shape[dim]
    edges = torch.linspace(start, stop, count + 1, dtype=torch.float64)
    whole = edges.floor().clamp(max=length - 1)
    before = F.pad(x.double().transpose(dim, -1).cumsum(-1), (1, 0))
    at = whole.long()
    part = x.double().transpose(dim, -1)[..., at] * (edges - whole)
    sums = (before[..., at] + part).diff(dim=-1)
    return (sums * (count / (stop - start))).transpose(dim, -1)
