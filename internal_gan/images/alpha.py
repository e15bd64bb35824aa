"""Colours for the pixels that nobody sees."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.images.files.decode import Decoded
from internal_gan.images.resize import resize


def seen(decoded: Decoded) -> tuple[Tensor, Tensor | None]:
    """A file's colours, ``(1, 3, H, W)`` in [-1, 1], as a model may look at them.

    Returns:
        The colours after :func:`fill_transparent`, and as they were; None where that is the same.
    """
    raw = decoded.colours * 2.0 - 1.0
    pixels = raw if decoded.alpha is None else fill_transparent(raw, decoded.alpha)
    return pixels, None if pixels is raw else raw


def fill_transparent(pixels: Tensor, alpha: Tensor) -> Tensor:
    """Continue the visible colours into the fully transparent pixels.

    Files hold arbitrary colours there, often black, which a model would learn as if they were part
    of the picture. Each such pixel gets the mean colour of the visible ones around it, over the
    smallest neighbourhood (of 2, 4, 8, ... pixels) that has any. Visible pixels keep their values,
    and an image without a single visible pixel is returned as it is.

    Args:
        pixels: ``(1, 3, H, W)`` in [-1, 1].
        alpha: ``(1, 1, H, W)`` in [0, 1]; 0 is fully transparent.

    Returns:
        ``(1, 3, H, W)`` in [-1, 1].

    Source: the push-pull algorithm of S. Gortler et al., "The Lumigraph", 1996, section 3.4.
    """
    visible = (alpha > 0.0).to(pixels.dtype)
    return _pull_push(pixels, visible) if visible.any() else pixels


def _pull_push(pixels: Tensor, known: Tensor) -> Tensor:
    if known.all():
        return pixels
    share = F.avg_pool2d(known, 2, ceil_mode=True)
    # Cells without a known pixel are 0 / tiny here, and are filled by the next coarser level.
    means = F.avg_pool2d(pixels * known, 2, ceil_mode=True) / share.clamp_min(1e-6)
    coarse = _pull_push(means, (share > 0.0).to(known.dtype))
    around = resize(coarse, (pixels.shape[-2], pixels.shape[-1])).clamp(-1.0, 1.0)
    return torch.where(known > 0.0, pixels, around)
