"""How intricate the nearest-neighbour field of a sample is, as a measure of its diversity."""

import zlib

import numpy as np
import torch
from torch import Tensor

from internal_gan.images.resize import resize, size_of
from internal_gan.patches.exact import grid, lattice, nearest, patches_at

PATCH = 7
# Longer images are shrunk to this long side first, so that an exact search takes about a second.
LONG_SIDE = 128


def field_diversity(real: Tensor, sample: Tensor) -> float:
    """Size of a sample's compressed nearest-neighbour field over that of the raw field.

    For each patch of 7x7 pixels of the sample, the field has the displacement to the nearest patch
    of the photo. Large copied regions give large areas of one displacement, which compress well.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1]; the two sizes may differ. Both are shrunk by the same
            factor until neither is longer than 128 pixels.

    Returns:
        Near 0 for a copy; near 1 if neighbouring patches come from unrelated places. Only compare
        figures of samples of one size.

    Raises:
        UserError: a patch does not fit into an image.

    Source: Nikankin, Haim & Irani, "SinFusion", ICML 2023, Section 7 (NNFDIV), where the field is
    that of 3x3x3 patches of a video, found by PatchMatch; here it is exact, of 7x7 patches.
    """
    factor = min(1.0, LONG_SIDE / max(*size_of(real), *size_of(sample)))
    photo, made = (_shrunk(image, factor) for image in (real, sample))
    patches = [patches_at(image, lattice(image, PATCH), PATCH) for image in (made, photo)]
    matches, width = nearest(*patches).view(grid(made, PATCH)), grid(photo, PATCH)[1]
    rows, columns = torch.meshgrid(*map(torch.arange, matches.shape), indexing="ij")
    field = torch.stack([matches.cpu() // width - rows, matches.cpu() % width - columns])
    # With sides of at most LONG_SIDE pixels, a displacement fits into a signed byte.
    raw = field.numpy().astype(np.int8).tobytes()
    return len(zlib.compress(raw, level=9)) / len(raw)


def _shrunk(image: Tensor, factor: float) -> Tensor:
    height, width = (max(1, round(factor * side)) for side in size_of(image))
    return resize(image, (height, width)).clamp(-1, 1)
