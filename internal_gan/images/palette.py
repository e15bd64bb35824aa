"""Palettes of an image's main colours."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.files.image import to_uint8
from internal_gan.shapes import Pixels

KMEANS_ROUNDS = 10


def palette_of(pixels: Pixels, colours: int) -> Tensor:
    """The colours that represent an image best, by a median cut refined by k-means.

    At most ``colours`` of them, which is 2 to 256: (K, 3) in [-1, 1].

    >>> palette_of(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 4, 2), 2)
    tensor([[ 1.,  1.,  1.],
            [-1., -1., -1.]])
    """
    check_range(2, 256, colours=colours)
    image = Image.fromarray(to_uint8(pixels[0].cpu()).permute(1, 2, 0).contiguous().numpy())
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
