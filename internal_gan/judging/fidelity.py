"""How close an image is to the original, pixel by pixel, and a filled hole also by its patches.

Pixels are rounded to 8 bits first. A mask weights them; one that is 0 everywhere is a UserError.
"""

import math
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.colours import luminance, to_uint8
from internal_gan.patches.exact import patches_at
from internal_gan.patches.statistics import shrunk, wasserstein_of_rows
from internal_gan.shapes import Mask, Pixels

SSIM_WINDOW = 11  # the side of SSIM's window, in pixels
COMPARED_PATCH = 7  # the side of the patches inside a hole, in pixels
# Both images are shrunk by these factors before the patches inside a hole are compared.
SHRINKS = (1, 2)


def l1(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Mean absolute error as a fraction of the full range, 0 to 1."""
    return _mean((_levels(real) - _levels(image)).abs(), mask) / 255


def psnr(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Peak signal-to-noise ratio of the luma (Rec. 601), in dB; infinite for equal images."""
    error = _mean((_luma(real) - _luma(image)).square(), mask)
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(real: Pixels, image: Pixels, mask: Mask | None = None) -> float:
    """Structural similarity of the luma (Rec. 601), 1 for equal images.

    The mean over all windows of 11 x 11 pixels, each weighted by the mask at its centre; a
    UserError if none fits into the image, or the mask is 0 at all their centres.

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


def judge_hole(photo: Pixels, filled: Pixels, hole: Mask) -> dict[str, float]:
    """All figures for the inside of a filled hole; a UserError if it or the image is too small.

    They are ``psnr`` in dB; ``ssim``; ``l1`` as a fraction of the range from black to white;
    ``patches``, see :func:`patch_distance`, in thousandths of that range; ``sharpness``, the mean
    gradient relative to the original's, at best 1.
    """
    return {
        "psnr": psnr(photo, filled, mask=hole),
        "ssim": ssim(photo, filled, mask=hole),
        "l1": l1(photo, filled, mask=hole),
        "patches": 1000 * fmean(patch_distance(photo, filled, hole, shrink=n) for n in SHRINKS),
        "sharpness": _gradient(filled, hole) / max(_gradient(photo, hole), 1e-6),
    }


def patch_distance(photo: Pixels, filled: Pixels, hole: Mask, shrink: int = 1) -> float:
    """Sliced Wasserstein-1 distance between the original's and the filling's patches in the hole.

    Patches count if they are centred in the hole. The right texture is close wherever its elements
    lie; a smooth filling is far. See
    :func:`internal_gan.patches.statistics.sliced_wasserstein`. The images are first shrunk by
    ``shrink``. If no patch is centred in the hole, this is a UserError.
    """
    inside = F.avg_pool2d(hole, shrink) >= 0.5
    rim = COMPARED_PATCH // 2
    middles = inside[0, 0, rim : inside.shape[-2] - rim, rim : inside.shape[-1] - rim]
    if not middles.any():
        raise UserError(
            f"the hole is too small: no patch of {COMPARED_PATCH} pixels is centred inside it"
        )
    places = middles.flatten().nonzero().flatten()
    real, made = (
        patches_at(shrunk(image, shrink), places, COMPARED_PATCH) for image in (photo, filled)
    )
    return wasserstein_of_rows(real, made)


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


def _gradient(image: Pixels, hole: Mask) -> float:
    """Mean absolute difference of neighbouring gray values inside the hole."""
    gray = image.mean(dim=1)
    inside = hole[:, 0] > 0
    steps = [
        gray.diff(dim=axis).abs()[inside.narrow(axis, 1, n - 1) & inside.narrow(axis, 0, n - 1)]
        for axis, n in ((1, gray.shape[1]), (2, gray.shape[2]))
    ]
    return float(torch.cat(steps).mean())
