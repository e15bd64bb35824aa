"""Images as whole numbers, as files and the search for patches have them, and back."""

import numpy as np
import torch
from torch import Tensor

from internal_gan.images.photo import Photo
from internal_gan.shapes import Levels


def levels_of(pixels: Tensor, largest: int) -> Levels:
    """Convert an image (1, C, H, W) in [-1, 1] to whole numbers from 0 to ``largest``."""
    levels = pixels[0].float().add(1.0).mul_(largest / 2).round_().clamp_(0, largest)
    if largest == 255:
        # Torch rearranges on all threads, but hardly knows 16 bits.
        return levels.byte().permute(1, 2, 0).contiguous().cpu().numpy()
    return np.ascontiguousarray(np.moveaxis(levels.cpu().numpy().astype(np.uint16), 0, 2))


def largest_level(photo: Photo) -> int:
    """The value of white in results made of a photo's pixels: 255, or 65535 beyond 8 bits."""
    return 255 if photo.bit_depth == 8 else 65535


def pixels_of(levels: Levels) -> Tensor:
    """Convert whole numbers to an image (1, C, H, W) in [-1, 1]."""
    values = np.ascontiguousarray(np.moveaxis(levels, 2, 0)).astype(np.float32)
    return torch.from_numpy(values)[None].div_(np.iinfo(levels.dtype).max / 2).sub_(1)


def in_eight_bits(levels: Levels) -> Levels:
    """The same picture in 8 bits; uint16 values lose their lower half."""
    return levels if levels.dtype == np.uint8 else (levels >> 8).astype(np.uint8)
