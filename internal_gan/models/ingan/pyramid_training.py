"""Training of InGAN's fast form: scale by scale, at random output sizes."""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import check_range
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Transform
from internal_gan.models.base import Model, Stage
from internal_gan.models.ingan.pyramid import InGANPyramid
from internal_gan.models.ladder import LadderRecipe, moving_window, warm_start
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.per_stage import PerStage
from internal_gan.models.retargeting import drawn_transform, near
from internal_gan.nn.discriminators import LARGE, MultiScaleDiscriminator
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.units import Size


class InGANPyramidStage(Stage):
    """One scale: reproduces the photo's patches at a new random size in every step."""

    recipe: "InGANPyramidRecipe"
    model: InGANPyramid
    discriminator: MultiScaleDiscriminator | None
    batch: Transform | None  # None: plain resizing
    sizes_vary = True

    def make(self, previous: Stage | None) -> None:
        recipe, model, index, rng = self.recipe, self.model, self.index, self.rng
        self.target_area = recipe.by_stage("target_area", model)[index]
        self.generator = model.new_generator(index, rng)
        self.discriminator = None
        if self.weight("adversarial"):
            width, sigmoid = recipe.widths.at(index), recipe.adversarial_loss.sigmoid
            made = recipe.discriminator(size=self.size, width=width, sigmoid=sigmoid, rng=rng)
            self.discriminator = made
        if isinstance(previous, InGANPyramidStage):
            warm_start(self.generator, model.generators[index - 1])
            if self.discriminator is not None and previous.discriminator is not None:
                old = previous.discriminator.networks
                for place, network in enumerate(self.discriminator.networks):
                    warm_start(network, old[min(max(place - 1, 0), len(old) - 1)])

        self.coarsest, self.real = model.real(0), model.real(index)
        self.sizes = model.sizes[: index + 1]
        self.patch_terms = recipe.patch_terms(index, model.num_stages, self.real, rng)
        # What this scale starts from at the photo's own size.
        self.identity_base = self._base(self.coarsest, self.sizes)
        judged = 1 if self.discriminator is None else self.discriminator.min_side
        patches = [term.loss.patch for term in self.patch_terms]
        self.smallest = max(judged, *patches, 1)

    def prepare(self) -> Transform | None:
        if self.discriminator is not None:
            self.discriminator.set_progress(self.step / self.steps)
        if not self.recipe.geometry:
            return None
        same = torch.Generator().manual_seed(self.step)  # for every seed of a run
        return drawn_transform(self.recipe.geometry, same)

    def kind(self) -> Hashable:
        recipe, step, sizes = self.recipe, self.step, self._target_sizes()
        turns: list[float] = [recipe.identity_interval, recipe.cycle_interval]
        pixels = math.prod(sizes[-1])
        turns += [t.interval * t.loss.period(pixels) for t in self.patch_terms]
        kind: list[Any] = [sizes, *(step % turn for turn in turns)]
        if self.discriminator is not None:
            both = (self.sizes[-1], sizes[-1])
            kind += [moving_window(size, recipe.discriminator_crop, step) for size in both]
            if type(recipe.adversarial_loss).penalty is not AdversarialLoss.penalty:
                kind.append(step)  # the windows of a penalty hardly come twice
        return str(kind)

    def discriminator_loss(self) -> Losses:
        fake, recipe, step = self.drawn_for_discriminator(), self.recipe, self.step
        assert self.discriminator is not None
        judged = _window(fake, recipe.discriminator_crop, step)
        self.discriminator.judge_as(size_of(judged))
        sides = zip(self.real.shape[-2:], fake.shape[-2:], strict=True)
        height, width = (min(*pair, recipe.penalty_crop or max(pair)) for pair in sides)
        penalised = _window(self.real, (height, width), step), _window(fake, (height, width), step)
        real = _window(self.real, recipe.discriminator_crop, step)
        return self.judge(real, judged, penalised=penalised)

    def add_terms(self, terms: Terms, drawn: Tensor) -> None:
        recipe = self.recipe
        if self.discriminator is not None:
            judged = _window(drawn, recipe.discriminator_crop, self.step)
            self.discriminator.judge_as(size_of(judged))
            self.fool(terms, judged)
        for term in self.patch_terms:
            term.add_to(terms, drawn, self.rng)

        def identity() -> Tensor:
            rebuilt = self.generator(None, self.identity_base)
            return F.mse_loss(rebuilt.float(), self.real)

        def cycle() -> Tensor:
            back = self.batch.inverse() if self.batch else resize
            start = back(drawn.float(), self.sizes[0])
            rebuilt = self.generator(None, self._base(start, self.sizes))
            return F.l1_loss(rebuilt.float(), self.real)

        terms.every(recipe.identity_interval, "identity", identity, self.weight("identity"))
        terms.every(recipe.cycle_interval, "cycle", cycle, self.weight("cycle"))
        if terms.total is None:  # none is due in this step
            terms.total = 0 * drawn.float().sum()

    def draw(self) -> Tensor:
        """G(x; T) for this step's T."""
        sizes = self._target_sizes()
        start = (self.batch or resize)(self.coarsest, sizes[0])
        return self.generator(None, self._base(start, sizes))  # type: ignore[no-any-return]

    def _base(self, start: Tensor, sizes: list[Size]) -> Tensor:
        """What this scale starts from: what coarser ones make of ``start``, T(x_0), enlarged."""
        if self.index == 0:
            return start
        return resize(self.model.synthesise(start, sizes[:-1]).float(), sizes[-1])

    def _target_sizes(self) -> list[Size]:
        """The output's sizes at scales 0 to this one, where its sides are at least ``smallest``."""
        model = self.model
        low, high = model.scale_range
        if self.index == 0 and self.recipe.curriculum:
            grown = min(1.0, (self.step + 1) / (self.recipe.curriculum * self.steps))
            low, high = 1 + (low - 1) * grown, 1 + (high - 1) * grown
        # An additive recurrence covers the range evenly without waiting for the device. Its ratios
        # differ from the moving windows'; otherwise some sizes would always show the same place.
        places = (self.step * ratio % 1 for ratio in (0.6180340, 0.4142136))
        rows, columns = (low + (high - low) * place for place in places)
        shrink = min(1.0, (self.target_area / (rows * columns)) ** 0.5)
        height, width = (
            near(side * factor * shrink, side, self.recipe.size_grid, self.smallest)
            for side, factor in zip(self.sizes[-1], (rows, columns), strict=True)
        )
        return model.sizes_for((height, width), self.index)


@dataclass(kw_only=True)
class InGANPyramidRecipe(LadderRecipe):
    """Training options of InGAN's fast form; ``conf/model/ingan.yaml`` sets and explains them.

    ``discriminator`` is called with ``size``, ``width``, ``sigmoid`` and ``rng``.
    """

    model_class: ClassVar[type[Model]] = InGANPyramid
    stage_class: ClassVar[type[Stage]] = InGANPyramidStage
    discriminator: Callable[..., MultiScaleDiscriminator]
    depths: PerStage
    scale_range: Sequence[float]
    target_area: PerStage
    size_grid: int
    curriculum: float
    identity_weight: PerStage
    identity_interval: int
    cycle_weight: PerStage
    cycle_interval: int
    geometry: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(1, size_grid=self.size_grid)
        check_range(0, 1, curriculum=self.curriculum)
        check_range(0, 0.49, geometry=self.geometry)

    @cached_property
    def min_side(self) -> int:
        return self.discriminator(size=LARGE, width=1, scales=1).min_side

    def check(self, model: InGANPyramid) -> None:
        self.by_stage("target_area", model, 1)
        model.new_generator(0)
        for size in model.sizes:
            self.discriminator(size=size, width=1)


def _window(image: Tensor, side: int | Size | None, turn: int) -> Tensor:
    return image[moving_window(size_of(image), side, turn)]
