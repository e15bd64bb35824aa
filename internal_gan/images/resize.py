"""Antialiased bicubic resampling."""

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.units import Size

# A larger factor needs a kernel that exceeds a GPU's shared memory, and torch fails.
MAX_SHRINKING = 32


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
