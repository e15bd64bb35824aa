"""A pyramid of generators, one for every scale of an image."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.pyramid import scaled
from internal_gan.models.base import Model
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.nn.blocks import MAX_CHANNELS, MAX_LAYERS
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.units import Size

# Called with (scale, output) after each scale; its result replaces the output.
After = Callable[[int, Tensor], Tensor]


@dataclass(frozen=True)
class Widths:
    """Channels per scale: ``coarsest``, multiplied by ``factor`` after every ``every`` scales, up
    or down to ``limit``."""

    coarsest: int
    factor: float
    every: int
    limit: int

    def __post_init__(self) -> None:
        check_range(1, MAX_CHANNELS, coarsest=self.coarsest, limit=self.limit)
        check_range(1, every=self.every)
        check_range(0.01, 100, factor=self.factor)
        if (self.factor > 1 and self.limit < self.coarsest) or (
            self.factor < 1 and self.limit > self.coarsest
        ):
            raise ValueError(
                f"factor={self.factor} moves from coarsest={self.coarsest} away from "
                f"limit={self.limit}; change factor or limit, or use factor=1"
            )

    def at(self, scale: int) -> int:
        if self.factor == 1:
            return self.coarsest
        width = self.coarsest * self.factor ** (scale // self.every)
        return round(min(width, self.limit) if self.factor > 1 else max(width, self.limit))


class LadderModel(Model):
    """A model with a generator for every scale, coarsest first.

    Attributes:
        make_generator: called with ``width``, ``depth`` and ``rng`` to make a scale's generator.
        widths, depths: channels and convolutions per scale.
    """

    make_generator: Callable[..., ResidualPatchGenerator]
    widths: Widths
    depths: PerStage

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        width, depth = self.widths.at(stage), self.depth_at(stage)
        return self.make_generator(width=width, depth=depth, rng=rng)

    def depth_at(self, scale: int) -> int:
        return round(per_stage(self.depths, self.num_stages, "depths", 2, MAX_LAYERS)[scale])

    def sizes_for(self, size: Size | None, last: int) -> list[Size]:
        """Sizes of scales 0 to ``last`` if the last has ``size``; None means the model's own."""
        finest = self.sizes[last]
        if size is None or tuple(size) == finest:
            return self.sizes[: last + 1]
        rows, columns = size[0] / finest[0], size[1] / finest[1]
        return [*(scaled(own, rows, columns) for own in self.sizes[:last]), (size[0], size[1])]
