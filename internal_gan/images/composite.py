"""What was changed in a small copy of a photo, brought back to the photo itself."""

from __future__ import annotations

import torch
from torch import Tensor

from internal_gan.images.blur import gaussian_blur
from internal_gan.images.periodic import Wrap, cross_fade, resize_periodic
from internal_gan.images.resize import resize

# Contrast is that of details up to about so many pixels, over neighbourhoods of so many.
DETAIL, AROUND = 1.0, 2.0
# A step of 8 bits, squared, is near this: less is no contrast.
NOISE = 1e-4


def bring_back(
    photo: Tensor,
    before: Tensor,
    after: Tensor,
    mask: Tensor,
    *,
    wrap: Wrap = (False, False),
    band: tuple[float, float] = (1.0, 1.0),
) -> Tensor:
    """Put a change that was made at another size into a photo.

    Inside of the mask the result is the changed copy, resampled, with the finer details of the
    photo, which the copy could not hold: as many of them as the change has left of the variance
    around. So a texture stays sharp, and an edge that was smoothed away does not come back.

    Args:
        photo: (1, 3, H, W) in [-1, 1].
        before: the copy, (1, 3, h, w): the photo resampled.
        after: the changed copy, (1, 3, h, w).
        mask: (1, 1, H, W) in [0, 1]; where it is 0 the result is the photo, bit for bit.
        wrap: borders of ``after`` that meet, and so do those of the result where the mask is 1.
        band: how far from such a border the details of both of its sides are mixed (rows,
            columns), in pixels.

    Returns:
        (1, 3, H, W) in [-1, 1].
    """
    size = (photo.shape[-2], photo.shape[-1])
    changed = resize_periodic(after, size, wrap)
    if after.shape[-2:] != size:
        kept = (_variance(after) / _variance(before)).clamp(0.0, 1.0)
        details = resize(kept, size) * (photo - resize(before, size))
        changed = changed + cross_fade(details, band, wrap, keep_contrast=True)
    return torch.where(mask > 0.0, torch.lerp(photo, changed.clamp(-1.0, 1.0), mask), photo)


def _variance(pixels: Tensor) -> Tensor:
    """The variance of the details around every pixel, (1, 1, h, w)."""
    details = (pixels - gaussian_blur(pixels, DETAIL)).square().mean(dim=1, keepdim=True)
    return gaussian_blur(details, AROUND) + NOISE
