"""Figures for filled holes: how close pixels and patches are to the original's."""

from __future__ import annotations

from statistics import fmean

import torch
import torch.nn.functional as F

from internal_gan.errors import UserError
from internal_gan.evaluation.fidelity import l1, psnr, ssim
from internal_gan.patches.exact import patches_at
from internal_gan.patches.statistics import shrunk, wasserstein_of_rows
from internal_gan.shapes import Mask, Pixels

PATCH = 7
SHRINKS = (1, 2)


def judge_hole(photo: Pixels, filled: Pixels, hole: Mask) -> dict[str, float]:
    """All figures for the inside of a filled hole.

    Returns:
        ``psnr`` in dB; ``ssim``; ``l1`` as a fraction of the range from black to white;
        ``patches``, see :func:`patch_distance`, in thousandths of that range; ``sharpness``, the
        mean gradient relative to the original's, at best 1.

    Raises:
        UserError: the hole is empty, or the image is too small.
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
    ``shrink``.

    Raises:
        UserError: no patch is centred in the hole.
    """
    inside = F.avg_pool2d(hole, shrink) >= 0.5
    rim = PATCH // 2
    middles = inside[0, 0, rim : inside.shape[-2] - rim, rim : inside.shape[-1] - rim]
    if not middles.any():
        raise UserError(f"the hole is too small: no patch of {PATCH} pixels is centred inside it")
    places = middles.flatten().nonzero().flatten()
    real, made = (patches_at(shrunk(image, shrink), places, PATCH) for image in (photo, filled))
    return wasserstein_of_rows(real, made)


def _gradient(image: Pixels, hole: Mask) -> float:
    """Mean absolute difference of neighbouring gray values inside the hole."""
    gray, inside = image.mean(dim=1), hole[:, 0] > 0
    steps = [
        gray.diff(dim=axis).abs()[inside.narrow(axis, 1, n - 1) & inside.narrow(axis, 0, n - 1)]
        for axis, n in ((1, gray.shape[1]), (2, gray.shape[2]))
    ]
    return float(torch.cat(steps).mean())
