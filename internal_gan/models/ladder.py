"""A pyramid of generators, one for every scale of an image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import UserError, check_range
from internal_gan.images.pyramid import scaled
from internal_gan.models.base import Model
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.nn.blocks import MAX_CHANNELS, MAX_LAYERS
from internal_gan.nn.generators.residual_patch import ResidualPatchGenerator
from internal_gan.units import Size

MAX_PIXELS = 250_000_000  # of one result; drawing it takes at least 16 gigabytes of memory
MAX_RESULTS = 1_000_000  # of one call

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

    def check_finished(self) -> None:
        """Raise a UserError if no scale is finished."""
        if not self.finished:
            raise UserError("this model has no finished scale yet; train it, or resume its run")

    def check_scale(self, start_scale: int, first: int = 0) -> None:
        """Raise a UserError if a start scale is unfinished or coarser than ``first``."""
        self.check_finished()
        last = self.finished - 1
        if not first <= start_scale <= last:
            raise UserError(f"start_scale is {start_scale}; allowed: {first} to {last} (finest)")

    def sizes_for(self, size: Size | None, last: int) -> list[Size]:
        """Sizes of scales 0 to ``last`` if the last has ``size``; None means the model's own.

        A ``size`` that no result may have is a UserError.
        """
        finest = self.sizes[last]
        if size is not None:
            check_result(size)
        if size is None or tuple(size) == finest:
            return self.sizes[: last + 1]
        rows, columns = size[0] / finest[0], size[1] / finest[1]
        return [*(scaled(own, rows, columns) for own in self.sizes[:last]), (size[0], size[1])]


def check_result(size: Sequence[int], name: str = "size") -> None:
    """Raise a UserError unless ``size`` is two whole numbers above 0, of at most ``MAX_PIXELS``.

    The message calls it ``name``.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if sides[0] * sides[1] > MAX_PIXELS:
        raise UserError(
            f"{name} is {sides[0]}x{sides[1]} pixels; allowed: up to "
            f"{MAX_PIXELS // 1_000_000} megapixels"
        )
