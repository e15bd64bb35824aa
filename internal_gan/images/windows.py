"""Windows of an image."""

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
