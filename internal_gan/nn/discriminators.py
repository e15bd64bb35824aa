"""Discriminators, which return a map of logits and the hidden feature maps."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from internal_gan.device import hand_over
from internal_gan.errors import check_range
from internal_gan.images.resize import resize, size_of
from internal_gan.nn.blocks import (
    LARGEST_KERNEL,
    MAX_CHANNELS,
    MAX_LAYERS,
    ConvBlock,
    Init,
    Norm,
    initialise,
)
from internal_gan.shapes import Masks
from internal_gan.units import Size

# A size that every discriminator can judge, in pixels.
LARGE = (1024, 1024)


class PatchDiscriminator(nn.Module):
    """One logit for each overlapping patch, of ``receptive_field`` pixels a side; unpadded unless
    ``padding`` is set (Shaham et al. 2019, Section 3.2).

    Args:
        width, kernel_size, norm: of the hidden layers; ``channels`` are the image's.
        depth: number of convolutions.
        widths: channels of each hidden layer, in place of ``width`` and ``depth``.
        strides: of each hidden layer; None means 1.
        output_kernel_size: of the last layer; None means ``kernel_size``.
        padding: zero padding of each layer's input, in pixels on every side.
    """

    def __init__(
        self,
        width: int = 32,
        *,
        depth: int = 5,
        kernel_size: int,
        norm: Norm,
        init: Init,
        channels: int = 3,
        widths: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
        output_kernel_size: int | None = None,
        output_norm: Literal["none", "spectral"] = "none",
        padding: int = 0,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, MAX_CHANNELS, width=width)
        check_range(2, MAX_LAYERS, depth=depth)
        hidden = list(widths or [width] * (depth - 1))
        strides = list(strides or [1] * len(hidden))
        for hidden_width in hidden:
            check_range(1, MAX_CHANNELS, widths=hidden_width)
        for stride in strides:
            check_range(1, LARGEST_KERNEL, strides=stride)
        if len(strides) != len(hidden):
            raise ValueError(
                f"strides has {len(strides)} numbers; allowed: {len(hidden)}, one per hidden layer"
            )
        last = kernel_size if output_kernel_size is None else output_kernel_size
        check_range(1, LARGEST_KERNEL, kernel_size=kernel_size, output_kernel_size=last)
        check_range(0, LARGEST_KERNEL // 2, padding=padding)
        self.padding = padding
        self.blocks = nn.ModuleList(
            ConvBlock(a, b, kernel_size=kernel_size, norm=norm, stride=stride)
            for (a, b), stride in zip(pairwise([channels, *hidden]), strides, strict=True)
        )
        self.output = nn.Conv2d(hidden[-1], 1, last)
        if output_norm == "spectral":
            spectral_norm(self.output)
        self.receptive_field = 1
        step = 1
        for kernel, stride in zip([kernel_size] * len(hidden) + [last], [*strides, 1], strict=True):
            self.receptive_field += (kernel - 1) * step
            step *= stride
        initialise(self, init, rng)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The logits (N, 1, H', W') of an image (N, C, H, W), and the hidden feature maps in order;
        H' = H - receptive_field + 1 without strides and padding."""
        features = []
        for block in self.blocks:
            image = block(self._padded(image))
            features.append(image)
        return self.output(self._padded(image)), features

    def touched(self, mask: Masks) -> Masks:
        """1 for the logits (N, 1, H', W') of patches that touch the mask, 0 for the others."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                mask = F.max_pool2d(self._padded(mask), module.kernel_size, module.stride)
        return mask

    def _padded(self, x: Tensor) -> Tensor:
        return F.pad(x, (self.padding,) * 4) if self.padding else x


class MultiScaleDiscriminator(nn.Module):
    """A patch discriminator at each of several image sizes (Shocher et al. 2019, Section 3.3).

    Each network judges the image shrunk by a different factor. Their maps are resized to the finest
    scale's and averaged. :meth:`set_progress` moves the weights from the coarse scales to the fine.
    An image too small for the coarsest scales is judged by the others.

    Args:
        discriminator: called with ``rng``, and ``width`` unless None, to make a scale's network.
        size: of the images to judge.
        scales: most scales to use; None uses all that fit. 1 is the paper's ablation.
        factor: ratio of a scale's sides to the next coarser one's.
        min_side: short side of the smallest image judged, in pixels.
        coarse_weight: ratio of a scale's weight to the next finer one's, at the beginning; then it
            is coarse_weight^(1 - progress / even_after).
        even_after: progress at which all scales weigh the same, 0 to 1; 0: always.
        sigmoid: whether each map passes through a sigmoid before it is averaged.
    """

    shares: Tensor  # row n - 1 has the weights of the first n scales, finest first; their sum is 1

    def __init__(
        self,
        discriminator: Callable[..., PatchDiscriminator],
        size: Size,
        *,
        width: int | None = None,
        scales: int | None,
        factor: float,
        min_side: int,
        coarse_weight: float,
        even_after: float,
        sigmoid: bool = False,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, scales=scales, min_side=min_side)
        check_range(1.01, 100, factor=factor)
        check_range(0.01, 100, coarse_weight=coarse_weight)
        check_range(0, 1, even_after=even_after)
        self.factor = factor
        self.min_side = min_side
        self.sigmoid = sigmoid
        self.coarse_weight = coarse_weight
        self.even_after = even_after
        self.most: int | None = None
        fitting = len(self._sizes(size))
        if not fitting:
            raise ValueError(f"min_side is {min_side}; allowed: up to the image's {min(size)}")
        count = fitting if scales is None else min(scales, fitting)
        given = {} if width is None else {"width": width}
        networks = [discriminator(**given, rng=rng) for _ in range(count)]
        self.networks = nn.ModuleList(networks)
        self.register_buffer("shares", torch.zeros(count, count), persistent=False)
        needed = max(network.receptive_field for network in networks)
        check_range(needed, min_side=min_side)
        self.set_progress(0.0)

    def set_progress(self, progress: float) -> None:
        """Set the scales' weights for a training progress from 0 to 1."""
        even = progress / self.even_after if self.even_after else 1.0
        ratio = self.coarse_weight ** (1 - even)
        weights = [ratio**k for k in range(len(self.networks))]
        weights = [weight / sum(weights) for weight in weights]
        totals = (sum(weights[: n + 1]) for n in range(len(weights)))
        rows = [[weight / total for weight in weights] for total in totals]
        self.shares.copy_(hand_over(torch.tensor(rows, device="cpu"), self.shares.device))

    def judge_as(self, size: Size) -> None:
        """Judge later images only at the scales that fit ``size``, whatever their own sizes are."""
        self.most = max(1, len(self._sizes(size)))

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The averaged map of an image (N, C, H, W), as large as the finest scale's, and the hidden
        feature maps of all networks, finest first."""
        size = size_of(image)
        sizes = (self._sizes(size) or [size])[: self.most]
        shares = self.shares[min(len(self.networks), len(sizes)) - 1]
        maps = list[Tensor]()
        features = []
        for network, size, share in zip(self.networks, sizes, shares, strict=False):
            logits, hidden = network(resize(image, size))
            features += hidden
            if self.sigmoid:
                logits = torch.sigmoid(logits)
            if maps:
                logits = F.interpolate(logits, size=size_of(maps[0]), mode="bilinear")
            # In bfloat16, the share itself would be rounded.
            maps.append((share * logits.float()).to(logits.dtype))
        return sum(maps[1:], maps[0]), features

    def _sizes(self, size: Size) -> list[Size]:
        """Sizes of an image at all scales that fit, finest first."""
        sizes = []
        shrunk: tuple[float, float] = size
        while min(shrunk) >= self.min_side:
            sizes.append((round(shrunk[0]), round(shrunk[1])))
            shrunk = (shrunk[0] / self.factor, shrunk[1] / self.factor)
        return sizes
