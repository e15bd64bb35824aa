"""Feature networks that are not trained here, and the losses that compare what they see."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.nn.blocks import LARGEST_KERNEL, MOST_CHANNELS, pad
from internal_gan.patches.losses import MOST_LEVELS
from internal_gan.weights import read_weights

# Of ImageNet's pictures in [0, 1], with which torchvision's networks were trained.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# VGG-19 (Simonyan and Zisserman 2015): 3x3 convolutions in each of its five blocks.
VGG19_CONVOLUTIONS = (2, 2, 4, 4, 4)
VGG19_CONTENT = ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1))
VGG19_STYLE = ((2, 2), (3, 4), (4, 4), (5, 2))


class FeatureNetwork(nn.Module, ABC):
    """Maps (N, 3, H, W) in [-1, 1] to feature maps; its weights are fixed."""

    @abstractmethod
    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The maps that tell content, and those that tell style, each (N, C, h, w)."""


class RandomFeatures(FeatureNetwork):
    """Random filters at several scales, rectified, and the colours beside them. Needs no file.

    Gram matrices of such maps describe a texture about as well as those of a trained network
    (Ustyuzhaninov et al. 2017).

    Args:
        filters: at each scale.
        kernel_size: of a filter, in pixels.
        levels: scales, each half the one before.
        seed: of the filters.

    Raises:
        ValueError: a number out of range.
    """

    def __init__(
        self, filters: int = 64, *, kernel_size: int = 7, levels: int = 3, seed: int = 0
    ) -> None:
        super().__init__()
        check_range(1, MOST_CHANNELS, filters=filters)
        check_range(1, LARGEST_KERNEL, kernel_size=kernel_size)
        check_range(1, MOST_LEVELS, levels=levels)
        rng = torch.Generator().manual_seed(seed)
        weight = torch.randn(filters, 3, kernel_size, kernel_size, generator=rng)
        # Filters without a mean see structure alone, or colour would drown it.
        weight = weight - weight.mean(dim=(2, 3), keepdim=True)
        weight = weight / weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        self.weight: Tensor
        self.register_buffer("weight", weight)
        self.levels = levels
        self.margin = kernel_size // 2

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        maps = []
        for level in range(self.levels):
            if level:
                if min(image.shape[-2:]) < 2:
                    break
                image = F.avg_pool2d(image, 2)
            structure = F.relu(F.conv2d(pad(image, self.margin, "reflect"), self.weight))
            maps.append(torch.cat([structure, image], dim=1))
        return maps, maps


class VGG19Features(FeatureNetwork):
    """VGG-19's maps that EdgeConnect compares: relu1_1 to relu5_1 for content, and relu2_2,
    relu3_4, relu4_4 and relu5_2 for style (Nazeri et al. 2019, Section 3.2).

    Args:
        weights: a file with torchvision's state dict of ``vgg19``: ``.pth`` or safetensors.
        widths: channels of the five blocks.

    Raises:
        UserError: no such file, or one of another network.
    """

    def __init__(
        self, weights: str | None = None, *, widths: Sequence[int] = (64, 128, 256, 512, 512)
    ) -> None:
        super().__init__()
        if weights is None:
            raise UserError(
                f"{_OPTION} is missing: the features of VGG-19 need a file with its weights, such "
                f"as torchvision's vgg19-dcbb9e9d.pth; model/features=random needs none"
            )
        if len(widths) != len(VGG19_CONVOLUTIONS):
            raise ValueError(f"widths has {len(widths)} numbers; allowed: 5, one for each block")
        for width in widths:
            check_range(1, MOST_CHANNELS, widths=width)
        state = read_weights(weights, _OPTION)
        self.blocks = nn.ModuleList()
        channels, place = 3, 0
        for width, count in zip(widths, VGG19_CONVOLUTIONS, strict=True):
            block = nn.ModuleList()
            for _ in range(count):
                block.append(_convolution(state, f"features.{place}", channels, width, weights))
                channels, place = width, place + 2
            self.blocks.append(block)
            place += 1
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        x = ((image + 1) / 2 - self.get_buffer("mean")) / self.get_buffer("std")
        content, style = [], []
        for number, block in enumerate(self.blocks, 1):
            assert isinstance(block, nn.ModuleList)
            if number > 1:
                if min(x.shape[-2:]) < 2:
                    break
                x = F.max_pool2d(x, 2)
            for place, convolution in enumerate(block, 1):
                x = F.relu(convolution(x))
                if (number, place) in VGG19_CONTENT:
                    content.append(x)
                if (number, place) in VGG19_STYLE:
                    style.append(x)
        return content, style


_OPTION = "model.features.weights"


def _convolution(
    state: dict[str, Tensor], name: str, channels: int, width: int, path: str
) -> nn.Conv2d:
    """A 3x3 convolution with the weights of that name."""
    convolution = nn.Conv2d(channels, width, 3, padding=1)
    for part, own in (("weight", convolution.weight), ("bias", convolution.bias)):
        found = state.get(f"{name}.{part}")
        assert own is not None
        if found is None or found.shape != own.shape:
            what = "is missing" if found is None else f"is {_sides(found)}"
            raise UserError(
                f"{_OPTION}={path}: not the weights of VGG-19: {name}.{part} {what}, needed: "
                f"{_sides(own)}"
            )
        own.data.copy_(found)
    return convolution


def _sides(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def content_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Sum over the maps of the mean absolute difference (perceptual loss; feature matching)."""
    parts = [F.l1_loss(x.float(), y.float()) for x, y in zip(a, b, strict=True)]
    return torch.stack(parts).sum()


def style_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Sum over the maps of the mean absolute difference of their Gram matrices."""
    parts = [F.l1_loss(gram(x), gram(y)) for x, y in zip(a, b, strict=True)]
    return torch.stack(parts).sum()


def gram(features: Tensor) -> Tensor:
    """Products of the channels of (N, C, H, W), summed over the places and divided by C H W:
    (N, C, C), in float32."""
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)
        flat = flat / math.sqrt(flat.shape[1] * flat.shape[2])
        return flat @ flat.transpose(1, 2)
