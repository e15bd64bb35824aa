"""From decoded levels to a photo; the levels of a very large picture are reduced band by band."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.fill import fill_transparent
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.units import Size

# Pictures of more pixels are reduced to this many times the side needed. Resampling from there
# gives, up to rounding, the same as resampling the whole picture.
WHOLE_PIXELS = 25_000_000
GAP = 8
BAND_PIXELS = 2**18


def photo_of(
    levels: Tensor, mode: str, bit_depth: int, size: Size, icc_profile: bytes | None = None
) -> Photo:
    """The photo of a picture of ``size`` from what :func:`in_bands` returns for it, which is
    overwritten."""
    has_alpha = len(levels) in (2, 4)
    colours = levels[:-1] if has_alpha else levels
    alpha = levels[None, -1:] if has_alpha else None
    raw = colours.expand(3, -1, -1).contiguous()[None].mul_(2.0).sub_(1.0)
    pixels = raw if alpha is None else fill_transparent(raw, alpha)
    return Photo(
        pixels,
        alpha,
        mode=mode,
        bit_depth=bit_depth,
        icc_profile=icc_profile,
        raw=None if pixels is raw else raw,
        given=None if levels.shape[1:] == size else size,
    )


def in_bands(size: Size, longest: int | None, rows: Callable[[int, int], Tensor]) -> Tensor:
    """Decode a picture of ``size``; a very large one becomes the means of equal cells, which may
    split pixels. Colours of fully transparent pixels do not count unless a cell has no others.

    Args:
        longest: the longest side needed, in pixels; None reads all of it.
        rows: ``rows(top, bottom)`` decodes only these rows: levels (C, H, W) in [0, 1], gray or
            RGB, with or without alpha.
    """
    height, width = size
    to = _reduced_size(size, longest)
    if to is None:
        return rows(0, height)
    step = max(1, int(BAND_PIXELS / width * to[0] / height))
    # Allocated up front: small tensors kept from band to band would fragment the memory.
    reduced = torch.empty(4, *to)
    for first in range(0, to[0], step):
        last = min(first + step, to[0])
        start, stop = first * height / to[0], last * height / to[0]
        top = math.floor(start)
        cells = (start - top, stop - top, last - first), (0.0, width, to[1])
        band = _reduced(rows(top, min(height, math.ceil(stop))), *cells)
        reduced[: len(band), first:last] = band
    return reduced[: len(band)]


def _reduced_size(size: Size, longest: int | None) -> Size | None:
    """The size to reduce a picture to; None if that would not save much memory.

    >>> _reduced_size((10900, 10920), 250)
    (1996, 2000)
    >>> _reduced_size((1000, 120000), 60)
    (60, 7200)
    >>> _reduced_size((4000, 6000), 250)
    """
    if longest is None or size[0] * size[1] <= WHOLE_PIXELS or max(size) <= GAP * longest:
        return None
    # A long photo may be trained on at more than its longest side: keep its short one.
    factor = max(GAP * longest / max(size), longest / min(size))
    return scaled(size, factor) if factor < 1 else None


# Where the first cell begins and the last one ends, in pixels, and their number.
Cells = tuple[float, float, int]


def _reduced(levels: Tensor, rows: Cells, columns: Cells) -> Tensor:
    def means(x: Tensor) -> Tensor:
        return cell_means(cell_means(x, rows, -2), columns, -1)

    if len(levels) in (1, 3):
        return means(levels)
    colours, alpha = levels[:-1], levels[-1:]
    seen = (alpha > 0.0).float()
    share = means(seen)
    # A cell of only transparent pixels keeps the file's own values.
    visible = means(colours * seen) / share.clamp_min(1e-9)
    colours = torch.where(share > 1e-6, visible, means(colours))
    return torch.cat([colours.clamp(0, 1), means(alpha)])


def cell_means(x: Tensor, cells: Cells, dim: int) -> Tensor:
    """Means along a dimension over equal cells, in float64."""
    start, stop, count = cells
    length = x.shape[dim]
    edges = torch.linspace(start, stop, count + 1, dtype=torch.float64)
    whole = edges.floor().clamp(max=length - 1)
    before = F.pad(x.double().transpose(dim, -1).cumsum(-1), (1, 0))
    at = whole.long()
    part = x.double().transpose(dim, -1)[..., at] * (edges - whole)
    sums = (before[..., at] + part).diff(dim=-1)
    return (sums * (count / (stop - start))).transpose(dim, -1)
