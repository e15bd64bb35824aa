"""An image rebuilt from the patches of another one."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# Elements of the largest matrix that is held at once: distances, or patches side by side.
AT_ONCE = 2**21


def vote(image: Tensor, source: Tensor, patch: int = 7, most_pairs: float = math.inf) -> Tensor:
    """Every patch becomes the nearest one of ``source``; where they overlap, their mean stays.

    Args:
        image: (1, C, H, W).
        source: (1, C, h, w) of the same range.
        patch: side of the square patches in pixels; less where an image is smaller.
        most_pairs: an image and a source of more pairs of patches than this, which decide the
            time it takes, give the image back as it is.

    Returns:
        (1, C, H, W).

    Source: N. Granot et al., "Drop the GAN: in defense of patches nearest neighbors as single
    image generative models", CVPR 2022, section 4, with the nearest patch unweighted.
    """
    patch = min(patch, *image.shape[-2:], *source.shape[-2:])
    rows, columns = (side - patch + 1 for side in image.shape[-2:])
    if rows * columns * math.prod(side - patch + 1 for side in source.shape[-2:]) > most_pairs:
        return image
    keys = F.unfold(source, patch)[0].T.contiguous()
    lengths = keys.square().sum(dim=1)
    total, count = torch.zeros_like(image), torch.zeros_like(image[:, :1])
    strip = max(1, AT_ONCE // (columns * keys.shape[1]))
    for top in range(0, rows, strip):
        inside = (..., slice(top, min(top + strip, rows) + patch - 1), slice(None))
        wanted = F.unfold(image[inside], patch)[0].T
        nearest = torch.cat(
            [
                torch.addmm(lengths, some, keys.T, alpha=-2).argmin(dim=1)
                for some in torch.split(wanted, max(1, AT_ONCE // len(keys)))
            ]
        )
        size = image[inside].shape[-2:]
        total[inside] += F.fold(keys[nearest].T[None], size, patch)
        count[inside] += F.fold(keys.new_ones(1, patch * patch, len(nearest)), size, patch)
    return total / count
