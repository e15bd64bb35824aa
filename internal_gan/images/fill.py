"""A smooth continuation of what is known of an image into what is not."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# Averages over the neighbours at each resolution, after which the result hardly changes.
RELAXATIONS = 16


def fill_smoothly(image: Tensor, hole: Tensor) -> Tensor:
    """Fill a hole with a membrane spanned between its borders.

    Nearly the solution of Laplace's equation: the image is halved until the hole is closed, and on
    the way back every unknown pixel is set to the mean of its neighbours a few times. It depends
    on the known pixels alone.

    Args:
        image: (N, C, H, W); what it has inside of the hole is of no account, not even NaN.
        hole: (N, 1, H, W), 1 inside and else 0.

    Returns:
        (N, C, H, W): ``image`` outside of the hole, bit for bit. Without any known pixel it is 0.
    """
    unknown = hole > 0.5
    return _filled(torch.where(unknown, torch.zeros_like(image), image), unknown)


def _filled(image: Tensor, unknown: Tensor) -> Tensor:
    """``image`` is 0 where it is unknown."""
    size = image.shape[-2:]
    if max(size) == 1:
        return image
    known = (~unknown).to(image.dtype)
    share = F.avg_pool2d(known, 2, ceil_mode=True)
    coarse = F.avg_pool2d(image, 2, ceil_mode=True) / share.clamp_min(1e-6)
    coarse = _filled(coarse, share == 0)
    guess = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    result = torch.where(unknown, guess, image)
    for _ in range(RELAXATIONS):
        around = F.pad(result, (1,) * 4, mode="replicate")
        rows = around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
        columns = around[..., 1:-1, :-2] + around[..., 1:-1, 2:]
        result = torch.where(unknown, (rows + columns) / 4.0, image)
    return result
