"""The families that train scale by scale: a generator for every scale of an image."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError, check_range
from internal_gan.images.pyramid import Count, pyramid_sizes, scaled
from internal_gan.images.resize import size_of
from internal_gan.models.base import Model, Recipe
from internal_gan.models.losses import Terms
from internal_gan.models.per_stage import PerStage, per_stage
from internal_gan.nn.blocks import MAX_CHANNELS, MAX_LAYERS
from internal_gan.nn.generators import ResidualPatchGenerator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.patches.losses import PatchLoss, PatchTerm
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size, by

# Called with (scale, output) after each scale; its result replaces the output.
After = Callable[[int, Tensor], Tensor]


@dataclass(frozen=True)
class Widths:
    """Channels per scale: ``coarsest``, times ``factor`` every ``every`` scales, to ``limit``."""

    coarsest: int
    factor: float
    every: int
    limit: int

    def __post_init__(self) -> None:
        check_range(1, MAX_CHANNELS, coarsest=self.coarsest, limit=self.limit)
        check_range(1, every=self.every)
        check_range(0.01, 100, factor=self.factor)
        if (self.factor - 1) * (self.limit - self.coarsest) < 0:
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
    """A model with a generator for every scale, coarsest first; ``widths`` and ``depths`` are their
    channels and convolutions."""

    make_generator: Callable[..., ResidualPatchGenerator]
    widths: Widths
    depths: PerStage

    def new_generator(
        self, stage: int, rng: torch.Generator | None = None
    ) -> ResidualPatchGenerator:
        width = self.widths.at(stage)
        depth = self.depth_at(stage)
        return self.make_generator(width=width, depth=depth, rng=rng)

    def depth_at(self, scale: int) -> int:
        return round(per_stage(self.depths, self.num_stages, "depths", 2, MAX_LAYERS)[scale])

    def sizes_for(self, size: Size | None, last: int) -> list[Size]:
        """Sizes of scales 0 to ``last`` if the last has ``size``; None means the model's own."""
        finest = self.sizes[last]
        height, width = size or finest
        rows, columns = height / finest[0], width / finest[1]
        return [*(scaled(own, rows, columns) for own in self.sizes[:last]), (height, width)]


class StageTerm(NamedTuple):
    """A patch loss against the image of one stage, computed every ``interval`` steps; ``weight``
    multiplies the weight in the options."""

    name: str
    loss: PatchLoss
    weight: float
    interval: int

    def add_to(self, terms: Terms, fake: Tensor, rng: torch.Generator) -> None:
        turn = terms.step // self.interval
        terms.every(self.interval, self.name, lambda: self.loss(fake, rng, turn), self.weight)


@dataclass(kw_only=True)
class LadderRecipe(Recipe):
    """Training options of a :class:`LadderModel`; ``conf/model/FAMILY.yaml`` explains them.

    Attributes:
        generator: called with ``width``, ``depth`` and ``rng`` to make a scale's generator.
        scale_factor, min_size, max_size, num_scales, scale_count: of :func:`pyramid_sizes`.
    """

    generator: Callable[..., ResidualPatchGenerator]
    adversarial_loss: AdversarialLoss
    adversarial_weight: PerStage
    patch_loss: Mapping[str, PatchTerm] | None
    widths: Widths
    scale_factor: float
    min_size: int
    num_scales: int | None
    scale_count: Count
    penalty_interval: int
    penalty_crop: int | None
    discriminator_crop: int | None

    def prepare(self, pixels: Pixels, hole: Mask | None = None) -> Model:
        sizes = pyramid_sizes(
            size_of(pixels),
            scale_factor=self.scale_factor,
            min_size=self.min_size,
            max_size=self.max_size,
            num_scales=self.num_scales,
            count=self.scale_count,
        )
        model: Model = self.model_of(sizes, pixels)
        if min(sizes[0]) < self.min_side:
            raise UserError(
                f"the coarsest scale is {by(sizes[0])} pixels; its sides must be at least the "
                f"discriminator's receptive field of {self.min_side} pixels (use a larger image or "
                "a larger model.min_size)"
            )
        self.patch_terms(0, len(sizes), model.real(0), torch.Generator(model.device))
        crops = {"discriminator_crop": self.discriminator_crop, "penalty_crop": self.penalty_crop}
        check_range(self.min_side, **crops)
        self.check(model)
        return model

    def patch_terms(
        self, index: int, count: int, real: Pixels, rng: torch.Generator
    ) -> list[StageTerm]:
        """The patch losses with a weight at stage ``index`` of ``count``, against the patches of
        ``real``; ValueError for one that does not fit them."""
        found = []
        for name, term in (self.patch_loss or {}).items():
            weights = per_stage(term.weight, count, f"patch_loss.{name}.weight")
            if weight := term.interval * weights[index]:
                found.append(StageTerm(name, term.loss(real, rng), weight, term.interval))
        return found

    @abstractmethod
    def check(self, model: Any) -> None:
        """Raise a ValueError if the options do not fit the model's scales."""


def warm_start(network: nn.Module, previous: nn.Module) -> bool:
    """Copy the weights of ``previous`` if it has the same layers, and return whether it has."""
    old, new = previous.state_dict(), network.state_dict()
    shapes = [[(name, value.shape) for name, value in state.items()] for state in (old, new)]
    if shapes[0] == shapes[1]:
        network.load_state_dict(old)
    return shapes[0] == shapes[1]


def moving_window(size: Size, side: int | Size | None, turn: int) -> Any:
    """Index of a window that moves over an image of ``size`` from turn to turn.

    ``side`` is a square's side or a size; None means the whole image. An additive recurrence
    spreads the windows evenly without waiting for the device. Its positions reach up to a quarter
    of a side beyond the border and are then clamped, since few windows would otherwise touch it.
    """
    if side is None:
        return ...
    sides = (side, side) if isinstance(side, int) else side
    spans = []
    for length, extent, ratio in zip(size, sides, (0.7548777, 0.5698403), strict=True):
        room = max(length - extent, 0)
        beyond = extent // 4
        start = int(turn * ratio % 1 * (room + 1 + 2 * beyond)) - beyond
        start = min(max(start, 0), room)
        spans.append(slice(start, start + extent))
    return (..., *spans)
