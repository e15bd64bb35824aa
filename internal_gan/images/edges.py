"""Classical edge detectors."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.blur import gaussian_blur
from internal_gan.images.colours import luminance
from internal_gan.shapes import Masks, Pictures

# At this ratio a difference of Gaussians is closest to a Laplacian (Marr and Hildreth 1980).
DOG_RATIO = 1.6
LARGEST_SIGMA = 100.0
# Divided by 32, it measures a ramp of 1 per pixel as a gradient of 1.
SCHARR = ((3.0, 0.0, -3.0), (10.0, 0.0, -10.0), (3.0, 0.0, -3.0))


class EdgeDetector(ABC):
    """Finds edges in images; parameters out of range raise ValueError.

    ``sigma`` is the standard deviation of the smoothing, in pixels; thresholds are for gray values
    in [0, 1].
    """

    @abstractmethod
    def detect(self, image: Pictures) -> Masks:
        """Edges of float32 images, without gradients; see :meth:`__call__`."""

    def __call__(self, image: Pictures) -> Masks:
        """Edges of images, each 0 or 1."""
        with torch.no_grad():
            return self.detect(image.float())


@dataclass(eq=False)
class Canny(EdgeDetector):
    """Canny's detector (Canny 1986), from kornia.

    The gradient of an edge is at least ``low`` everywhere and reaches ``high`` somewhere.
    """

    sigma: float = 2.0
    low: float = 0.1
    high: float = 0.2

    def __post_init__(self) -> None:
        check_range(0.1, LARGEST_SIGMA, sigma=self.sigma)
        check_range(1e-6, high=self.high)
        check_range(1e-6, self.high, low=self.low)

    def detect(self, image: Pictures) -> Masks:
        from kornia.filters import canny

        gray = _gray(image)
        # kornia reflects the border by this margin, which must be smaller than the image.
        reach = min(math.ceil(3.0 * self.sigma), *(side - 1 for side in gray.shape[-2:]))
        kernel = (2 * reach + 1,) * 2
        found: Tensor = canny(gray, self.low, self.high, kernel, (self.sigma,) * 2)[1]
        return found


@dataclass(eq=False)
class Scharr(EdgeDetector):
    """Ridges of the gradient magnitude, measured with Scharr's kernel (Scharr 2000), that are at
    least ``threshold`` per pixel."""

    sigma: float = 1.0
    threshold: float = 0.05

    def __post_init__(self) -> None:
        check_range(0, LARGEST_SIGMA, sigma=self.sigma)
        check_range(1e-6, threshold=self.threshold)

    def detect(self, image: Pictures) -> Masks:
        gray = _gray(image)
        smooth = F.pad(gaussian_blur(gray, self.sigma), (1,) * 4, mode="replicate")
        across = gray.new_tensor(SCHARR).view(1, 1, 3, 3) / 32.0
        dx = F.conv2d(smooth, across)
        dy = F.conv2d(smooth, across.transpose(2, 3))
        strength = torch.hypot(dx, dy)
        return ((strength >= self.threshold) & is_ridge(strength, dx, dy)).to(gray.dtype)


@dataclass(eq=False)
class DifferenceOfGaussians(EdgeDetector):
    """Zero crossings of a difference of Gaussians (Marr and Hildreth 1980), the finer one with
    ``sigma``, where it steps by at least ``threshold``."""

    sigma: float = 1.5
    threshold: float = 0.02

    def __post_init__(self) -> None:
        check_range(0.1, LARGEST_SIGMA, sigma=self.sigma)
        check_range(1e-6, threshold=self.threshold)

    def detect(self, image: Pictures) -> Masks:
        gray = _gray(image)
        band = gaussian_blur(gray, self.sigma) - gaussian_blur(gray, DOG_RATIO * self.sigma)
        found = torch.zeros_like(band, dtype=torch.bool)
        for dim in (-2, -1):
            ahead = band.roll(-1, dim)
            crosses = (band > 0) != (ahead > 0)
            crosses &= (band - ahead).abs() >= self.threshold
            # Pixels that rolled over the border are not neighbours.
            crosses.select(dim, -1).fill_(False)
            found |= crosses
        return found.to(gray.dtype)


def _gray(image: Tensor) -> Tensor:
    """Gray values in [0, 1]."""
    return (luminance(image) + 1.0) / 2.0


def is_ridge(strength: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Where neither neighbour across the edge is stronger; of two equal pixels the first counts.

    All are (N, 1, H, W); ``dx`` and ``dy`` point across the edge.
    """
    height, width = strength.shape[-2:]
    padded = F.pad(strength, (1,) * 4)
    sector = torch.round(torch.atan2(dy, dx) * (4.0 / math.pi)).long() % 4
    keep = torch.zeros_like(strength, dtype=torch.bool)
    for number, (down, right) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        after = padded[..., 1 + down : 1 + down + height, 1 + right : 1 + right + width]
        before = padded[..., 1 - down : 1 - down + height, 1 - right : 1 - right + width]
        keep |= (sector == number) & (strength > before) & (strength >= after)
    return keep
