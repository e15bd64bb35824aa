"""JPEG as published figures have it, and a figure that shows it."""

import io
from statistics import fmean

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.images.colours import to_uint8
from internal_gan.images.levels import pixels_of

# Pillow's quality: about that of the samples published with the papers.
QUALITY = 70
# Side of JPEG's blocks in pixels.
BLOCK = 8
# Added to steps, so that a flat picture has no blocks.
TINY = 1e-6


def as_jpeg(images: Tensor, quality: int = QUALITY) -> Tensor:
    """Images (N, 3, H, W) in [-1, 1] as they come back from JPEG files.

    Args:
        quality: Pillow's, 1 to 95, with its default subsampling of colours.
    """
    return torch.cat([_compressed(image, quality) for image in to_uint8(images).movedim(1, -1)])


def _compressed(levels: Tensor, quality: int) -> Tensor:
    """Levels (H, W, 3) from 0 to 255 through JPEG: (1, 3, H, W) in [-1, 1]."""
    file = io.BytesIO()
    Image.fromarray(levels.contiguous().numpy()).save(file, "JPEG", quality=quality)
    with Image.open(file) as picture:
        return pixels_of(np.asarray(picture))


def blockiness(image: Tensor) -> float:
    """Mean absolute step across the borders of blocks of 8x8 pixels over the mean step elsewhere.

    Args:
        image: (1, 3, H, W), with the borders where JPEG would have them and more than 8 pixels a
            side.

    Returns:
        Mean of both directions: about 1 if there are no blocks, and more if they show.
    """
    return fmean(_steps_at_borders(image, dim) for dim in (-1, -2))


def _steps_at_borders(image: Tensor, dim: int) -> float:
    steps = image.diff(dim=dim).abs().transpose(dim, -1).flatten(0, -2).mean(dim=0)
    borders = (torch.arange(len(steps)) + 1) % BLOCK == 0
    return float((steps[borders].mean() + TINY) / (steps[~borders].mean() + TINY))
