"""Images as whole numbers, as files and the search for patches have them, and back."""

import numpy as np
import torch
from torch import Tensor

from internal_gan.images.photo import Photo
from internal_gan.shapes import Levels


def levels_of(pixels: Tensor, largest: int) -> Levels:
    """Convert an image (1, C, H, W) in [-1, 1] to whole numbers from 0 to ``largest``."""
    levels = ((pixels[0].float() + 1.0) * (largest / 2)).round_().clamp_(0, largest)
    values = levels.permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(values, np.uint8 if largest == 255 else np.uint16)


def largest_level(photo: Photo) -> int:
    """The value of white in results made of a photo's pixels: 255, or 65535 beyond 8 bits."""
    return 255 if photo.bit_depth == 8 else 65535


def pixels_of(levels: Levels) -> Tensor:
    """Convert whole numbers to an image (1, C, H, W) in [-1, 1]."""
    values = torch.from_numpy(levels.astype(np.float32)).permute(2, 0, 1)[None]
    return values / (np.iinfo(levels.dtype).max / 2) - 1


def in_eight_bits(levels: Levels) -> Levels:
    """The same picture in 8 bits; uint16 values lose their lower half."""
    return levels if levels.dtype == np.uint8 else (levels >> 8).astype(np.uint8)
