"""EdgeConnect's generator: an hourglass of dilated residual blocks."""

from typing import Any

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.nn.blocks import (
    LARGEST_KERNEL,
    ConvBlock,
    Init,
    Norm,
    Residual,
    check_hourglass,
    initialise,
    pad_to_multiple,
    reflect,
)


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
        output_std: standard deviation of the last layer's initial weights, 0 to 1; None leaves it
            to ``init``.
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
        check_hourglass(width, depth, residual_blocks, kernel_size)
        check_range(0, 1, output_std=output_std)
        check_range(1, LARGEST_KERNEL, dilation=dilation)

        def block(channels: int, wanted: int, **settings: Any) -> ConvBlock:
            return ConvBlock(channels, wanted, norm=norm, padded=True, slope=0.0, **settings)

        widths = [width * 2**level for level in range(depth + 1)]
        self.entry = block(in_channels, width, kernel_size=kernel_size)
        self.down = nn.Sequential(*(block(w, 2 * w, downscale="wide") for w in widths[:-1]))
        inner = widths[-1]
        self.residual = nn.Sequential(
            *(
                Residual(
                    block(inner, inner, dilation=dilation), block(inner, inner, activation=False)
                )
                for _ in range(residual_blocks)
            )
        )
        self.up = nn.Sequential(
            *(block(2 * w, w, upscale="transposed") for w in reversed(widths[:-1]))
        )
        self.output = nn.Conv2d(width, out_channels, kernel_size)
        self.stride = 2**depth
        initialise(self, init, rng)
        if output_std is not None:
            nn.init.normal_(self.output.weight, 0.0, output_std, generator=rng)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) of any size to (N, out_channels, H, W), unbounded."""
        size = image.shape[-2:]
        x = self.up(self.residual(self.down(self.entry(pad_to_multiple(image, self.stride)))))
        x = self.output(reflect(x, self.output.kernel_size[0] // 2))
        return x[..., : size[0], : size[1]]  # type: ignore[no-any-return]
