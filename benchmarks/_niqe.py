"""NIQE: how far an image is from the statistics of undistorted photographs.

Source: Mittal, Soundararajan, Bovik, "Making a 'completely blind' image quality analyzer", IEEE
Signal Processing Letters, 2013. The pristine parameters in ``niqe_pristine.safetensors`` come
from the authors' release (LIVE, The University of Texas at Austin); ``niqe_pristine.txt`` has its
notice.
"""

import functools
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.colours import luminance
from internal_gan.images.resize import resize

PRISTINE = Path(__file__).with_name("niqe_pristine.safetensors")
BLOCK = 96
WINDOW = 7
SCALES = (1, 2)
# Neighbours whose products give features: right, below, and both diagonals.
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


def niqe(image: Tensor) -> float:
    """Natural image quality evaluator; lower is more natural.

    As in the authors' release, gray values (Rec. 601) are rounded to whole levels from 0 to 255,
    and blocks of 96 x 96 pixels, without overlap from the top left corner, all have the same
    weight. Pixels that do not fill a block are left out; the border is padded with its own pixels.
    This package's resampler makes the second scale. Blocks without contrast are left out.

    Args:
        image: (1, 3, H, W) in [-1, 1], with room for at least two blocks.

    Returns:
        At least 0; about 2 to 4 for good photographs. With few blocks it is a rough figure.

    Raises:
        UserError: fewer than two blocks fit, or fewer than two have contrast.
    """
    rows, columns = (side // BLOCK for side in image.shape[-2:])
    if rows * columns < 2:
        height, width = image.shape[-2:]
        raise UserError(
            f"NIQE of {height}x{width} pixels: needs room for two blocks of {BLOCK}x{BLOCK}"
        )
    gray = _gray(image)[..., : rows * BLOCK, : columns * BLOCK]
    features = torch.cat([_features(_at(gray, scale), BLOCK // scale) for scale in SCALES], dim=1)
    features = features[features.isfinite().all(dim=1)]
    if len(features) < 2:
        raise UserError("NIQE: fewer than two blocks of the image have contrast; needs two")
    mean, covariance = _pristine()
    distance = mean - features.mean(dim=0)
    pooled = (covariance + features.T.cov()) / 2
    return math.sqrt(float(distance @ torch.linalg.pinv(pooled) @ distance))


def fit(blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Fit an asymmetric generalised Gaussian to each block's values, by matching moments.

    Returns:
        Shape, left scale and right scale, (blocks,) each (equations 6 to 8).
    """
    values = blocks.flatten(1)
    left, right = (_deviation(values, side) for side in (values < 0, values > 0))
    ratio = left / right
    moments = values.abs().mean(dim=1).square() / values.square().mean(dim=1)
    wanted = moments * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1).square()
    shapes, known = _moment_ratios()
    shape = shapes[(known - wanted.unsqueeze(1)).abs().argmin(dim=1)]
    inverse = 1 / shape
    unit = torch.exp((torch.lgamma(inverse) - torch.lgamma(3 * inverse)) / 2)
    return shape, left * unit, right * unit


def _gray(image: Tensor) -> Tensor:
    """(1, 1, H, W), whole levels from 0 to 255, in double precision on the CPU."""
    levels = (image.detach().cpu().double() + 1) * 127.5
    return luminance(levels.round().clamp(0, 255)).round()


def _at(gray: Tensor, scale: int) -> Tensor:
    height, width = gray.shape[-2:]
    return resize(gray, (height // scale, width // scale))


def _features(gray: Tensor, block: int) -> Tensor:
    """18 features of every block, (blocks, 18); NaN for flat ones."""
    normalised = _normalised(gray)
    blocks = normalised[0, 0].unfold(0, block, block).unfold(1, block, block)
    blocks = blocks.reshape(-1, block, block)
    shape, left, right = fit(blocks)
    features = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        shape, left, right = fit(blocks * blocks.roll(shift, dims=(1, 2)))
        inverse = 1 / shape
        mean = (right - left) * torch.exp(torch.lgamma(2 * inverse) - torch.lgamma(inverse))
        features += [shape, mean, left, right]
    return torch.stack(features, dim=1)


def _normalised(gray: Tensor) -> Tensor:
    """Gray values minus their local mean, divided by their local deviation (equation 1)."""
    places = torch.arange(WINDOW, dtype=gray.dtype) - WINDOW // 2
    bell = torch.exp(-0.5 * (places * 6 / WINDOW).square())
    window = torch.outer(bell, bell)
    window = (window / window.sum()).view(1, 1, WINDOW, WINDOW)

    def blurred(values: Tensor) -> Tensor:
        return F.conv2d(F.pad(values, (WINDOW // 2,) * 4, mode="replicate"), window)

    mean = blurred(gray)
    deviation = (blurred(gray.square()) - mean.square()).abs().sqrt()
    return (gray - mean) / (deviation + 1)


def _deviation(values: Tensor, chosen: Tensor) -> Tensor:
    return ((values * chosen).square().sum(dim=1) / chosen.sum(dim=1)).sqrt()


@functools.cache
def _moment_ratios() -> tuple[Tensor, Tensor]:
    """Shapes from 0.2 to 10, and the moment ratio of each."""
    shapes = torch.arange(200, 10001, dtype=torch.float64) / 1000
    inverse = 1 / shapes
    logs = 2 * torch.lgamma(2 * inverse) - torch.lgamma(inverse) - torch.lgamma(3 * inverse)
    return shapes, torch.exp(logs)


@functools.cache
def _pristine() -> tuple[Tensor, Tensor]:
    """Mean (36,) and covariance (36, 36) of the features of undistorted photographs."""
    tensors = load_file(PRISTINE)
    return tensors["mean"], tensors["covariance"]
