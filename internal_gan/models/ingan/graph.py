"""InGAN's generators as one graph, for export."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from internal_gan.models.ingan.pyramid import InGANPyramid
from internal_gan.models.ingan.whole import InGAN
from internal_gan.nn.dynamic import pad, resize
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size

# The longest side that a graph accepts, in pixels.
MOST_SIDE = 2**16


class RepaintGraph(nn.Module):
    """One pass of the fast form at any size; see
    :meth:`internal_gan.models.ingan.pyramid.InGANPyramid.repaint`."""

    sizes: Tensor

    def __init__(self, model: InGANPyramid) -> None:
        super().__init__()
        self.generators = model.generators
        self.register_buffer("sizes", torch.tensor(model.sizes, dtype=torch.float64))

    def forward(self, image: Tensor, size: Tensor) -> Tensor:
        """An image (1, 3, height, width) in [-1, 1].

        Args:
            image: (1, 3, h, w) in [-1, 1].
            size: two 64-bit integers, the height and width of the result in pixels.
        """
        own = torch.stack([torch.full((), side) for side in image.shape[-2:]])
        before, after = self._sizes_for(own), self._sizes_for(size)
        painted = resize(image, *_whole(before[0])).clamp(-1, 1)
        for scale, generator in enumerate(self.generators):
            base = resize(painted, *_whole(after[scale]))
            painted = self._generate(generator, base)
        return resize(painted, *_whole(size)).clamp(-1, 1)

    def _generate(self, module: nn.Module, base: Tensor) -> Tensor:
        generator = cast(ResidualPatchGenerator, module)
        return base + generator.detail(pad(base, generator.margin, generator.padding))

    def _sizes_for(self, size: Tensor) -> Tensor:
        """Exportable form of :meth:`internal_gan.models.ladder.Ladder.sizes_for`, (scales, 2)."""
        return (self.sizes * (size / self.sizes[-1])).round().clamp(min=1).long()


class WholeGraph(nn.Module):
    """The paper's form at one size: :meth:`internal_gan.models.ingan.whole.InGAN.repaint`."""

    def __init__(self, model: InGAN, size: Size) -> None:
        super().__init__()
        self.generator = model.generators[0]
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Map an image (1, 3, h, w) to one of (1, 3, height, width), both in [-1, 1]."""
        painted: Tensor = self.generator(image, self.size)
        return painted.clamp(-1, 1)


def _whole(size: Tensor) -> tuple[int, int]:
    """Two sides as Python integers."""
    height, width = size.tolist()
    for side in (height, width):
        torch._check(side >= 1)  # type: ignore[no-untyped-call]
        torch._check(side <= MOST_SIDE)  # type: ignore[no-untyped-call]
    return height, width
