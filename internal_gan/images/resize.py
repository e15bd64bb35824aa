"""Antialiased bicubic resampling and Gaussian blur."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.units import Size

# A larger factor needs a kernel that exceeds a GPU's shared memory, and torch fails.
MAX_SHRINKING = 32
# The radius of a blur in standard deviations; pixels farther away have no influence.
SIGMAS = 3.0
# At smaller standard deviations a pixel's neighbours have a weight of 0 in float32.
LEAST_SIGMA = 0.05


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


def resize_part(x: Tensor, rows: slice, columns: slice, size: Size) -> Tensor:
    """Some rows and columns of ``resize(x, size)``, but for rounding, without the others."""
    down, across = (
        resize(torch.eye(side).to(x)[None, None], (wanted, side))[0, 0, span]
        for side, wanted, span in zip(x.shape[-2:], size, (rows, columns), strict=True)
    )
    return down @ x @ across.T


def nearest_pixels(old: Size, size: Size) -> tuple[Tensor, Tensor]:
    """The rows, (h, 1), and columns, (w,), of an image of the ``old`` size that are nearest to the
    pixels of one of another size."""
    rows, columns = (
        (torch.arange(new) * side + side // 2) // new for new, side in zip(size, old, strict=True)
    )
    return rows[:, None], columns


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


def resample_columns(x: Tensor, places: Tensor) -> Tensor:
    """The columns of an image (..., H, W) at ``places`` (n,), in pixels from the first one's
    centre, by Keys' cubic convolution as in :func:`resize`, without antialiasing. At whole numbers
    they are the image's own."""
    before = places.floor()
    t = (places - before).to(x.dtype)
    # Keys 1981, equation 15, of the distances 1 + t, t, 1 - t and 2 - t.
    weights = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    found = torch.zeros((), dtype=x.dtype)
    for shift, weight in enumerate(weights, -1):
        found = found + x[..., (before.long() + shift).clamp(0, x.shape[-1] - 1)] * weight
    return found
