"""Puts changes into a photo: those of a copy of another size, and fillings of holes."""

import torch
from torch import Tensor

from internal_gan.images.masks import dilate, soften
from internal_gan.images.resize import gaussian_blur, resize, size_of
from internal_gan.shapes import Mask, Pixels

# Standard deviations of Gaussians, in pixels.
DETAIL_SIGMA, VARIANCE_SIGMA = 1.0, 2.0
# About the square of an 8-bit step.
QUANTISATION_VARIANCE = 1e-4


def bring_back(photo: Pixels, before: Pixels, after: Pixels, mask: Mask) -> Pixels:
    """Apply to a photo a change, ``before`` to ``after``, that was made to a copy of another size.

    Inside the mask, the result is the resampled copy plus the photo's finer details, scaled by the
    share of local variance that survived the change: textures stay sharp, and an edge that was
    smoothed away does not return. Where the mask is 0 the result is the photo, bit for bit.
    """
    size = size_of(photo)
    changed = resize(after, size)
    if after.shape[-2:] != size:
        kept = (_variance(after) / _variance(before)).clamp(0.0, 1.0)
        changed = changed + resize(kept, size) * (photo - resize(before, size))
    return torch.lerp(photo, changed.clamp(-1.0, 1.0), mask)


def blend(photo: Pixels, filled: Pixels, hole: Mask, feather: float) -> Pixels:
    """Blend a filling into the photo: it fades out over 3 ``feather`` pixels beyond the hole.

    Inside the hole its pixels stay bit for bit; beyond the fading band, the photo's do.
    """
    # Exact at the weights 0 and 1.
    return torch.lerp(photo, filled, blend_weight(hole, feather))


def blend_weight(hole: Mask, feather: float) -> Mask:
    """The filling's weight in every pixel, 1 inside the hole."""
    if not feather:
        return hole
    return torch.maximum(hole, soften(dilate(hole, 1.5 * feather), feather / 2.0))


def _variance(pixels: Pixels) -> Tensor:
    """Local variance of the details, (1, 1, H, W)."""
    details = (pixels - gaussian_blur(pixels, DETAIL_SIGMA)).square().mean(dim=1, keepdim=True)
    return gaussian_blur(details, VARIANCE_SIGMA) + QUANTISATION_VARIANCE
