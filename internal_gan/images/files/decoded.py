"""The decoded pixels of a picture; a very large one is reduced band by band."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.fill import fill_transparent
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.shapes import Mask
from internal_gan.units import Size

# Pictures of up to this many pixels are not reduced.
WHOLE_PIXELS = 25_000_000
# Larger ones are reduced to this many times the side needed. Resampling from there gives, up to
# rounding, the same as resampling the whole picture.
GAP = 8
BAND_PIXELS = 2**18


@dataclass(frozen=True)
class Decoded:
    """The pixels of one picture.

    Attributes:
        colours: (1, 3, H, W) in [0, 1].
        alpha: None without transparency.
        mode: Pillow's name of the file's mode, with ``LA`` for 16-bit gray and alpha.
        bit_depth: bits per channel: 8, 16, or 32 for floats.
        notes: what was lost or changed, for the user.
        given: size of the upright picture if it was reduced.
    """

    colours: Tensor
    alpha: Mask | None
    mode: str
    bit_depth: int
    notes: tuple[str, ...] = ()
    given: Size | None = None

    @classmethod
    def of(cls, levels: Tensor, mode: str, bit_depth: int, notes: tuple[str, ...] = ()) -> Decoded:
        """From channels (C, H, W) in [0, 1]: gray or RGB, with or without alpha."""
        has_alpha = levels.shape[0] in (2, 4)
        colours = levels[:-1] if has_alpha else levels
        alpha = levels[-1:].unsqueeze(0) if has_alpha else None
        colours = colours.expand(3, -1, -1).unsqueeze(0).contiguous()
        return cls(colours, alpha, mode, bit_depth, notes)

    def photo(
        self, path: Path | None = None, icc_profile: bytes | None = None, exif: bytes | None = None
    ) -> Photo:
        """The photo, with fully transparent pixels filled by the visible colours around them."""
        raw = self.colours * 2.0 - 1.0
        pixels = raw if self.alpha is None else fill_transparent(raw, self.alpha)
        return Photo(
            pixels,
            self.alpha,
            path,
            self.mode,
            self.bit_depth,
            # An empty profile counts as none, and a CMYK one does not describe RGB pixels.
            (icc_profile or None) if self.mode != "CMYK" else None,
            exif,
            raw=None if pixels is raw else raw,
            given=self.given,
        )


def in_bands(size: Size, longest: int | None, rows: Callable[[int, int], Decoded]) -> Decoded:
    """Decode a picture of ``size``; a very large one becomes the means of equal cells, which may
    split pixels. Colours of fully transparent pixels do not count unless a cell has no others.

    Args:
        longest: the longest side needed, in pixels; None reads all of it.
        rows: ``rows(top, bottom)`` decodes only these rows.
    """
    height, width = size
    to = _reduced_size(size, longest)
    if to is None:
        return rows(0, height)
    step = max(1, int(BAND_PIXELS / width * to[0] / height))
    # Allocated up front: small tensors kept from band to band would fragment the memory.
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
    if factor >= 1:
        return None
    return scaled(size, factor)


# Where the first cell begins and the last one ends, in pixels, and their number.
Cells = tuple[float, float, int]


def _reduced(band: Decoded, rows: Cells, columns: Cells) -> tuple[Tensor, Tensor | None]:
    """Colours and alpha of the cells of a band."""

    def means(x: Tensor) -> Tensor:
        return cell_means(cell_means(x, rows, -2), columns, -1)

    if band.alpha is None:
        return means(band.colours), None
    seen = (band.alpha > 0.0).float()
    share = means(seen)
    # A cell of only transparent pixels keeps the file's own values.
    colours = means(band.colours * seen) / share.clamp_min(1e-9)
    colours = torch.where(share > 1e-6, colours, means(band.colours))
    return colours.clamp(0, 1), means(band.alpha)


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
