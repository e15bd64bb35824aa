"""Generators."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.nn.blocks import (
    ConvBlock,
    Init,
    Norm,
    Padding,
    check_stack,
    initialise,
    pad,
    receptive_field,
)


class ResidualPatchGenerator(nn.Module):
    """One scale of SinGAN's pyramid: ``image + tanh(conv stack(noise + image))``.

    Fully convolutional, hence any size; the input is padded once by half the receptive field and
    the blocks themselves do not pad (Shaham et al. 2019, Section 3.2 and Figure 5).

    Args:
        width: channels of the hidden layers.
        depth: number of convolutions; with 3x3 kernels five of them see 11x11 pixels.
        norm: norm of the hidden blocks.
        init: initialisation by name; see :func:`internal_gan.nn.blocks.initialise`.
        output_std: standard deviation of the last layer's initial weights, 0 to 1; null keeps
            ``init``'s. Small values start the scale as the identity.
        gradient_floor: added to the slope of the last tanh in the backward pass, so that an output
            that was driven to its ends can come back; 0: the plain tanh.
        padding: how the image is continued beyond its border.
        condition_channels: channels of a second image that the blocks see beside the first.
        rng: source of the initial weights.

    Attributes:
        margin: how far it sees beyond a pixel, in pixels.
        uses_batch_statistics: in training, the images of a batch are normed together.
        is_local: once trained, a pixel depends on nothing farther away than ``margin``.
    """

    def __init__(
        self,
        width: int = 32,
        *,
        depth: int = 5,
        kernel_size: int = 3,
        norm: Norm = "batch",
        init: Init = "normal",
        output_std: float | None = None,
        gradient_floor: float = 0.0,
        padding: Padding = "zero",
        channels: int = 3,
        condition_channels: int = 0,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_stack(width, depth, kernel_size)
        check_range(0, 1, output_std=output_std, gradient_floor=gradient_floor)
        widths = [channels + condition_channels] + [width] * (depth - 1)
        self.blocks = nn.Sequential(
            *(ConvBlock(a, b, kernel_size=kernel_size, norm=norm) for a, b in pairwise(widths))
        )
        self.output = nn.Conv2d(width, channels, kernel_size)
        self.gradient_floor = gradient_floor
        self.padding: Padding = padding
        self.margin = receptive_field(depth, kernel_size) // 2
        self.uses_batch_statistics = norm == "batch"
        self.is_local = norm != "instance"
        initialise(self, init, rng)
        if output_std is not None:
            nn.init.normal_(self.output.weight, 0.0, output_std, generator=rng)

    def forward(
        self, noise: Tensor | None, image: Tensor | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Add detail to ``image``.

        Args:
            noise: (N, C, H + 2 margin, W + 2 margin), already scaled by its strength; None where
                the image alone decides.
            image: (N, C, H, W) in [-1, 1], the coarser scale's output brought to this size;
                None at the coarsest scale of a model that starts from noise.
            condition: (N, condition_channels, H, W) in [-1, 1].

        Returns:
            (N, C, H, W), about in [-1, 1].
        """
        if image is None:
            assert noise is not None
            return self.detail(noise)
        x = pad(image, self.margin, self.padding)
        if noise is not None:
            x = noise + x
        if condition is not None:
            x = torch.cat([x, pad(condition, self.margin, self.padding)], dim=1)
        return image + self.detail(x)

    def detail(self, padded: Tensor) -> Tensor:
        """What this scale adds to the image.

        Args:
            padded: (N, C, H + 2 margin, W + 2 margin): noise and image, continued beyond their
                border, added up; after them the condition.

        Returns:
            (N, C, H, W) in [-1, 1].
        """
        x: Tensor = self.output(self.blocks(padded))
        return torch.tanh(x) + self.gradient_floor * (x - x.detach())
