"""Images as whole numbers, as files and the search for patches have them, and back."""

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from internal_gan.images.colours import in_floats
from internal_gan.images.photo import Photo
from internal_gan.images.resize import size_of
from internal_gan.images.windows import bands
from internal_gan.shapes import Levels

Used = tuple[float, float]
ALL: Used = (-1.0, 1.0)  # the range of all values
# The share of the range that a photo uses.
NARROW = 1 / 8  # below this, 8 bits would hold too few of its levels
FLAT = 1e-4  # below this, it is one colour
OUTLIERS = 0.001  # the share of values at either end that do not count, such as stars
ENOUGH = 1_000_000  # about this many pixels are enough to find the range
PIXELS_AT_ONCE = 2**16  # pixels converted at once, which stay in the cache of the processor


def levels_of(colours: Tensor, largest: int) -> Levels:
    """An image (1, C, H, W), 8-bit levels or in [-1, 1], as whole numbers from 0 to ``largest``,
    perhaps in the same memory."""
    if colours.dtype == torch.uint8 and largest == 255:
        return colours[0].permute(1, 2, 0).contiguous().numpy()
    kind = torch.uint8 if largest == 255 else torch.uint16
    found = torch.empty((*size_of(colours), colours.shape[1]), dtype=kind)
    for rows in bands(size_of(colours), PIXELS_AT_ONCE):
        pixels = in_floats(colours[..., rows, :])
        levels = pixels[0].permute(1, 2, 0).float().contiguous() + 1.0
        found[rows] = levels.mul_(largest / 2).round_().clamp_(0, largest).to(kind)
    return found.numpy()


def largest_level(photo: Photo) -> int:
    """The value of white in results made of a photo's pixels: 255, or 65535 beyond 8 bits."""
    return 255 if photo.bit_depth == 8 else 65535


def pixels_of(levels: Levels) -> Tensor:
    """Convert whole numbers to an image (1, C, H, W) in [-1, 1]."""
    values = np.ascontiguousarray(np.moveaxis(levels, 2, 0)).astype(np.float32)
    return torch.from_numpy(values)[None].div_(np.iinfo(levels.dtype).max / 2).sub_(1)


def colours_of(levels: Levels) -> Tensor:
    """Whole numbers as the colours of a photo, (1, C, H, W): those of 8 bits as they are, in the
    same memory, others in [-1, 1]."""
    if levels.dtype != np.uint8:
        return pixels_of(levels)
    return torch.from_numpy(levels).permute(2, 0, 1)[None]


def used_range(photo: Photo) -> Used:
    """The lowest and highest value, in [-1, 1], that a model or a search must distinguish: -1 and 1
    unless a photo of over 8 bits, such as a thermal one, uses less than `NARROW` of this range."""
    if photo.bit_depth == 8:
        return ALL
    step = max(1, math.isqrt(math.prod(photo.size) // ENOUGH))
    values = photo.pixels[..., ::step, ::step].cpu().numpy()
    low, high = map(float, np.quantile(values, (OUTLIERS, 1 - OUTLIERS)))
    return (low, high) if FLAT < (high - low) / 2 < NARROW else ALL


def spread(photo: Photo) -> Photo:
    """The photo with the range that it uses stretched to [-1, 1]; itself if it uses most of it."""
    low, high = used_range(photo)
    if (low, high) == ALL:
        return photo
    stretched = (2 * (photo.pixels - low) / (high - low) - 1).clamp_(-1, 1)
    return replace(photo, colours=stretched, raw=None)


def gathered(pixels: Tensor, used: Used) -> Tensor:
    """A picture drawn from a photo that was :func:`spread`, in the range that the photo uses."""
    low, high = used
    return (pixels + 1) * ((high - low) / 2) + low


def in_eight_bits(levels: Levels, used: Used = ALL) -> Levels:
    """The same picture in 8 bits; of uint16 values, those in use get all 256 levels."""
    if levels.dtype == np.uint8:
        return levels
    if used == ALL:
        return (levels >> 8).astype(np.uint8)
    share = (np.linspace(-1, 1, 65536) - used[0]) / (used[1] - used[0])
    found: Levels = (255 * share).round().clip(0, 255).astype(np.uint8)[levels]
    return found
