"""An image rebuilt from the patches of another one, or of its own."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# Elements of the largest matrix that is held at once: distances, or patches side by side.
AT_ONCE = 2**23


def vote(
    image: Tensor,
    source: Tensor,
    patch: int = 7,
    most_pairs: float = math.inf,
    *,
    hole: Tensor | None = None,
    unknown: Tensor | None = None,
) -> Tensor:
    """Every patch becomes the nearest one of ``source``; where they overlap, their mean stays.

    Args:
        image: (1, C, H, W).
        source: (1, C, h, w) of the same range.
        patch: side of the square patches in pixels; less where an image is smaller.
        most_pairs: an image and a source of more pairs of patches than this, which decide the
            time it takes, give the image back as it is.
        hole: (1, 1, H, W), 1 in what is to be rebuilt and else 0: the rest stays bit for bit, and
            guides the patches that reach into it. None: all is rebuilt.
        unknown: (1, 1, h, w), 1 where no patch may be taken from and else 0; if none is left, the
            image is given back as it is. None: from everywhere.

    Returns:
        (1, C, H, W).

    Source: N. Granot et al., "Drop the GAN: in defense of patches nearest neighbors as single
    image generative models", CVPR 2022, section 4, with the nearest patch unweighted.
    """
    patch = min(patch, *image.shape[-2:], *source.shape[-2:])
    keys = F.unfold(source, patch)[0].T
    if unknown is not None:
        keys = keys[_touched(unknown, patch).logical_not()]
    keys = keys.contiguous()
    rows, columns = (side - patch + 1 for side in image.shape[-2:])
    open_ = None if hole is None else _touched(hole, patch)
    pairs = (rows * columns if open_ is None else int(open_.sum())) * len(keys)
    if not 0 < pairs <= most_pairs:
        return image
    lengths = keys.square().sum(dim=1)
    total, count = torch.zeros_like(image), torch.zeros_like(image[:, :1])
    strip = max(1, AT_ONCE // (columns * keys.shape[1]))
    for top in range(0, rows, strip):
        bottom = min(top + strip, rows)
        inside = (..., slice(top, bottom + patch - 1), slice(None))
        wanted = F.unfold(image[inside], patch)[0].T
        votes = keys.new_ones(len(wanted))
        if open_ is not None:
            here = open_[top * columns : bottom * columns]
            wanted, votes = wanted[here], here.to(keys)
        nearest = torch.cat(
            [
                torch.addmm(lengths, some, keys.T, alpha=-2).argmin(dim=1)
                for some in torch.split(wanted, max(1, AT_ONCE // len(keys)))
            ]
        )
        chosen = keys.new_zeros(len(votes), keys.shape[1])
        chosen[votes > 0] = keys[nearest]
        size = image[inside].shape[-2:]
        total[inside] += F.fold(chosen.T[None], size, patch)
        count[inside] += F.fold(votes.expand(1, patch * patch, -1), size, patch)
    rebuilt = total / count.clamp_min(1)
    return rebuilt if hole is None else torch.where(hole > 0, rebuilt, image)


def _touched(mask: Tensor, patch: int) -> Tensor:
    """For every patch of a mask (1, 1, H, W), row by row, whether it holds a pixel above 0."""
    return F.max_pool2d(mask.float(), patch, stride=1).flatten() > 0
