"""Windows of an image."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

# Places of windows are tried in steps of so many pixels.
STEP = 8


def most_detailed(pixels: Tensor, size: tuple[int, int]) -> tuple[slice, slice]:
    """The window with the strongest gradients.

    Args:
        pixels: (1, 3, H, W).
        size: (height, width) of the window in pixels; along a side that is shorter it is the
            whole side.

    Returns:
        Its rows and columns.
    """
    height, width = pixels.shape[-2:]
    rows, columns = min(size[0], height), min(size[1], width)
    gray = pixels.mean(dim=1, keepdim=True)
    energy = torch.zeros_like(gray)
    energy[..., 1:, :] += gray.diff(dim=-2).square()
    energy[..., :, 1:] += gray.diff(dim=-1).square()
    # Cells of STEP pixels; what does not fill one at the end counts with the last whole one.
    step = min(STEP, rows, columns)
    cells = F.avg_pool2d(energy, step)
    means = F.avg_pool2d(cells, (rows // step, columns // step), stride=1)[0, 0]
    best = int(means.argmax())
    top, left = (step * index for index in divmod(best, means.shape[1]))
    top, left = min(top, height - rows), min(left, width - columns)
    return slice(top, top + rows), slice(left, left + columns)


def bounds(mask: Tensor) -> tuple[slice, slice]:
    """The smallest window around all that is not 0 in (1, 1, H, W): its rows and columns.

    Raises:
        ValueError: the mask is 0 everywhere.
    """
    sides = []
    for axis in (1, 0):
        places = mask[0, 0].amax(dim=axis).nonzero()
        if not len(places):
            raise ValueError("the mask is empty")
        sides.append(slice(int(places[0]), int(places[-1]) + 1))
    return sides[0], sides[1]


def parts(mask: Tensor, gap: int) -> list[Tensor]:
    """The parts of a mask that are far from each other.

    Args:
        mask: (1, 1, H, W), 0 outside.
        gap: what is nearer to each other than so many pixels is in one part; what is farther
            apart than twice that in two.

    Returns:
        For each part a mask of the same size; together they are ``mask``. From top to bottom.
    """
    size = (mask.shape[-2], mask.shape[-1])
    cells = F.max_pool2d(mask, gap, ceil_mode=True) > 0
    labels = torch.arange(1, cells.numel() + 1, device=mask.device).view(cells.shape).float()
    labels = labels * cells
    while True:
        spread = F.max_pool2d(labels, 3, stride=1, padding=1) * cells
        if torch.equal(spread, labels):
            break
        labels = spread
    grown = labels.repeat_interleave(gap, dim=2).repeat_interleave(gap, dim=3)
    grown = grown[..., : size[0], : size[1]]
    found: Sequence[float] = sorted(set(labels[labels > 0].tolist()))
    return [mask * (grown == label) for label in found]


def around(
    box: tuple[slice, slice], extent: tuple[int, int], size: tuple[int, int]
) -> tuple[slice, slice]:
    """A window with a box in its middle, moved so that it lies inside the image.

    Args:
        box: rows and columns.
        extent: (height, width) of the window; along a side that is shorter it is the whole side.
        size: (height, width) of the image.

    Returns:
        Its rows and columns.
    """
    window = []
    for part, wanted, side in zip(box, extent, size, strict=True):
        length = min(wanted, side)
        start = min(max((part.start + part.stop - length) // 2, 0), side - length)
        window.append(slice(start, start + length))
    return window[0], window[1]
