"""Antialiased bicubic resampling, Gaussian blur, and changes brought to another size."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# A larger factor needs a kernel that exceeds a GPU's shared memory, and torch fails.
MAX_SHRINKING = 32
# The radius of a blur in standard deviations; pixels farther away have no influence.
SIGMAS = 3.0
# At smaller standard deviations a pixel's neighbours have a weight of 0 in float32.
LEAST_SIGMA = 0.05
# Of the blurs that tell a change's details, and their variance, in pixels.
DETAIL_SIGMA, VARIANCE_SIGMA = 1.0, 2.0
# About the square of an 8-bit step.
QUANTISATION_VARIANCE = 1e-4


def size_of(image: Tensor) -> Size:
    """(height, width) of an image (..., H, W)."""
    return image.shape[-2], image.shape[-1]


def resize(x: Tensor, size: Size) -> Tensor:
    """Resample (N, C, H, W), of any range, to ``size`` with an antialiased bicubic kernel.

    The kernel is Keys' cubic convolution with a = -0.5, widened by the shrink factor, with pixel
    centres at half-integers, as in Pillow's ``BICUBIC``. It overshoots at sharp edges, so the
    result may leave the input's range. A side shrinks by at most ``MAX_SHRINKING`` at a time. The
    result has the dtype of ``x``, and is ``x`` itself if it has that size.

    Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
    """
    if x.shape[-2:] == size:
        return x
    height, width = (
        min(side, MAX_SHRINKING * wanted) for side, wanted in zip(x.shape[-2:], size, strict=True)
    )
    if (height, width) != x.shape[-2:]:
        return resize(resize(x, (height, width)), size)
    # The antialiased kernels have no reduced-precision form on the CPU.
    wide = x if x.dtype == torch.float64 else x.float()
    resized = F.interpolate(wide, size=size, mode="bicubic", antialias=True, align_corners=False)
    return resized.to(x.dtype)


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """Blur every channel of (N, C, H, W) with a truncated Gaussian, repeating the border pixels.

    ``sigma`` is the standard deviation in pixels; below ``LEAST_SIGMA`` this returns ``x`` itself.
    """
    # Not kornia's: it takes a second to import, and gaussian_blur2d differs in the last digit.
    if sigma < LEAST_SIGMA:
        return x
    reach = math.ceil(SIGMAS * sigma)
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (weights / weights.sum()).view(1, 1, 1, -1)
    planes = x.flatten(0, 1).unsqueeze(1)
    planes = F.conv2d(F.pad(planes, (reach, reach, 0, 0), mode="replicate"), kernel)
    planes = F.pad(planes, (0, 0, reach, reach), mode="replicate")
    return F.conv2d(planes, kernel.transpose(2, 3)).view_as(x)


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


def _variance(pixels: Pixels) -> Tensor:
    """Local variance of the details, (1, 1, H, W)."""
    details = (pixels - gaussian_blur(pixels, DETAIL_SIGMA)).square().mean(dim=1, keepdim=True)
    return gaussian_blur(details, VARIANCE_SIGMA) + QUANTISATION_VARIANCE
