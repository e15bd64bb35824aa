"""ST-LPIPS: how different two images look, to networks that a shift by a pixel does not disturb."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.images.resize import resize, size_of
from internal_gan.judging.sifid import frechet_distance, gaussian
from internal_gan.shapes import Mask, Pixels
from internal_gan.weights import Wheel

WHEEL = Wheel("stlpips-pytorch", "0.0.2", "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth")
# AlexNet's convolutions as the file names them, and the blur before each, which follows a pooling.
_LAYERS = (
    ("net.slice1.0", None),
    ("net.slice2.5", "net.slice2.4"),
    ("net.slice3.9", "net.slice3.8"),
    ("net.slice4.11", None),
    ("net.slice5.13", None),
)
_FIRST_BLUR = "net.slice1.1"
_PADDING = (2, 2, 1, 1, 1)
_BLUR_PADDING = 2
MIN_SIDE, LONGEST_SIDE = 21, 512


class StLpips(nn.Module):
    """The metric, as distances between vectors, with the published weights and AlexNet's.

    Source: Ghildyal, Liu, "Shift-tolerant perceptual similarity metric", ECCV 2022; Zhang, Isola,
    Efros, Shechtman, Wang, "The unreasonable effectiveness of deep features as a perceptual
    metric", CVPR 2018.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, tensor in state.items():
            self.register_buffer(name.replace(".", "_"), tensor)

    @torch.no_grad()
    def maps(self, image: Pixels) -> list[Tensor]:
        """The maps (1, C, h, w) of AlexNet's five layers, with vectors of length 1.

        The image has at least 21 pixels a side.
        """
        x = (image - self._weight("scaling_layer.shift")) / self._weight("scaling_layer.scale")
        found: list[Tensor] = []
        for (name, blur), padding in zip(_LAYERS, _PADDING, strict=True):
            if blur:
                x = self._blur(F.max_pool2d(x, 3, 1), blur)
            weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
            x = F.conv2d(x, weight, bias, padding=padding)
            x = F.relu(x if found else self._blur(x, _FIRST_BLUR))
            found.append(F.normalize(x, eps=1e-10))
        return found

    def embed(self, image: Tensor, mask: Mask | None = None) -> Tensor:
        """A vector whose squared distance to another one is ST-LPIPS, with places weighted by a
        mask; see :meth:`maps`."""
        if mask is None:
            mask = torch.ones_like(image[:, :1])
        parts = []
        for number, found in enumerate(self.maps(image)):
            weight = self._weight(f"lin{number}.model.1.weight")
            share = F.adaptive_avg_pool2d(mask, size_of(found))
            parts.append((found * (weight * share / share.sum()).sqrt()).flatten())
        return torch.cat(parts)

    def _blur(self, x: Tensor, name: str) -> Tensor:
        x = F.pad(x, (_BLUR_PADDING,) * 4, mode="reflect")
        return F.conv2d(x, self._weight(f"{name}.filt"), stride=2, groups=x.shape[1])

    def _weight(self, name: str) -> Tensor:
        return self.get_buffer(name.replace(".", "_"))


def read_st_lpips(option: str) -> StLpips:
    """The metric with the weights of the package stlpips-pytorch; if that is not installed, a
    MissingPackageError names ``option``."""
    return StLpips(WHEEL.read(option))


def st_lpips(
    network: StLpips, real: Pixels, image: Pixels, mask: Mask | None = None
) -> float | None:
    """The distance of two images of one size, 0 if they are equal; None if they are too small.

    Longer images are shrunk to 512 pixels. A mask says where to compare.
    """
    images = fitted(real, image)
    if not images:
        return None
    if mask is not None:
        mask = F.adaptive_avg_pool2d(mask, size_of(images[0]))
    one, other = (network.embed(x, mask) for x in images)
    return float((one - other).square().sum())


def deep_frechet(network: StLpips, real: Pixels, image: Pixels) -> float | None:
    """Fréchet distance between the features of two images at all places; None if one is too small.

    As SIFID, but with AlexNet's last convolution. Each of its features sees more than 100 pixels,
    and so also where things lie relative to each other. If one is longer than 512 pixels, both are
    shrunk.
    """
    images = fitted(real, image)
    if not images:
        return None
    return frechet_distance(*(gaussian(network.maps(x)[-1]) for x in images))


def fitted(*images: Tensor) -> list[Tensor]:
    """Images, shrunk by one factor until none is longer than 512 pixels; none if one becomes too
    small."""
    factor = min(1.0, LONGEST_SIDE / max(max(size_of(image)) for image in images))
    sizes = [(round(factor * h), round(factor * w)) for h, w in map(size_of, images)]
    if min(map(min, sizes)) < MIN_SIDE:
        return []
    if factor == 1:
        return list(images)
    return [resize(x, size).clamp(-1, 1) for x, size in zip(images, sizes, strict=True)]
