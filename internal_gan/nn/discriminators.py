"""Discriminators. Each returns its map of logits and the features on the way to it."""

from collections.abc import Callable, Sequence
from itertools import pairwise, zip_longest
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from internal_gan.errors import check_range
from internal_gan.images.resize import resize
from internal_gan.nn.blocks import (
    LARGEST_KERNEL,
    MOST_CHANNELS,
    MOST_LAYERS,
    ConvBlock,
    Init,
    Norm,
    initialise,
)


class PatchDiscriminator(nn.Module):
    """Fully convolutional patch discriminator (Markovian, as in SinGAN's Section 3.2).

    Its output is a map with one logit per overlapping patch of the receptive field's size; there
    is no padding and no final activation, so without strides the map is smaller than the image by
    the receptive field less one.

    Args:
        width: channels of the hidden layers.
        depth: number of convolutions; with 3x3 kernels five of them see 11x11 pixels.
        norm: norm of the hidden blocks.
        init: initialisation by name; see :func:`internal_gan.nn.blocks.initialise`.
        widths: channels of every hidden layer, in place of ``width`` and ``depth``.
        strides: stride of every hidden layer; null: 1 each.
        output_kernel_size: of the last layer; null: as the others.
        output_norm: ``spectral`` for the last layer's weight too.
        rng: source of the initial weights.

    Attributes:
        receptive_field: side in pixels of the patch that one logit judges.
        margin: half of it, rounded down.
    """

    def __init__(
        self,
        width: int = 32,
        *,
        depth: int = 5,
        kernel_size: int = 3,
        norm: Norm = "batch",
        init: Init = "normal",
        channels: int = 3,
        widths: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
        output_kernel_size: int | None = None,
        output_norm: Literal["none", "spectral"] = "none",
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, MOST_CHANNELS, width=width)
        check_range(2, MOST_LAYERS, depth=depth)
        hidden = list(widths or [width] * (depth - 1))
        strides = list(strides or [1] * len(hidden))
        for channels_of_layer, stride in zip_longest(hidden, strides, fillvalue=1):
            check_range(1, MOST_CHANNELS, widths=channels_of_layer)
            check_range(1, LARGEST_KERNEL, strides=stride)
        if len(strides) != len(hidden):
            raise ValueError(
                f"strides has {len(strides)} numbers; allowed: {len(hidden)}, as widths"
            )
        last = kernel_size if output_kernel_size is None else output_kernel_size
        check_range(1, LARGEST_KERNEL, kernel_size=kernel_size, output_kernel_size=last)
        self.blocks = nn.ModuleList(
            ConvBlock(a, b, kernel_size=kernel_size, norm=norm, stride=stride)
            for (a, b), stride in zip(pairwise([channels, *hidden]), strides, strict=True)
        )
        self.output = nn.Conv2d(hidden[-1], 1, last)
        if output_norm == "spectral":
            spectral_norm(self.output)
        self.receptive_field, step = 1, 1
        for kernel, stride in zip([kernel_size] * len(hidden) + [last], [*strides, 1], strict=True):
            self.receptive_field += (kernel - 1) * step
            step *= stride
        self.margin = self.receptive_field // 2
        self.uses_batch_statistics = norm.endswith("batch")
        initialise(self, init, rng)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge every patch.

        Args:
            image: (N, C, H, W) in [-1, 1].

        Returns:
            Logits (N, 1, H', W'), without strides H' = H - 2 margin, and the list of hidden
            feature maps.
        """
        features = []
        for block in self.blocks:
            image = block(image)
            features.append(image)
        return self.output(image), features


class MultiScaleDiscriminator(nn.Module):
    """A patch discriminator of its own for each of several sizes of the image (Shocher et al.
    2019, Section 3.3).

    Every network sees the image shrunk by another factor, so that all structures, from the
    largest to the smallest, are judged. Their maps, brought to the size of the first one, are
    averaged with weights, which :meth:`set_progress` moves from the coarse scales to all evenly.

    An image that is too small for the coarsest scales is judged by the others alone.

    Args:
        discriminator: called with ``rng``, makes the network of one scale.
        size: (height, width) in pixels of the images it is for, which decides how many scales
            there are.
        scales: how many at most; null: as many as the image has room for. 1 is the paper's
            ablation.
        factor: from the side of one scale to that of the next finer one.
        min_side: short side of the smallest image judged, in pixels.
        coarse_weight: at first each scale has the weight of the next finer one times this.
        even_after: progress from which all scales weigh the same.
        sigmoid: let every map pass a sigmoid before they are averaged.
        rng: source of the initial weights.

    Raises:
        ValueError: a number out of range, or ``size`` is smaller than ``min_side``.
    """

    def __init__(
        self,
        discriminator: Callable[..., PatchDiscriminator],
        size: tuple[int, int],
        *,
        scales: int | None = None,
        factor: float = 1.4,
        min_side: int = 13,
        coarse_weight: float = 2.0,
        even_after: float = 1 / 3,
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
        self.coarse_weight = coarse_weight
        self.even_after = even_after
        self.sigmoid = sigmoid
        fitting = len(self._sizes(size))
        if not fitting:
            raise ValueError(f"min_side is {min_side}; allowed: up to the image's {min(size)}")
        count = fitting if scales is None else min(scales, fitting)
        networks = [discriminator(rng=rng) for _ in range(count)]
        self.networks = nn.ModuleList(networks)
        needed = max(network.receptive_field for network in networks)
        check_range(needed, min_side=min_side)
        self.uses_batch_statistics = any(n.uses_batch_statistics for n in networks)
        self.set_progress(0.0)

    def set_progress(self, progress: float) -> None:
        """Move the weights to where they are at ``progress``, from 0 to 1, of the training."""
        even = min(1.0, progress / self.even_after) if self.even_after else 1.0
        coarse = [self.coarse_weight**k for k in range(len(self.networks))]
        self.weights = [(1 - even) * weight / sum(coarse) + even / len(coarse) for weight in coarse]

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge the patches of every size.

        Args:
            image: (N, C, H, W) in [-1, 1], each side at least ``min_side``.

        Returns:
            The averaged map (N, 1, H', W'), of the first network's size, and the hidden feature
            maps of all networks, the finest first.
        """
        size = (image.shape[-2], image.shape[-1])
        sizes = self._sizes(size) or [size]
        used = list(zip(self.networks, sizes, self.weights, strict=False))
        total = sum(weight for _, _, weight in used)
        average, features = None, []
        for network, size, weight in used:
            logits, hidden = network(resize(image, size))
            features += hidden
            if self.sigmoid:
                logits = torch.sigmoid(logits)
            if average is None:
                average = weight / total * logits
            else:
                logits = F.interpolate(logits, size=average.shape[-2:], mode="bilinear")
                average = average + weight / total * logits
        assert average is not None
        return average, features

    def _sizes(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        """Sizes of the image at every scale that it has room for, the finest first."""
        sizes = []
        shrunk: tuple[float, float] = size
        while min(shrunk) >= self.min_side:
            sizes.append((round(shrunk[0]), round(shrunk[1])))
            shrunk = (shrunk[0] / self.factor, shrunk[1] / self.factor)
        return sizes
