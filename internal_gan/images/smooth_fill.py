"""Fills an image's unknown pixels by continuing the known ones."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_cdt, distance_transform_edt
from torch import Tensor

from internal_gan.images.resize import gaussian_blur, resize
from internal_gan.images.windows import bounds, extent
from internal_gan.shapes import Mask, Masks, Pixels

RELAXATIONS = 16  # steps at each resolution of a membrane
MIN_MARGIN = 16  # pixels around a hole that influence its membrane, at least
# Plates on images with a longer side than this, in pixels, start from a coarse solution.
SMALL_SIDE = 64
PLATE_STEPS = 150  # of conjugate gradients for small images; others take a fifth as many
RIM_SIGMA = 1.0  # of the blur along a hole's rim, in pixels
# Smaller errors are mostly another shade of the same content; the correction of larger ones fades.
MAX_SHADE = 0.2  # in the range of [-1, 1]
FADING_DEPTH = 2.0  # the depth within which that correction falls to 1/e, in pixels


def fill_transparent(pixels: Pixels, alpha: Mask) -> Tensor:
    """Continue the visible colours into fully transparent pixels, where ``alpha`` is 0.

    Files hold arbitrary colours there, often black. An image that is all transparent stays.

    Source: the push-pull algorithm of S. Gortler et al., "The Lumigraph", 1996, section 3.4.
    """
    unknown = alpha <= 0.0
    if unknown.all() or not unknown.any():
        return pixels
    coarse, missing = _halved(pixels.masked_fill(unknown, 0.0), unknown)
    coarse = fill_transparent(coarse, ~missing)
    around = resize(coarse, (pixels.shape[-2], pixels.shape[-1])).clamp(-1.0, 1.0)
    return torch.where(unknown, around, pixels)


def fill_smoothly(image: Tensor, hole: Masks) -> Tensor:
    """Fill a hole of (N, C, H, W) with a membrane: approximately Laplace's equation's solution.

    Pixels inside the hole, even NaN, have no influence; neither have those farther from it than its
    long side, or ``MIN_MARGIN``. Outside the hole, the result is ``image``, bit for bit; it is 0
    if no pixel is known.
    """
    unknown = hole > 0.5
    if not unknown.any():
        return image.clone()
    box = bounds(unknown.float().amax(dim=0, keepdim=True))
    reach = max(MIN_MARGIN, *extent(box))
    rows, columns = (slice(max(0, side.start - reach), side.stop + reach) for side in box)
    filled = image.clone()
    here = (..., rows, columns)
    filled[here] = _membrane(image[here], unknown[here])
    return filled


def _membrane(image: Tensor, unknown: Tensor) -> Tensor:
    image = image.masked_fill(unknown, 0.0)
    if max(image.shape[-2:]) == 1:
        return image
    result = torch.where(unknown, _enlarged(_membrane, image, unknown), image)
    for _ in range(RELAXATIONS):
        result = torch.where(unknown, result + _laplacian(result) / 4.0, image)
    return result


def fill_nearest(image: Tensor, hole: Tensor) -> Tensor:
    """:func:`fill_smoothly` with the nearest known pixels, so that edges continue straight in."""
    filled = []
    for one, unknown in zip(image, hole[:, 0].cpu().numpy() > 0.5, strict=True):
        if unknown.all():
            filled.append(torch.zeros_like(one))
            continue
        rows, columns = distance_transform_edt(unknown, return_distances=False, return_indices=True)
        filled.append(one[:, torch.from_numpy(rows).long(), torch.from_numpy(columns).long()])
    return torch.stack(filled)


def fill_as_plate(image: Tensor, hole: Tensor) -> Tensor:
    """:func:`fill_smoothly` with a clamped thin plate, which also continues slopes.

    The biharmonic equation is solved by conjugate gradients, coarse to fine, less exactly inside.
    """
    unknown = hole > 0.5
    image = image.masked_fill(unknown, 0.0)
    if max(image.shape[-2:]) <= SMALL_SIDE:
        plate = fill_smoothly(image, unknown)
        steps = PLATE_STEPS
    else:
        coarse = _enlarged(fill_as_plate, image, unknown)
        plate = torch.where(unknown, coarse, image)
        steps = PLATE_STEPS // 5

    def force(image: Tensor) -> Tensor:
        """The biharmonic operator at the unknown pixels, 0 elsewhere."""
        return _laplacian(_laplacian(image)) * unknown

    left = -force(plate)
    direction = left
    length = _product(left, left)
    for _ in range(steps):
        pushed = force(direction)
        step = length / _product(direction, pushed).clamp_min(1e-20)
        plate = plate + step * direction
        left = left - step * pushed
        before = length
        length = _product(left, left)
        direction = left + length / before.clamp_min(1e-20) * direction
    return torch.where(unknown, plate, image)


def settle(filled: Tensor, hole: Masks) -> Tensor:
    """Shift the colours of a filled hole in [-1, 1] to match its surroundings, keeping its details.

    A thin plate predicts the colours of the hole's outermost pixels, and a membrane subtracts their
    error: over the whole hole if small, as another shade; over a few pixels if large, as an animal.

    Source: the membrane of P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003,
    section 2; the plate takes the place of an overlapping second image.
    """
    rim = hole * F.max_pool2d(1 - hole, 3, stride=1, padding=1)
    error = (fill_as_plate(filled, hole) - filled) * rim
    # Averaged along the rim, because single pixels of a texture deviate from any plate.
    error = gaussian_blur(error, RIM_SIGMA) / gaussian_blur(rim, RIM_SIGMA).clamp_min(1e-6)
    shade = error / (1 + error.square().mean(dim=1, keepdim=True) / MAX_SHADE**2)
    fading = torch.exp((1 - depth(hole)) / FADING_DEPTH)
    membrane = fill_smoothly(shade, 1 - rim) + fading * fill_smoothly(error - shade, 1 - rim)
    return torch.where(hole > 0, (filled + membrane).clamp(-1, 1), filled)


def depth(hole: Masks) -> Tensor:
    """Chessboard distance of every pixel of a hole from the outside, in pixels."""
    steps = [distance_transform_cdt(one, "chessboard") for one in hole[:, 0].cpu().numpy() > 0]
    # It is -1 everywhere if nothing is outside.
    return torch.from_numpy(np.abs(steps)).unsqueeze(1).to(hole)


def _enlarged(fill: Callable[[Tensor, Tensor], Tensor], image: Tensor, unknown: Tensor) -> Tensor:
    """The image filled by ``fill`` at half its size, enlarged again."""
    coarse = fill(*_halved(image, unknown))
    return F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)


def _halved(image: Tensor, unknown: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the known pixels (others must be 0) at half the size, and where there are none."""
    share = F.avg_pool2d((~unknown).to(image.dtype), 2, ceil_mode=True)
    return F.avg_pool2d(image, 2, ceil_mode=True) / share.clamp_min(1e-6), share == 0


def _laplacian(image: Tensor) -> Tensor:
    """The five-point Laplacian, with the border pixels repeated."""
    around = F.pad(image, (1,) * 4, mode="replicate")
    rows = around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
    return rows + (around[..., 1:-1, :-2] + around[..., 1:-1, 2:]) - 4.0 * image


def _product(image: Tensor, other: Tensor) -> Tensor:
    return (image * other).sum(dim=(-2, -1), keepdim=True)
