"""Fidelity: how close an image is to a reference, pixel by pixel.

Both are rounded to 8 bits first. A mask weights the pixels; one that is 0 everywhere raises
UserError.
"""

import math

from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.colours import luminance
from internal_gan.images.files.image import to_uint8
from internal_gan.shapes import Mask, Pixels

# Side of SSIM's window in pixels.
SSIM_WINDOW = 11


def l1(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Mean absolute error as a fraction of the full range, 0 to 1."""
    return _mean((_levels(real) - _levels(image)).abs(), mask) / 255


def psnr(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio of the luma (Rec. 601), in dB; infinite for equal images."""
    error = _mean((_luma(real) - _luma(image)).square(), mask)
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Structural similarity of the luma (Rec. 601), 1 for equal images.

    The mean over all windows of 11 x 11 pixels in the image, each weighted by the mask at its
    centre.

    Raises:
        UserError: no window fits into the image, or the mask is 0 at all their centres.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE Transactions on Image Processing, 2004.
    """
    from kornia.metrics import ssim as ssim_map  # takes seconds to import

    height, width = real.shape[-2:]
    if min(height, width) < SSIM_WINDOW:
        raise UserError(f"SSIM of {height}x{width} pixels: needs {SSIM_WINDOW} pixels a side")
    windows = ssim_map(_luma(real), _luma(image), SSIM_WINDOW, max_val=255.0, padding="valid")
    rim = SSIM_WINDOW // 2
    return _mean(windows, None if mask is None else mask[..., rim:-rim, rim:-rim])


def _mean(values: Tensor, mask: Tensor | None) -> float:
    if mask is None:
        return float(values.mean())
    weights = mask.to(values).expand_as(values)
    if not weights.any():
        raise UserError("the mask is empty: there is no pixel to compare")
    return float((values * weights).sum() / weights.sum())


def _levels(image: Tensor) -> Tensor:
    return to_uint8(image).double()


def _luma(image: Tensor) -> Tensor:
    """(1, 1, H, W), from 0 to 255."""
    return luminance(_levels(image))
