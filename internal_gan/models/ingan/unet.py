"""InGAN's paper form: one image in any size and shape (Shocher, Bagon, Isola, Irani, ICCV 2019)."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from internal_gan.images.transforms import Transform
from internal_gan.models.retargeting import Retargets
from internal_gan.nn.generators import ShapeFlexibleGenerator
from internal_gan.units import Size


class InGAN(Retargets):
    """One hourglass at full resolution, which ``generator`` makes when called with ``rng``."""

    family: ClassVar[str] = "ingan"
    stage_names: Sequence[str] = ("whole image",)

    def __init__(
        self, *, generator: Callable[..., ShapeFlexibleGenerator], scale_range: Sequence[float]
    ) -> None:
        super().__init__(scale_range)
        self.make_generator = generator

    @cached_property
    def bytes_per_pixel(self) -> float:
        # Measured on the CPU with 16 and 64 channels at 512 and 1000 pixels.
        return 28.0 * self.new_generator(0).output.in_channels

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ShapeFlexibleGenerator:
        return self.make_generator(rng=rng)

    def preview(self) -> Tensor:
        return self.retarget()

    def repaint(
        self, image: Tensor, size: Size, transform: Transform | None, keep: Tensor | None, seed: int
    ) -> Tensor:
        """One pass; ``keep`` is ignored, since there is no coarser output."""
        return self.run(self.generators[0], image, size, transform)
