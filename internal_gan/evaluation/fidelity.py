"""How close an image is to the one it ought to be, pixel by pixel.

Images are (1, 3, H, W) in [-1, 1], of one size; they are judged as files of 8 bits have them.
"""

import math

from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.io import to_uint8

# Rec. 601, in full range: 0 to 255.
_LUMA = (0.299, 0.587, 0.114)
# Side of the window in which SSIM compares, in pixels; its Gaussian has a deviation of 1.5.
SSIM_WINDOW = 11


def rmse(real: Tensor, image: Tensor) -> float:
    """Root mean squared error over pixels and colours, in levels from 0 to 255."""
    return float((_levels(real) - _levels(image)).square().mean().sqrt())


def psnr(real: Tensor, image: Tensor, border: int = 0) -> float:
    """Peak signal-to-noise ratio of the luma (Rec. 601), in dB; infinite for equal images.

    Args:
        border: rows and columns to leave out on each side; super-resolution by s is mostly judged
            without s of them.
    """
    difference = _luma(real, border) - _luma(image, border)
    error = float(difference.square().mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(real: Tensor, image: Tensor, border: int = 0) -> float:
    """Structural similarity of the luma (Rec. 601), at most 1, which equal images have.

    The mean over all windows of 11 x 11 pixels that lie inside the image.

    Args:
        border: as for :func:`psnr`.

    Raises:
        UserError: no window fits into the image, or kornia is not installed.

    Source: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE Transactions on Image Processing, 2004.
    """
    try:
        from kornia.metrics import ssim as ssim_map
    except ImportError as error:
        raise UserError("SSIM needs kornia: pip install 'internal-gan[evaluation]'") from error
    pair = _luma(real, border), _luma(image, border)
    if min(pair[0].shape[-2:]) < SSIM_WINDOW:
        height, width = real.shape[-2:]
        raise UserError(
            f"SSIM of {height}x{width} pixels: needs {SSIM_WINDOW} pixels a side inside the border"
        )
    return float(ssim_map(*pair, SSIM_WINDOW, max_val=255.0, padding="valid").mean())


def _levels(image: Tensor) -> Tensor:
    return to_uint8(image).double()


def _luma(image: Tensor, border: int) -> Tensor:
    """(1, 1, H, W) less the border, from 0 to 255."""
    levels = _levels(image)
    luma = (levels * levels.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    height, width = luma.shape[-2:]
    return luma[..., border : height - border, border : width - border]
