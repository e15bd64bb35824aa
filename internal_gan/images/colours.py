"""Luminance, colour transfer, palettes, and a colour for every place."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.levels import levels_of
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

KMEANS_ROUNDS = 10
# Top left blue, top right red, bottom left green, bottom right yellow.
_CORNERS = ((-0.9, -0.3, 0.9), (0.9, -0.5, -0.5), (-0.7, 0.7, -0.6), (1.0, 0.7, -0.8))


def luminance(image: Tensor) -> Tensor:
    """Gray values (N, 1, H, W) of (N, 3, H, W), in the same range (Rec. 601)."""
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:3]


def match_colours(pixels: Pixels, mask: Mask, reference: Pixels) -> Pixels:
    """Give the masked part of an image the mean colour of a reference, and at most its contrast.

    A channel's standard deviation is never raised, so a flat part stays flat. The mask must not be
    0 everywhere.

    Source: E. Reinhard et al., "Color transfer between images", 2001; here in RGB.
    """
    weights = mask / mask.sum()
    mean = (weights * pixels).sum(dim=(2, 3), keepdim=True)
    std = (weights * (pixels - mean).square()).sum(dim=(2, 3), keepdim=True).sqrt()
    wanted_mean = reference.mean(dim=(2, 3), keepdim=True)
    wanted_std = reference.std(dim=(2, 3), keepdim=True, correction=0)
    gain = (wanted_std / std.clamp_min(1e-6)).clamp(max=1.0)
    matched = ((pixels - mean) * gain + wanted_mean).clamp(-1.0, 1.0)
    return pixels.lerp(matched, mask)


def colour_code(size: Size) -> Pixels:
    """A colour for every position of an image of ``size``, blended from its corners'."""
    corners = torch.tensor(_CORNERS).T.reshape(1, 3, 2, 2)
    return F.interpolate(corners, size, mode="bilinear", align_corners=True)


def palette_of(pixels: Pixels, colours: int) -> Tensor:
    """The colours that represent an image best, by a median cut refined by k-means.

    At most ``colours`` of them, which is 2 to 256: (K, 3) in [-1, 1].

    >>> palette_of(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 4, 2), 2)
    tensor([[ 1.,  1.,  1.],
            [-1., -1., -1.]])
    """
    check_range(2, 256, colours=colours)
    image = Image.fromarray(levels_of(pixels, 255))
    reduced = image.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=KMEANS_ROUNDS)
    used = torch.from_numpy(np.unique(np.asarray(reduced)).astype(np.int64))
    entries = torch.tensor(reduced.getpalette() or [], dtype=torch.float32).view(-1, 3)
    return (entries[used] / 127.5 - 1.0).to(pixels)


def nearest_colours(pixels: Tensor, palette: Tensor) -> Tensor:
    """Replace every pixel of (N, 3, H, W) by the nearest colour of a palette (K, 3), in RGB."""
    count, _, height, width = pixels.shape
    flat = pixels.permute(0, 2, 3, 1).reshape(-1, 3)
    chosen = palette.to(pixels)[torch.cdist(flat, palette.to(flat)).argmin(dim=1)]
    return chosen.view(count, height, width, 3).permute(0, 3, 1, 2).contiguous()
