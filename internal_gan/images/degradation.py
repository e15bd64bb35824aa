"""What a photo has suffered, noise and JPEG's compression, and the same done to another image."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.shapes import Mask

Tables = Sequence[Sequence[int]]

# The share of white noise's variance, after :func:`_rough`, that is left when an image is halved.
LEFT = 0.097
BLOCK = 8  # the side of blocks in which roughness is averaged, in pixels
FLATTEST = 0.15  # the share of blocks, the flattest ones, from which the noise is estimated
# Smaller noise, in [-1, 1], is not visible.
LEAST = 1 / 255
# All blocks have this many times the noise of the flattest ones.
MORE = 1.2


@dataclass(frozen=True)
class Degradation:
    """``noise`` is white, by its standard deviation in [-1, 1]; ``tables`` are a JPEG file's
    quantisation tables."""

    noise: float = 0.0
    tables: Tables | None = None

    def __call__(self, gray: Mask) -> Mask:
        """An image (1, 1, H, W) in [-1, 1], degraded; the noise is always the same."""
        if self.tables is not None:
            buffer = io.BytesIO()
            levels = levels_of(gray.clamp(-1, 1), 255)[..., 0]
            table = np.clip(self.tables[0], 1, 255).tolist()  # a file may have larger ones
            Image.fromarray(levels).save(buffer, "JPEG", qtables=[table])
            with Image.open(buffer) as image:
                gray = pixels_of(np.asarray(image)[..., None])
        if self.noise:
            rng = torch.Generator().manual_seed(0)
            gray = gray + self.noise * torch.randn(gray.shape, generator=rng)
        return gray


def noise_of(images: Sequence[Mask]) -> float:
    """The standard deviation of the noise in gray images, (1, 1, H, W) in [-1, 1]; 0 if little.

    Noise is much weaker in an image that is shrunk, while most photos become rougher.
    """
    rough = list[torch.Tensor]()
    for image in images:
        half = resize(image, scaled(size_of(image), 0.5))
        if min(size_of(half)) < BLOCK // 2 + 2:
            continue
        large = F.avg_pool2d(_rough(image), BLOCK)[0, 0]
        small = F.avg_pool2d(_rough(half), BLOCK // 2)[0, 0]
        rows, columns = (min(sides) for sides in zip(large.shape, small.shape, strict=True))
        pair = large[:rows, :columns], small[:rows, :columns]
        rough.append(torch.stack(pair).flatten(1))
    if not rough:
        return 0.0
    large, small = torch.cat(rough, dim=1)
    flattest = (large + small).argsort()[: max(1, round(FLATTEST * len(large)))]
    variance = (large - small)[flattest].mean().clamp_min(0) / (1 - LEFT)
    noise = MORE * float(variance.sqrt())
    return noise if noise > LEAST else 0.0


def _rough(image: Mask) -> Mask:
    """What an image has beyond the planes through its pixels, squared: noise's variance."""
    second = torch.tensor([1.0, -2.0, 1.0])
    kernel = (second[:, None] * second / 6)[None, None]
    return F.conv2d(image, kernel).square()
