"""Memorisation: whether large pieces of a sample are copied from anywhere in the photo."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.patches.statistics import shrunk

PART = 0.5
GRID = 3
MAX_SIDE = 512


def nearest_copy(real: Tensor, sample: Tensor) -> float:
    """The distance between the real image and the sample's most similar large piece.

    Nine pieces with half the real image's sides, spread evenly over the sample, are compared with
    every position of the real image and of its mirror image. If the real image has more than 512
    pixels a side, both are shrunk first, by the same factor.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1]; the two sizes may differ. A sample that is smaller
            than a piece is one piece.

    Returns:
        The smallest root mean squared error, from 0 (a quarter of the real image was copied) to 1.
    """
    factor = max(1, math.ceil(max(real.shape[-2:]) / MAX_SIDE))
    original, drawn = (shrunk(image, factor)[0].double() / 2 for image in (real, sample))
    height, width = (
        min(max(1, round(PART * a)), b)
        for a, b in zip(original.shape[-2:], drawn.shape[-2:], strict=True)
    )
    rows, columns = (
        sorted({round(k * (side - piece) / (GRID - 1)) for k in range(GRID)})
        for side, piece in zip(drawn.shape[-2:], (height, width), strict=True)
    )
    pieces = [drawn[:, i : i + height, j : j + width] for i in rows for j in columns]
    return min(_least(form, pieces) for form in (original, original.flip(2)))


def _least(image: Tensor, pieces: list[Tensor]) -> float:
    """The smallest error of any piece at any position of an image (3, H, W)."""
    height, width = pieces[0].shape[-2:]
    rows, columns = (a - b + 1 for a, b in zip(image.shape[-2:], (height, width), strict=True))
    spectrum = torch.fft.rfft2(image)
    sums = F.pad(image.square().sum(dim=0), (1, 0, 1, 0)).cumsum(0).cumsum(1)
    energy = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
    energy = energy + sums[:-height, :-width]
    least = math.inf
    for piece in pieces:
        # Only positions at which the piece does not wrap around the image's border.
        overlap = spectrum * torch.fft.rfft2(piece, s=image.shape[-2:]).conj()
        product = torch.fft.irfft2(overlap, s=image.shape[-2:])[:, :rows, :columns].sum(dim=0)
        place = int((energy - 2 * product).argmin())
        i, j = place // columns, place % columns
        difference = image[:, i : i + height, j : j + width] - piece
        least = min(least, float(difference.square().mean().sqrt()))
    return least
