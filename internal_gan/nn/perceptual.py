"""Fixed feature networks and perceptual losses."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.pyramid import MAX_LEVELS
from internal_gan.nn.blocks import MAX_CHANNELS, check_kernel, reflect
from internal_gan.shapes import Pictures
from internal_gan.weights import read_weights

# The 3x3 convolutions in each block of VGG-19 (Simonyan and Zisserman 2015), and the layers, as
# torchvision counts them, whose output is compared.
CONVOLUTIONS = (2, 2, 4, 4, 4)
CONTENT = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1
STYLE = (8, 17, 26, 31)  # relu2_2, relu3_4, relu4_4, relu5_2

_OPTION = "model.features.weights"


class FeatureNetwork(nn.Module, ABC):
    """Maps images to feature maps, with fixed weights."""

    @abstractmethod
    def forward(self, image: Pictures) -> tuple[list[Tensor], list[Tensor]]:
        """The maps for content and those for style, each (N, C, h, w)."""


class RandomFeatures(FeatureNetwork):
    """Rectified responses of random filters at several scales, and the colours.

    Their Gram matrices suit textures as a trained network's do (Ustyuzhaninov et al. 2017).

    Args:
        kernel_size: of a filter, in pixels, odd, at least 3.
        levels: number of scales, each half the size of the one before.
    """

    def __init__(self, filters: int, *, kernel_size: int, levels: int, seed: int) -> None:
        super().__init__()
        check_range(1, MAX_CHANNELS, filters=filters)
        check_kernel(kernel_size)
        check_range(3, kernel_size=kernel_size)  # one pixel has no structure
        check_range(1, MAX_LEVELS, levels=levels)
        rng = torch.Generator().manual_seed(seed)
        weight = torch.randn(filters, 3, kernel_size, kernel_size, generator=rng)
        # With zero mean, the filters respond only to structure.
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
            structure = F.relu(F.conv2d(reflect(image, self.margin), self.weight))
            maps.append(torch.cat([structure, image], dim=1))
        return maps, maps


class VGGFeatures(FeatureNetwork):
    """The maps of VGG-19 that EdgeConnect compares (Nazeri et al. 2019, Section 3.2).

    Images are in [0, 1], as in EdgeConnect's release, not normalised as in the network's training.

    Args:
        weights: ``.pth`` or safetensors file of torchvision's ``vgg19``; a UserError if it is
            missing or another network's.
        widths: channels of the five blocks.
    """

    def __init__(self, weights: str | None = None, *, widths: Sequence[int]) -> None:
        super().__init__()
        if weights is None:
            raise UserError(
                f"{_OPTION} is missing: the features of VGG-19 need a file with its weights, such "
                f"as torchvision's vgg19-dcbb9e9d.pth; model/features=random needs none"
            )
        state = read_weights(weights, _OPTION)
        if len(widths) != len(CONVOLUTIONS):
            raise ValueError(f"widths has {len(widths)} numbers; allowed: 5, one for each block")
        layers: list[nn.Module] = []
        channels = 3
        for width, count in zip(widths, CONVOLUTIONS, strict=True):
            check_range(1, MAX_CHANNELS, widths=width)
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        for name, own in self.named_parameters():
            found = state.get(name)
            if found is None or found.shape != own.shape:
                what = "is missing" if found is None else f"is {_sides(found)}"
                raise UserError(
                    f"{_OPTION}={weights}: not the weights of VGG-19: {name} {what}, needed: "
                    f"{_sides(own)}"
                )
            own.data.copy_(found)
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        x = (image + 1) / 2
        content, style = [], []
        for place, layer in enumerate(self.features):
            if isinstance(layer, nn.MaxPool2d) and min(x.shape[-2:]) < 2:
                break
            x = layer(x)
            if place in CONTENT:
                content.append(x)
            if place in STYLE:
                style.append(x)
        return content, style


def _sides(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def content_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """The sum of two lists' mean absolute differences: perceptual loss, or feature matching."""
    parts = [F.l1_loss(x.float(), y.float()) for x, y in zip(a, b, strict=True)]
    return torch.stack(parts).sum()


def style_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """The same sum for the maps' Gram matrices; the maps' sizes may differ."""
    return content_distance([gram(x) for x in a], [gram(x) for x in b])


def gram(features: Tensor) -> Tensor:
    """Gram matrices (N, C, C) of maps (N, C, H, W), divided by C H W, in float32."""
    with torch.autocast(features.device.type, enabled=False):
        flat = features.float().flatten(2)
        flat = flat / math.sqrt(flat.shape[1] * flat.shape[2])
        return flat @ flat.transpose(1, 2)
