"""Luminance, and colour transfer between images."""

from __future__ import annotations

from torch import Tensor


def luminance(image: Tensor) -> Tensor:
    """Gray values (N, 1, H, W) of colours (N, 3, H, W), in the same range (Rec. 601)."""
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:3]


def match_colours(pixels: Tensor, mask: Tensor, reference: Tensor) -> Tensor:
    """Give the masked part of an image the mean colour of a reference, and at most its contrast.

    A channel's standard deviation is never raised, so a flat part stays flat.

    Args:
        pixels: (1, 3, H, W) in [-1, 1].
        mask: (1, 1, H, W) in [0, 1], 1 on the part to change; not 0 everywhere.
        reference: (1, 3, h, w) in [-1, 1].

    Source: E. Reinhard et al., "Color transfer between images", 2001; here in RGB.
    """
    weights = mask / mask.sum()
    mean = (weights * pixels).sum(dim=(2, 3), keepdim=True)
    std = (weights * (pixels - mean).square()).sum(dim=(2, 3), keepdim=True).sqrt()
    wanted_mean = reference.mean(dim=(2, 3), keepdim=True)
    wanted_std = reference.std(dim=(2, 3), keepdim=True, correction=0)
    gain = (wanted_std / std.clamp_min(1e-6)).clamp(max=1.0)
    matched = ((pixels - mean) * gain + wanted_mean).clamp(-1.0, 1.0)
    return pixels.lerp(matched, mask)
