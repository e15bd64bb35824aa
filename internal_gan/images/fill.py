"""A smooth continuation of what is known of an image into what is not."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.images.blur import gaussian_blur

# Averages over the neighbours at each resolution, after which the result hardly changes.
RELAXATIONS = 16
# Steps of conjugate gradients at the smallest size, whose long side has at most so many pixels; at
# the larger ones a fifth of them, for the coarse form is there already.
PLATE_STEPS, SMALL = 150, 64
# How far what a rim is off by is averaged: standard deviation of a Gaussian, pixels.
ALONG = 1.0
# A rim that is off by less, in units of [-1, 1], is mostly another shade of the same.
SHADE = 0.2
# Pixels into the hole after which a third is left of what a rim is off by because of another thing.
FADE = 2.0


def fill_smoothly(image: Tensor, hole: Tensor) -> Tensor:
    """Fill a hole with a membrane spanned between its borders.

    Nearly the solution of Laplace's equation: the image is halved until the hole is closed, and on
    the way back every unknown pixel is set to the mean of its neighbours a few times. It depends
    on the known pixels alone.

    Args:
        image: (N, C, H, W); what it has inside of the hole is of no account, not even NaN.
        hole: (N, 1, H, W), 1 inside and else 0.

    Returns:
        (N, C, H, W): ``image`` outside of the hole, bit for bit. Without any known pixel it is 0.
    """
    unknown = hole > 0.5
    return _filled(torch.where(unknown, torch.zeros_like(image), image), unknown)


def _filled(image: Tensor, unknown: Tensor) -> Tensor:
    """``image`` is 0 where it is unknown."""
    if max(image.shape[-2:]) == 1:
        return image
    result = torch.where(unknown, _guess(_filled, image, unknown), image)
    for _ in range(RELAXATIONS):
        result = torch.where(unknown, result + _laplacian(result) / 4.0, image)
    return result


def fill_as_plate(image: Tensor, hole: Tensor) -> Tensor:
    """Fill a hole with a thin plate clamped at its border: slopes are continued, too.

    Nearly the solution of the biharmonic equation, by conjugate gradients from coarse to fine; the
    farther from the border, the less exact.

    Args:
        image, hole: as for :func:`fill_smoothly`.

    Returns:
        (N, C, H, W): ``image`` outside of the hole, bit for bit.
    """
    unknown = hole > 0.5
    return _plate(torch.where(unknown, torch.zeros_like(image), image), unknown)


def _plate(image: Tensor, unknown: Tensor) -> Tensor:
    """``image`` is 0 where it is unknown."""
    is_small = max(image.shape[-2:]) <= SMALL
    start = _filled(image, unknown) if is_small else _guess(_plate, image, unknown)
    plate = torch.where(unknown, start, image)
    left = -_bent(plate, unknown)
    direction, length = left, _squared(left)
    for _ in range(PLATE_STEPS if is_small else PLATE_STEPS // 5):
        pushed = _bent(direction, unknown)
        along = (direction * pushed).sum(dim=(-2, -1), keepdim=True)
        step = length / along.clamp_min(1e-20)
        plate = plate + step * direction
        left = left - step * pushed
        before, length = length, _squared(left)
        direction = left + length / before.clamp_min(1e-20) * direction
    return torch.where(unknown, plate, image)


def settle(filled: Tensor, hole: Tensor) -> Tensor:
    """Shift the colours of a filling, so that they go over into those around it; detail stays.

    The outermost pixels of the hole are held against a thin plate that continues what is around
    it. What they are off by is spanned over the hole as a membrane and taken away: little, such as
    another shade, over all of it, and much, such as half an animal, within a few pixels.

    Args:
        filled: (N, C, H, W) in [-1, 1], the hole filled with something of its own.
        hole: (N, 1, H, W), 1 inside and else 0.

    Returns:
        (N, C, H, W) in [-1, 1], outside of the hole bit for bit as it was.

    Source: the membrane is that of P. Perez, M. Gangnet, A. Blake, "Poisson image editing",
    SIGGRAPH 2003, section 2; there the two images overlap, here the plate stands for the one.
    """
    rim = hole * F.max_pool2d(1 - hole, 3, stride=1, padding=1)
    off = (fill_as_plate(filled, hole) - filled) * rim
    # Along the rim, for a texture must not lose the pixels by which it differs from a plate.
    off = gaussian_blur(off, ALONG) / gaussian_blur(rim, ALONG).clamp_min(1e-6)
    shade = off / (1 + off.square().mean(dim=1, keepdim=True) / SHADE**2)
    fading = torch.exp((1 - depth(hole)) / FADE)
    membrane = fill_smoothly(shade, 1 - rim) + fading * fill_smoothly(off - shade, 1 - rim)
    return torch.where(hole > 0, (filled + membrane).clamp(-1, 1), filled)


def depth(hole: Tensor) -> Tensor:
    """How many steps every pixel of a hole (N, 1, H, W) is from its border, 0 outside."""
    steps, left = torch.zeros_like(hole), hole
    while left.any():
        steps = steps + left
        inner = -F.max_pool2d(-left, 3, stride=1, padding=1)
        if torch.equal(inner, left):
            break
        left = inner
    return steps


def _guess(fill: Callable[[Tensor, Tensor], Tensor], image: Tensor, unknown: Tensor) -> Tensor:
    """What ``fill`` makes of the image at half the size, enlarged."""
    share = F.avg_pool2d((~unknown).to(image.dtype), 2, ceil_mode=True)
    coarse = F.avg_pool2d(image, 2, ceil_mode=True) / share.clamp_min(1e-6)
    coarse = fill(coarse, share == 0)
    return F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)


def _bent(image: Tensor, unknown: Tensor) -> Tensor:
    """The force on every unknown pixel of a plate."""
    return _laplacian(_laplacian(image)) * unknown


def _laplacian(image: Tensor) -> Tensor:
    """Differences to the four neighbours, summed; beyond the image everything goes on flat."""
    around = F.pad(image, (1,) * 4, mode="replicate")
    rows = around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
    columns = around[..., 1:-1, :-2] + around[..., 1:-1, 2:]
    return rows + columns - 4.0 * image


def _squared(image: Tensor) -> Tensor:
    return image.square().sum(dim=(-2, -1), keepdim=True)
