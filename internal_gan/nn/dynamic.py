"""Resampling and padding for exported graphs, whose sizes are known only when they run.

Both use only index arithmetic, matrix products and lookups, and never branch on a size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.nn.blocks import Padding


def resize(x: Tensor, height: int, width: int) -> Tensor:
    """:func:`internal_gan.images.resize.resize` by two matrix products.

    Args:
        x: (N, C, H, W).
        height, width: of the result, integers or symbolic integers.
    """
    return _weights(x.shape[-2], height) @ x @ _weights(x.shape[-1], width).mT


def _weights(old: int, new: int) -> Tensor:
    """The weights (new, old) that resample a row of ``old`` pixels to one of ``new``."""
    # Two centres are (j + 1/2) - (i + 1/2) old / new apart, in old pixels; integers keep this
    # exact. When shrinking, the kernel widens by the same factor.
    j, i = torch.arange(old), torch.arange(new)
    distance = (2 * j + 1) * new - (2 * i[:, None] + 1) * old
    widest = torch.sym_max(old, new)  # type: ignore[no-untyped-call]
    x = (distance.float() / (2 * widest)).abs()
    # Keys' cubic convolution with a = -0.5.
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights = torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
    return weights / weights.sum(1, keepdim=True)


def pad(x: Tensor, margin: int, mode: Padding) -> Tensor:
    """Exportable form of :func:`internal_gan.nn.blocks.pad`."""
    if mode == "zero":
        return F.pad(x, (margin,) * 4)
    height, width = x.shape[-2:]
    shorter = torch.sym_min(height, width)  # type: ignore[no-untyped-call]
    short = torch.full((), shorter)
    rows, columns = (_places(side, short, margin, mode) for side in (height, width))
    return x[:, :, rows][..., columns]


def _places(side: int, short: Tensor, margin: int, mode: Padding) -> Tensor:
    """Where the pixels of a padded row come from, (side + 2 margin)."""
    place, last = torch.arange(-margin, side + margin), side - 1
    nearest = place.clamp(0, last)
    if mode == "reflect":
        mirrored = last - (last - place.abs()).abs()
        return torch.where(short > margin, mirrored, nearest).clamp(0, last)
    if mode == "circular":
        return torch.where(short >= margin, place % side, nearest)
    return nearest
