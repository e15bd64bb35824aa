"""Discriminators. Each returns its map of logits and the features on the way to it."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from internal_gan.nn.blocks import ConvBlock, Init, Norm, check_stack, initialise


class PatchDiscriminator(nn.Module):
    """Fully convolutional patch discriminator (Markovian, as in SinGAN's Section 3.2).

    Its output is a map with one logit per overlapping patch of the receptive field's size; there
    is no padding and no final activation, so the map is smaller than the image by the receptive
    field less one.

    Args:
        width: channels of the hidden layers.
        depth: number of convolutions; with 3x3 kernels five of them see 11x11 pixels.
        norm: norm of the hidden blocks.
        init: initialisation by name; see :func:`internal_gan.nn.blocks.initialise`.
        rng: source of the initial weights.
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
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_stack(width, depth, kernel_size)
        widths = [channels] + [width] * (depth - 1)
        self.blocks = nn.ModuleList(
            ConvBlock(a, b, kernel_size=kernel_size, norm=norm) for a, b in pairwise(widths)
        )
        self.output = nn.Conv2d(width, 1, kernel_size)
        self.margin = depth * (kernel_size - 1) // 2
        self.uses_batch_statistics = norm == "batch"
        initialise(self, init, rng)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge every patch.

        Args:
            image: (N, C, H, W) in [-1, 1].

        Returns:
            Logits (N, 1, H - 2 margin, W - 2 margin) and the list of hidden feature maps.
        """
        features = []
        for block in self.blocks:
            image = block(image)
            features.append(image)
        return self.output(image), features
