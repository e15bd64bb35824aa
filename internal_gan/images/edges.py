"""Canny's edge detector."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.colours import luminance
from internal_gan.shapes import Masks, Pictures


@dataclass(eq=False)
class Canny:
    """Canny's detector (Canny 1986), from kornia; parameters out of range raise ValueError.

    Attributes:
        sigma: standard deviation of the smoothing, in pixels.
        low, high: for gray values in [0, 1]: the gradient of an edge is at least ``low`` everywhere
            and reaches ``high`` somewhere.
    """

    sigma: float
    low: float
    high: float

    def __post_init__(self) -> None:
        check_range(0.1, 100, sigma=self.sigma)
        check_range(1e-6, high=self.high)
        check_range(1e-6, self.high, low=self.low)

    @torch.no_grad()
    def __call__(self, image: Pictures) -> Masks:
        """Edges of images, each 0 or 1."""
        from kornia.filters import canny

        gray = (luminance(image.float()) + 1.0) / 2.0
        # kornia reflects the border by this margin, which must be smaller than the image.
        reach = min(math.ceil(3.0 * self.sigma), *(side - 1 for side in gray.shape[-2:]))
        found: Tensor = canny(gray, self.low, self.high, (2 * reach + 1,) * 2, (self.sigma,) * 2)[1]
        return found
