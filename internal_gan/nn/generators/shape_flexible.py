"""InGAN's generator: regenerates an image in any size and shape."""

from itertools import pairwise
from typing import Any

import torch
from torch import nn

from internal_gan.errors import check_range
from internal_gan.images.transforms import Resize, Transform
from internal_gan.nn.blocks import (
    ConvBlock,
    Init,
    Norm,
    Residual,
    check_hourglass,
    initialise,
    pad_to_multiple,
    reflect,
)
from internal_gan.shapes import Pictures
from internal_gan.units import Size


class ShapeFlexibleGenerator(nn.Module):
    """An hourglass whose first feature map is geometrically transformed (Shocher et al. 2019,
    Section 3.2 and Figure 5).

    The transformed map passes downscalings that double the channels, residual blocks with a quarter
    of them in the middle (He et al. 2016, Figure 5), and upscalings. Skip connections add the map
    of the same size to each upscaled map.

    Args:
        width: channels of the first feature map.
        depth: number of downscalings by 2, at least 1.
        residual_blocks: number of bottleneck blocks.
        kernel_size: of the first and the last layer, odd.
        norm: of all blocks; the last layer has none. A batch norm uses the image's own statistics,
            after training too.
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

        def block(channels: int, wanted: int, **settings: Any) -> ConvBlock:
            return ConvBlock(
                channels, wanted, norm=norm, padded=True, own_statistics=True, **settings
            )

        check_hourglass(width, depth, residual_blocks, kernel_size)
        widths = [width * 2**level for level in range(depth + 1)]
        self.entry = block(3, width, kernel_size=kernel_size)
        self.down = nn.ModuleList(block(a, b, downscale="pool") for a, b in pairwise(widths))
        inner, narrow = widths[-1], max(1, widths[-1] // 4)
        self.bottleneck = nn.Sequential(
            *(
                Residual(
                    block(inner, narrow, kernel_size=1),
                    block(narrow, narrow),
                    block(narrow, inner, kernel_size=1, activation=False),
                )
                for _ in range(residual_blocks)
            )
        )
        self.up = nn.ModuleList(
            block(b, a, upscale="nearest") for a, b in reversed(list(pairwise(widths)))
        )
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
