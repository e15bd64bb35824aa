"""A family whose whole training can be computed by hand: two numbers that go down or up.

Each loss is the weight itself, so Adam moves it by exactly the learning rate at each step.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from internal_gan.models.base import Model, Optimization, Recipe, Stage
from internal_gan.models.losses import Losses
from internal_gan.models.per_stage import PerStage
from internal_gan.training.callbacks import Callback, TrainingPlan

RATE = 0.01


def optimization(**changes: Any) -> Optimization:
    """Optimisation with the constant learning rate ``RATE``, except for ``changes``."""
    plain = Optimization(
        generator_lr=RATE,
        discriminator_lr=RATE,
        betas=[0.5, 0.999],
        decay_start=1.0,
        decay="step",
        final_lr=0.1,
        ema=None,
    )
    return replace(plain, **changes)


class Clock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


class Diary(Callback):
    """Records the engine's callbacks."""

    def __init__(self) -> None:
        self.entries: list[tuple[Any, ...]] = []
        self.plan: Any = None
        self.replans: list[TrainingPlan] = []

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        self.plan = plan
        self.entries.append(("start",))

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        self.replans.append(plan)

    def on_step(self, stage_index: int, step: int, steps: int, scalars: Any) -> None:
        self.entries.append(("step", stage_index, step, steps, scalars and sorted(scalars)))

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        self.entries.append(("stage end", stage_index, model.finished))

    def on_end(self, model: Model) -> None:
        self.entries.append(("end",))

    @property
    def steps(self) -> list[tuple[int, int, int, list[str] | None]]:
        """The stage, step and number of steps that it was told of, and the terms logged then."""
        return [entry[1:] for entry in self.entries if entry[0] == "step"]


class Number(nn.Module):
    """One weight, zero at first."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class ToyStage(Stage):
    """Generator and discriminator are one number each, to be minimised."""

    recipe: "ToyRecipe"
    model: "ToyModel"
    generator: Number
    discriminator: Any

    def make(self, previous: Stage | None) -> None:
        self.discriminator_steps, self.generator_steps = self.recipe.updates
        self.generator = Number()
        self.discriminator = Number() if self.recipe.adversarial else None

    def discriminator_loss(self) -> Losses:
        return self._loss("D", self.discriminator)

    def generator_loss(self) -> Losses:
        return self._loss("G", self.generator)

    def _loss(self, name: str, network: Number) -> Losses:
        rests = self.discriminator is None or not self.discriminator.weight.requires_grad
        self.model.calls.append((name, self.generator.weight.requires_grad, not rests))
        self.model.counts.append((name, self.step, self.judged))
        total = self.recipe.loss(self.index, network.weight)
        return total, {name: total.detach()}


class ToyModel(Model):
    """One number for each of ``stages``."""

    family: ClassVar[str] = "toy"

    def __init__(self, *, stages: int = 2) -> None:
        super().__init__()
        self.allocate([(8, 8)] * stages)
        # Which loss was computed, and whether G's and D's weights then required gradients.
        self.calls = list[tuple[str, bool, bool]]()
        # The updates of G and of D that were counted before it.
        self.counts = list[tuple[str, int, int]]()

    @property
    def stage_names(self) -> list[str]:
        return [f"toy {index}" for index in range(self.num_stages)]

    def preview(self) -> Tensor:
        return torch.zeros(1, 3, 8, 8)

    def new_generator(self, stage: int, rng: torch.Generator | None = None) -> Number:
        return Number()

    def weights(self) -> list[float]:
        """The finished generators' numbers."""
        return [float(g.get_parameter("weight").detach()) for g in self.generators]


@dataclass(kw_only=True)
class ToyRecipe(Recipe):
    """Both networks minimise ``loss(stage, weight)``, with ``updates`` of D and of G per step."""

    model_class: ClassVar[type[Model]] = ToyModel
    stage_class: ClassVar[type[Stage]] = ToyStage
    stages: int = 2
    steps: PerStage = 10
    optimization: Optimization = field(
        default_factory=lambda: optimization(discriminator_lr=2 * RATE)
    )
    updates: tuple[int, int] = (1, 1)
    adversarial: bool = True
    loss: Callable[[int, Tensor], Tensor] = lambda stage, weight: weight.sum()

    def prepare(self, *given: Tensor | None) -> ToyModel:
        return ToyModel(stages=self.stages)
