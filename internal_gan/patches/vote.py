"""Rebuilds an image from the nearest patches of another one, by an exact search.

Retargeting with ``finish.detail=network`` uses it; results made of the photo's own pixels do not.
"""

import math

import torch
from torch import Tensor

from internal_gan.patches.search import grid, nearest, overlay, patches_at

# Values of the image's patches held in memory at a time.
STRIP = 2**21


def vote(image: Tensor, source: Tensor, patch: int = 7, most_pairs: float = math.inf) -> Tensor:
    """Replace every patch by the nearest one of ``source`` and average where they overlap.

    Args:
        image: (1, C, H, W).
        source: (1, C, h, w) of the same range.
        patch: side of the square patches in pixels; reduced if an image is smaller.
        most_pairs: with more pairs of patches than this, which determine the time it takes, the
            image is returned unchanged.

    Returns:
        (1, C, H, W).

    Source: N. Granot et al., "Drop the GAN: in defense of patches nearest neighbors as single
    image generative models", CVPR 2022, Section 4, with the nearest patch unweighted.
    """
    patch = min(patch, *image.shape[-2:], *source.shape[-2:])
    rows, columns = grid(image, patch)
    known = math.prod(grid(source, patch))
    if rows * columns * known > most_pairs:
        return image
    keys = patches_at(source, torch.arange(known, device=source.device), patch)
    total, count = torch.zeros_like(image), torch.zeros_like(image[:, :1])
    strip = max(1, STRIP // (columns * keys.shape[1]))
    for top in range(0, rows, strip):
        part = image[..., top : min(top + strip, rows) + patch - 1, :]
        places = torch.arange(math.prod(grid(part, patch)), device=image.device)
        match = keys[nearest(patches_at(part, places, patch), keys)[0]]
        size = (part.shape[-2], part.shape[-1])
        inside = (..., slice(top, top + size[0]), slice(None))
        summed, counted = overlay(match, match.new_ones(len(match)), size, patch)
        total[inside] += summed
        count[inside] += counted
    return total / count
