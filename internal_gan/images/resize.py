"""Antialiased bicubic resampling of image tensors, the only resampler of the package."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample images to ``size`` with an antialiased bicubic kernel, on the tensor's device.

    The kernel is Keys' cubic convolution with a = -0.5, widened by the shrink factor, with pixel
    centres at half-integers (``align_corners=False``): what Pillow's ``BICUBIC`` computes. It
    overshoots at sharp edges by a few per cent, so the result may leave the range of the input.
    Differentiable with respect to ``x``.

    Args:
        x: Images ``(N, C, H, W)``, floating point, of any range.
        size: ``(height, width)`` of the result, in pixels, each at least 1.

    Returns:
        ``(N, C, height, width)`` of the dtype of ``x``; ``x`` itself when it has that size.

    Raises:
        ValueError: If ``x`` is not four-dimensional and floating point, or a side is below 1.

    Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981.

    >>> resize(torch.zeros(1, 3, 188, 250), (25, 33)).shape
    torch.Size([1, 3, 25, 33])
    """
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(f"resize needs floats (N, C, H, W), got {x.dtype} of {tuple(x.shape)}")
    if min(size) < 1:
        raise ValueError(f"resize needs a height and width of at least 1, got {size}")
    if x.shape[-2:] == size:
        return x
    # The antialiased kernels have no reduced-precision form on the CPU.
    wide = x if x.dtype == torch.float64 else x.float()
    resized = F.interpolate(wide, size=size, mode="bicubic", antialias=True, align_corners=False)
    return resized.to(x.dtype)


def resize_periodic(x: Tensor, size: tuple[int, int], wrap: tuple[bool, bool]) -> Tensor:
    """As :func:`resize`, of images that go on from the other side beyond their borders.

    Args:
        x: Images ``(N, C, H, W)``, floating point.
        size: ``(height, width)`` of the result, in pixels.
        wrap: Whether the top meets the bottom, and the left side the right one.

    Returns:
        ``(N, C, height, width)`` of the dtype of ``x``; it tiles where ``x`` does.
    """
    if not any(wrap):
        return resize(x, size)
    for axis, wraps in ((-2, wrap[0]), (-1, wrap[1])):
        side, wanted = x.shape[axis], size[axis]
        # A border of so many pixels becomes a whole number of them, and holds the kernel.
        step = side // math.gcd(side, wanted)
        border = step * math.ceil(4 * max(1.0, side / wanted) / step) if wraps else 0
        new = border * wanted // side
        shape = list(x.shape[-2:])
        shape[axis] = wanted + 2 * new
        x = resize(pad_periodic(x, border, axis), (shape[0], shape[1])).narrow(axis, new, wanted)
    return x


def pad_periodic(x: Tensor, border: int, axis: int) -> Tensor:
    """Repeat ``x`` beyond both ends of an axis by ``border`` elements, any number of them."""
    if not border:
        return x
    side = x.shape[axis]
    return x.index_select(axis, torch.arange(-border, side + border, device=x.device) % side)
