"""SinGAN's generator: a stack of convolutions that adds detail to a coarser image."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.nn.blocks import (
    MAX_CHANNELS,
    MAX_LAYERS,
    ConvBlock,
    Init,
    Norm,
    check_kernel,
    initialise,
)
from internal_gan.shapes import Pictures


class ResidualPatchGenerator(nn.Module):
    """One scale of SinGAN's pyramid, at any size: ``image + tanh(convolutions(noise + image))``.

    Zeros pad the input once, by half the receptive field; the blocks do not pad (Shaham et al.
    2019, Section 3.2 and Figure 5).

    Args:
        width: channels of the hidden layers.
        depth: number of convolutions.
        kernel_size: of every convolution, odd.
        norm: of the hidden blocks.
        output_std: standard deviation of the last layer's initial weights, 0 to 1; None leaves it
            to ``init``. With a small value, the scale starts near the identity.
        gradient_floor: added to the derivative of the last tanh, 0 to 1, so that saturated outputs
            can recover.

    Attributes:
        margin: half the receptive field, rounded down, in pixels.
        uses_batch_statistics: whether, in training, the images of a batch influence each other.
        is_local: whether, once trained, a pixel depends on nothing beyond ``margin``.
    """

    def __init__(
        self,
        width: int,
        *,
        depth: int,
        kernel_size: int,
        norm: Norm,
        init: Init,
        output_std: float | None,
        gradient_floor: float,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, MAX_CHANNELS, width=width)
        check_kernel(kernel_size)
        check_range(2, MAX_LAYERS, depth=depth)
        check_range(0, 1, output_std=output_std, gradient_floor=gradient_floor)
        widths = [3] + [width] * (depth - 1)
        self.blocks = nn.Sequential(
            *(ConvBlock(a, b, kernel_size=kernel_size, norm=norm) for a, b in pairwise(widths))
        )
        self.output = nn.Conv2d(width, 3, kernel_size)
        self.gradient_floor = gradient_floor
        self.margin = depth * (kernel_size - 1) // 2
        self.uses_batch_statistics = norm.endswith("batch")
        self.is_local = not norm.endswith("instance")
        initialise(self, init, rng)
        if output_std is not None:
            nn.init.normal_(self.output.weight, 0.0, output_std, generator=rng)

    def forward(self, noise: Tensor | None, image: Pictures | None = None) -> Pictures:
        """``image``, the coarser scale's output at this size, with its detail; roughly in [-1, 1].

        ``noise`` is (N, 3, H + 2 margin, W + 2 margin), already scaled. It may be None, or it alone
        may be given.
        """
        if image is None:
            assert noise is not None
            return self.detail(noise)
        x = F.pad(image, (self.margin,) * 4)
        if noise is not None:
            x = noise + x
        return image + self.detail(x)

    def detail(self, padded: Tensor) -> Pictures:
        """What this scale adds to the image, given the sum of noise and padded image."""
        x: Tensor = self.output(self.blocks(padded))
        return torch.tanh(x) + self.gradient_floor * (x - x.detach())
