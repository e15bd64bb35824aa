"""Gaussian blur."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# The kernel's radius in standard deviations; pixels farther away have no influence.
SIGMAS = 3.0


def gaussian_blur(x: Tensor, sigma: float) -> Tensor:
    """Blur every channel of (N, C, H, W) with a truncated Gaussian, repeating the border pixels.

    ``sigma`` is the standard deviation in pixels; 0 returns ``x`` itself.
    """
    # Not kornia's: it takes a second to import, and gaussian_blur2d differs in the last digit.
    reach = math.ceil(SIGMAS * sigma)
    if not reach:
        return x
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (weights / weights.sum()).view(1, 1, 1, -1)
    planes = x.flatten(0, 1).unsqueeze(1)
    planes = F.conv2d(F.pad(planes, (reach, reach, 0, 0), mode="replicate"), kernel)
    planes = F.pad(planes, (0, 0, reach, reach), mode="replicate")
    return F.conv2d(planes, kernel.transpose(2, 3)).view_as(x)
