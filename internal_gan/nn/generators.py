"""Generators, shared by the families: SinGAN's, InGAN's and EdgeConnect's."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.resize import size_of
from internal_gan.images.transforms import Resize, Transform
from internal_gan.images.windows import blocks
from internal_gan.nn.blocks import (
    LARGEST_KERNEL,
    MAX_CHANNELS,
    MAX_LAYERS,
    ConvBlock,
    Init,
    Norm,
    check_kernel,
    initialise,
    reflect,
)
from internal_gan.shapes import Pictures
from internal_gan.stopping import check_stop
from internal_gan.units import Size


class ResidualPatchGenerator(nn.Module):
    """One scale of SinGAN's pyramid, at any size: ``image + tanh(convolutions(noise + image))``.

    Zeros pad the input once, by half the receptive field (Shaham et al. 2019, Section 3.2, Fig. 5).

    Args:
        width: channels of the hidden layers.
        depth: number of convolutions, each of an odd ``kernel_size``.
        channels: of the image.
        output_std: with a small value, the scale starts near the identity.
        gradient_floor: added to the last tanh's derivative, 0 to 1: saturated outputs can recover.

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
        channels: int = 3,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, MAX_CHANNELS, width=width)
        check_kernel(kernel_size)
        check_range(2, MAX_LAYERS, depth=depth)
        check_range(0, 1, gradient_floor=gradient_floor)
        widths = [channels] + [width] * (depth - 1)
        self.blocks = nn.Sequential(
            *(ConvBlock(a, b, kernel_size=kernel_size, norm=norm) for a, b in pairwise(widths))
        )
        self.output = nn.Conv2d(width, channels, kernel_size)
        self.gradient_floor = gradient_floor
        self.margin = depth * (kernel_size - 1) // 2
        self.uses_batch_statistics = norm.endswith("batch")
        self.is_local = not norm.endswith("instance")
        initialise(self, init, rng, output_std)

    def forward(self, noise: Tensor | None, image: Pictures | None = None) -> Pictures:
        """``image``, the coarser scale's output at this size, with its detail; roughly in [-1, 1].
        ``noise`` is (N, 3, H + 2 margin, W + 2 margin), already scaled; either may be None."""
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


def in_tiles(
    network: Callable[[Tensor], Tensor], padded: Tensor, margin: int, pixels: int
) -> Tensor:
    """The output (N, C, H, W) of a network without padding for (N, C, H + 2 margin, W + 2 margin).
    More pixels than ``pixels`` are computed in tiles that overlap by the margin, with about the
    same result."""
    height, width = (side - 2 * margin for side in size_of(padded))
    if height * width <= pixels:
        return network(padded)
    made = padded.new_empty(*padded.shape[:2], height, width)
    for window in blocks((slice(0, height), slice(0, width)), math.isqrt(pixels)):
        check_stop()
        rows, columns = (slice(side.start, side.stop + 2 * margin) for side in window)
        made[(..., *window)] = network(padded[..., rows, columns])
    return made


class ShapeFlexibleGenerator(nn.Module):
    """An hourglass whose first map is transformed (Shocher et al. 2019, Section 3.2 and Figure 5).

    The transformed map passes downscalings that double the channels, residual blocks with a quarter
    of them in the middle (He et al. 2016, Figure 5), and upscalings. Skip connections add the map
    of the same size to each upscaled map.

    Args:
        width: channels of the first feature map.
        depth: number of downscalings by 2, at least 1.
        kernel_size: of the first and the last layer, odd.
        norm: of all blocks but the last layer. A batch norm always uses the image's own statistics.
    """

    def __init__(
        self,
        width: int,
        *,
        depth: int,
        residual_blocks: int,
        kernel_size: int,
        norm: Norm,
        init: Init,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_range(1, depth=depth)
        block = partial(ConvBlock, norm=norm, padded=True, own_statistics=True)
        widths = hourglass(width, depth, residual_blocks, kernel_size)
        pairs = list(pairwise(widths))
        self.entry = block(3, width, kernel_size=kernel_size)
        self.down = nn.ModuleList(block(a, b, downscale="pool") for a, b in pairs)
        inner = widths[-1]
        narrow = max(1, widths[-1] // 4)
        residual = (
            Residual(
                block(inner, narrow, kernel_size=1),
                block(narrow, narrow),
                block(narrow, inner, kernel_size=1, activation=False),
            )
            for _ in range(residual_blocks)
        )
        self.bottleneck = nn.Sequential(*residual)
        self.up = nn.ModuleList(block(b, a, upscale="nearest") for a, b in reversed(pairs))
        self.output = nn.Conv2d(width, 3, kernel_size)
        self.stride = 2**depth
        initialise(self, init, rng)

    def forward(self, image: Pictures, size: Size, transform: Transform | None = None) -> Pictures:
        """Regenerate an image at any size; without a ``transform`` it is resized."""
        x = (transform or Resize())(self.entry(image), size)
        x = pad_to_multiple(x, self.stride)
        skips = []
        for block in self.down:
            skips.append(x)
            x = block(x)
        x = self.bottleneck(x)
        for block in self.up:
            x = block(x) + skips.pop()
        x = torch.tanh(self.output(reflect(x, self.output.kernel_size[0] // 2)))
        return x[..., : size[0], : size[1]]


class DilatedResidualGenerator(nn.Module):
    """Maps an image to one of the same size by downscalings, residual blocks with dilated
    convolutions, and transposed convolutions (Nazeri et al. 2019, Section 3 and appendix; after
    Johnson et al. 2016).

    Args:
        width: channels of the first feature map, doubled by each downscaling.
        depth: number of downscalings by 2.
        dilation: of the first convolution of each residual block, in pixels.
        kernel_size: of the first and the last layer, odd.
        norm: of all blocks; the last layer has none.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int,
        depth: int,
        residual_blocks: int,
        dilation: int,
        kernel_size: int,
        norm: Norm,
        init: Init,
        output_std: float | None,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = hourglass(width, depth, residual_blocks, kernel_size)
        check_range(1, LARGEST_KERNEL, dilation=dilation)
        block = partial(ConvBlock, norm=norm, padded=True, slope=0.0)
        self.entry = block(in_channels, width, kernel_size=kernel_size)
        pairs = list(pairwise(widths))
        self.down = nn.Sequential(*(block(a, b, downscale="wide") for a, b in pairs))
        same = partial(block, widths[-1], widths[-1])
        count = range(residual_blocks)
        residual = (Residual(same(dilation=dilation), same(activation=False)) for _ in count)
        self.residual = nn.Sequential(*residual)
        self.up = nn.Sequential(*(block(b, a, upscale="transposed") for a, b in reversed(pairs)))
        self.output = nn.Conv2d(width, out_channels, kernel_size)
        self.stride = 2**depth
        initialise(self, init, rng, output_std)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) of any size to (N, out_channels, H, W), unbounded."""
        size = image.shape[-2:]
        x = self.up(self.residual(self.down(self.entry(pad_to_multiple(image, self.stride)))))
        x = self.output(reflect(x, self.output.kernel_size[0] // 2))
        return x[..., : size[0], : size[1]]  # type: ignore[no-any-return]


class Residual(nn.Module):
    """The sum of the input and what ``blocks`` make of it, one after the other."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.blocks(x)  # type: ignore[no-any-return]


def hourglass(width: int, depth: int, residual_blocks: int, kernel_size: int) -> list[int]:
    """A network's channels, as its ``width`` doubles ``depth`` times; a ValueError if too large."""
    check_range(1, MAX_CHANNELS, width=width)
    check_range(0, int(math.log2(MAX_CHANNELS / width)), depth=depth)
    check_range(0, MAX_LAYERS, residual_blocks=residual_blocks)
    check_kernel(kernel_size)
    return [width * 2**level for level in range(depth + 1)]


def pad_to_multiple(x: Tensor, step: int) -> Tensor:
    """:func:`reflect` only at the bottom and the right, until ``step`` divides both sides."""
    height, width = x.shape[-2:]
    bottom, right = -height % step, -width % step
    fits = bottom < height and right < width
    return F.pad(x, (0, right, 0, bottom), mode="reflect" if fits else "replicate")
