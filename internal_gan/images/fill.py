"""Smooth continuations of an image's known pixels into its unknown ones."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.images.blur import gaussian_blur
from internal_gan.images.resize import resize

# Averages over the neighbours at each resolution; more of them change hardly anything.
RELAXATIONS = 16
# Steps of conjugate gradients at the smallest size, whose long side is at most SMALL pixels. Larger
# sizes start from a coarse solution and take a fifth of them.
PLATE_STEPS, SMALL = 150, 64
# Standard deviation, in pixels, of the Gaussian that averages the error of a hole's rim along it.
ALONG = 1.0
# Errors below this, in units of [-1, 1], are mostly another shade of the same content.
SHADE = 0.2
# Pixels into the hole after which a third is left of an error that is due to other content.
FADE = 2.0


def fill_transparent(pixels: Tensor, alpha: Tensor) -> Tensor:
    """Continue the visible colours into the fully transparent pixels.

    Files hold arbitrary colours there, often black, which a model would learn as if they were part
    of the picture. Each such pixel gets the mean colour of the visible ones around it, over the
    smallest neighbourhood (of 2, 4, 8, ... pixels) that has any. Visible pixels keep their values,
    and an image without a single visible pixel is returned as it is.

    Args:
        pixels: (1, 3, H, W) in [-1, 1].
        alpha: (1, 1, H, W) in [0, 1]; 0 is fully transparent.

    Returns:
        (1, 3, H, W) in [-1, 1].

    Source: the push-pull algorithm of S. Gortler et al., "The Lumigraph", 1996, section 3.4.
    """
    unknown = alpha <= 0.0
    return pixels if unknown.all() else _pull_push(pixels, unknown)


def _pull_push(pixels: Tensor, unknown: Tensor) -> Tensor:
    if not unknown.any():
        return pixels
    coarse = _pull_push(*_halved(pixels.masked_fill(unknown, 0.0), unknown))
    around = resize(coarse, (pixels.shape[-2], pixels.shape[-1])).clamp(-1.0, 1.0)
    return torch.where(unknown, around, pixels)


def fill_smoothly(image: Tensor, hole: Tensor) -> Tensor:
    """Fill a hole with a membrane spanned between its borders.

    Nearly the solution of Laplace's equation: the image is halved until the hole is closed; on the
    way back every unknown pixel is set to the mean of its neighbours a few times.

    Args:
        image: (N, C, H, W); its pixels inside the hole, even NaN, have no influence.
        hole: (N, 1, H, W), 1 inside and 0 elsewhere.

    Returns:
        (N, C, H, W): ``image`` outside the hole, bit for bit. Without any known pixel it is 0.
    """
    unknown = hole > 0.5
    return _membrane(image.masked_fill(unknown, 0.0), unknown)


def _membrane(image: Tensor, unknown: Tensor) -> Tensor:
    """``image`` is 0 where it is unknown."""
    if max(image.shape[-2:]) == 1:
        return image
    result = torch.where(unknown, _enlarged(_membrane, image, unknown), image)
    for _ in range(RELAXATIONS):
        result = torch.where(unknown, result + _laplacian(result) / 4.0, image)
    return result


def fill_as_plate(image: Tensor, hole: Tensor) -> Tensor:
    """Fill a hole with a thin plate clamped at its border, which continues slopes, too.

    Nearly the solution of the biharmonic equation, by conjugate gradients from coarse to fine; less
    exact the farther from the border.

    Args:
        image, hole: as for :func:`fill_smoothly`.

    Returns:
        (N, C, H, W): ``image`` outside the hole, bit for bit.
    """
    unknown = hole > 0.5
    return _plate(image.masked_fill(unknown, 0.0), unknown)


def _plate(image: Tensor, unknown: Tensor) -> Tensor:
    """``image`` is 0 where it is unknown."""
    is_small = max(image.shape[-2:]) <= SMALL
    start = _membrane(image, unknown) if is_small else _enlarged(_plate, image, unknown)
    plate = torch.where(unknown, start, image)
    left = -_force(plate, unknown)
    direction, length = left, _squared(left)
    for _ in range(PLATE_STEPS if is_small else PLATE_STEPS // 5):
        pushed = _force(direction, unknown)
        along = (direction * pushed).sum(dim=(-2, -1), keepdim=True)
        step = length / along.clamp_min(1e-20)
        plate = plate + step * direction
        left = left - step * pushed
        before, length = length, _squared(left)
        direction = left + length / before.clamp_min(1e-20) * direction
    return torch.where(unknown, plate, image)


def settle(filled: Tensor, hole: Tensor) -> Tensor:
    """Shift the colours of a filled hole to meet those around it, and keep its details.

    The hole's outermost pixels are compared with a thin plate that continues the surroundings.
    Their error is spanned over the hole as a membrane and subtracted: a small one, such as another
    shade, over the whole hole, a large one, such as half an animal, over a few pixels.

    Args:
        filled: (N, C, H, W) in [-1, 1], with any content inside the hole.
        hole: (N, 1, H, W), 1 inside and 0 elsewhere.

    Returns:
        (N, C, H, W) in [-1, 1], outside the hole unchanged bit for bit.

    Source: the membrane is that of P. Perez, M. Gangnet, A. Blake, "Poisson image editing",
    SIGGRAPH 2003, section 2; its two images overlap, while here the plate stands in for one.
    """
    rim = hole * F.max_pool2d(1 - hole, 3, stride=1, padding=1)
    error = (fill_as_plate(filled, hole) - filled) * rim
    # Averaged along the rim: a texture must keep pixels that differ from a plate.
    error = gaussian_blur(error, ALONG) / gaussian_blur(rim, ALONG).clamp_min(1e-6)
    shade = error / (1 + error.square().mean(dim=1, keepdim=True) / SHADE**2)
    fading = torch.exp((1 - depth(hole)) / FADE)
    membrane = fill_smoothly(shade, 1 - rim) + fading * fill_smoothly(error - shade, 1 - rim)
    return torch.where(hole > 0, (filled + membrane).clamp(-1, 1), filled)


def depth(hole: Tensor) -> Tensor:
    """Distance of every pixel of a hole (N, 1, H, W) to its border in pixels; 0 outside.

    Diagonal neighbours count as neighbours; the outermost pixels of the hole are at 1.
    """
    steps, left = torch.zeros_like(hole), hole
    while left.any():
        steps = steps + left
        inner = -F.max_pool2d(-left, 3, stride=1, padding=1)
        if torch.equal(inner, left):
            break
        left = inner
    return steps


def _enlarged(fill: Callable[[Tensor, Tensor], Tensor], image: Tensor, unknown: Tensor) -> Tensor:
    """The image filled by ``fill`` at half its size, enlarged again."""
    coarse = fill(*_halved(image, unknown))
    return F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)


def _halved(image: Tensor, unknown: Tensor) -> tuple[Tensor, Tensor]:
    """The means of the known pixels at half the size, and where there are none.

    ``image`` is 0 where it is unknown.
    """
    share = F.avg_pool2d((~unknown).to(image.dtype), 2, ceil_mode=True)
    return F.avg_pool2d(image, 2, ceil_mode=True) / share.clamp_min(1e-6), share == 0


def _force(image: Tensor, unknown: Tensor) -> Tensor:
    """The force of a thin plate on every unknown pixel."""
    return _laplacian(_laplacian(image)) * unknown


def _laplacian(image: Tensor) -> Tensor:
    """Sum of the differences to the four neighbours; the border's pixels are repeated beyond it."""
    around = F.pad(image, (1,) * 4, mode="replicate")
    rows = around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
    columns = around[..., 1:-1, :-2] + around[..., 1:-1, 2:]
    return rows + columns - 4.0 * image


def _squared(image: Tensor) -> Tensor:
    return image.square().sum(dim=(-2, -1), keepdim=True)
