"""The contract between the families and the training engine: model, recipe and stages."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, ClassVar, Generic, Literal, TypeVar

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.models.per_stage import MOST, PerStage, per_stage
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.units import Size

T = TypeVar("T")
Losses = tuple[Tensor, dict[str, Tensor]]

# Adam moves every weight by about its learning rate in a step.
FASTEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Optimization:
    """How a stage's generator and discriminator are optimised (Adam).

    Attributes:
        generator_lr, discriminator_lr: learning rates at the start of the stage.
        betas: Adam's.
        decay_start: fraction of the stage's steps after which the rates fall.
        decay: ``step`` multiplies them by ``final_lr`` at once, ``linear`` goes there evenly.
        final_lr: fraction of the rates left at the end.
        ema: decay of the running average of the generator's weights that becomes the final
            generator; null keeps the last weights.
        clip: largest norm of a network's gradient; longer ones are shortened to it; null: any.
    """

    generator_lr: float
    discriminator_lr: float
    betas: Sequence[float]
    decay_start: float
    decay: Literal["step", "linear"]
    final_lr: float
    ema: float | None
    clip: float | None = None

    def __post_init__(self) -> None:
        check_range(
            0, FASTEST, generator_lr=self.generator_lr, discriminator_lr=self.discriminator_lr
        )
        check_range(0, 1, decay_start=self.decay_start, final_lr=self.final_lr, ema=self.ema)
        check_range(1e-6, MOST, clip=self.clip)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {list(self.betas)}; allowed: two numbers from 0 to below 1")

    def scaled(self, rate: float) -> "Optimization":
        """The same with the learning rates times ``rate``."""
        return replace(
            self,
            generator_lr=rate * self.generator_lr,
            discriminator_lr=rate * self.discriminator_lr,
        )

    def lr_factor(self, step: int, steps: int) -> float:
        """What the learning rates are multiplied by at ``step`` (from 0) of ``steps``."""
        start = self.decay_start * steps
        if step < start:
            return 1.0
        if self.decay == "step":
            return self.final_lr
        return 1.0 - (1.0 - self.final_lr) * (step - start) / max(steps - start, 1.0)


class Terms:
    """A loss that is summed from named terms.

    Attributes:
        total: the sum, a scalar to minimise.
        scalars: the terms without their weights, detached, to log.
    """

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.total: Tensor | None = None
        self.scalars: dict[str, Tensor] = {}

    def add(self, name: str, value: Tensor, weight: float = 1.0) -> None:
        """Add ``weight`` times ``value``."""
        term = weight * value
        self.total = term if self.total is None else self.total + term
        self.scalars[name] = value.detach()

    def every(
        self, interval: int, name: str, value: Callable[[], Tensor], weight: float = 1.0
    ) -> None:
        """Add a term that is computed in one of ``interval`` steps only, with as many times the
        weight; with a weight of 0 it is left out."""
        if weight and self.step % interval == 0:
            self.add(name, value(), interval * weight)

    @property
    def losses(self) -> Losses:
        """What a stage's losses return.

        Raises:
            ValueError: there is no term.
        """
        if self.total is None:
            raise ValueError("a loss without a term")
        return self.total, self.scalars


def judge(
    discriminator: nn.Module,
    loss: AdversarialLoss,
    real: Tensor,
    fake: Tensor,
    rng: torch.Generator,
    *,
    penalised: tuple[Tensor, Tensor] | None = None,
    step: int = 0,
    interval: int = 1,
) -> Losses:
    """A discriminator's loss on real and on generated images; neither gets a gradient.

    Args:
        real, fake: (N, C, H, W), not necessarily of one size.
        penalised: a real and a generated image of one size, which the penalty is computed on; by
            default ``real`` and ``fake``.
        interval: the penalty is computed in one of so many steps, with as many times the weight.
    """
    terms = Terms()
    real_logits, _ = discriminator(real.detach())
    fake_logits, _ = discriminator(fake.detach())
    terms.add("discriminator", loss.discriminator(real_logits, fake_logits))
    if step % interval == 0:
        penalty = loss.penalty(discriminator, *(penalised or (real, fake)), rng)
        if penalty is not None:
            terms.add("penalty", penalty, interval)
    return terms.losses


class Draws(Generic[T]):
    """What a stage draws at random, once for both networks.

    The generator still has the weights that the discriminator's last image was drawn with, so its
    first update takes that one.
    """

    def __init__(self, draw: Callable[[], T]) -> None:
        self._draw = draw
        self._kept: T | None = None

    def for_discriminator(self) -> T:
        """A fresh one, which is kept for the generator."""
        self._kept = self._draw()
        return self._kept

    def for_generator(self) -> T:
        """The one that was kept, or else a fresh one."""
        kept, self._kept = self._kept, None
        return self._draw() if kept is None else kept


def freeze(network: nn.Module) -> None:
    """Make a trained network ready for inference, without gradients."""
    network.eval().requires_grad_(False).zero_grad(set_to_none=True)


class Stage(ABC):
    """One adversarial game over the image: what it trains and with which losses.

    In each step the engine calls ``discriminator_loss`` and ``generator_loss`` in turn, and at the
    end ``finish`` once. Both losses return a scalar to minimise and detached scalars to log;
    neither may wait for the device (no ``.item()``).

    Args:
        steps: how many it will be trained for.
        previous: the stage before, whose networks a new one may start from.
        rng: source of the initial weights and of every random number of the stage.

    Attributes:
        name: as the model calls it.
        size: working size (height, width) in pixels.
        generator: what is learnt.
        discriminator: its opponent; None where it learns without one.
        generator_steps, discriminator_steps: updates of each in one step.
        step: for counting the generator's updates.
    """

    recipe: "Recipe"
    model: "Model"
    generator: nn.Module
    discriminator: nn.Module | None
    generator_steps: int = 1
    discriminator_steps: int = 1

    def __init__(
        self,
        recipe: "Recipe",
        model: "Model",
        index: int,
        steps: int,
        previous: "Stage | None",
        rng: torch.Generator,
    ) -> None:
        self.recipe, self.model, self.index, self.steps, self.rng = recipe, model, index, steps, rng
        self.name = model.stage_names[index]
        self.size = model.sizes[index]
        self.optimization = recipe.optimization_at(model, index)
        self.step = 0
        with model.device:  # where rng lives
            self.make(previous)

    @abstractmethod
    def make(self, previous: "Stage | None") -> None:
        """Make the networks and whatever else the losses need."""

    def discriminator_loss(self) -> Losses:
        """Loss of the discriminator on fresh random input; not called where there is none."""
        raise NotImplementedError

    @abstractmethod
    def generator_loss(self) -> Losses:
        """Loss of the generator on fresh random input."""

    def finish(self) -> None:
        """Hand the trained generator to the model, frozen."""
        freeze(self.generator)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        """State beside the networks' that an exact continuation needs; tensors and numbers."""
        return {"step": self.step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        self.step = state["step"]


class Model(nn.Module, ABC):
    """What one family has learnt of an image: inference alone.

    ``state_dict`` and ``metadata`` together are everything that drawing needs.

    Attributes:
        family: name of the family, as in ``model=singan``.
        task: what its trainings end with, a module of ``internal_gan.tasks``.
        image: the working image, (1, 3, H, W) in [-1, 1]; a buffer, set when it is prepared.
        sizes: working size (height, width) of every stage, in pixels; known once it is prepared.
        finished: how many stages have been trained.
        generators: of these stages, in a family with one for each.
    """

    family: ClassVar[str]
    task: ClassVar[str] = "sample"
    image: Tensor
    generators: nn.ModuleList
    sizes: list[Size]
    finished: int

    @property
    def num_stages(self) -> int:
        return len(self.sizes)

    @property
    def stage_names(self) -> Sequence[str]:
        """What the stages are called, in order."""
        return [f"scale {index}" for index in range(self.num_stages)]

    @property
    def images(self) -> list[Tensor]:
        """Every photo that it learns, ``image`` first."""
        return [self.image]

    @property
    def unknown(self) -> list[Tensor]:
        """For every photo where nothing is learnt from, (1, 1, H, W), 1 there and else 0; empty
        where every pixel is learnt from."""
        return []

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    @abstractmethod
    def preview(self) -> Tensor:
        """What the finished stages make of the image, (1, 3, h, w) in [-1, 1]: for people to
        look at while training goes on."""

    def example(self) -> Tensor | None:
        """One random result of the finished stages, (1, 3, h, w) in [-1, 1], for loggers; None
        where :meth:`preview` shows all that there is to see."""
        return None

    @abstractmethod
    def metadata(self) -> dict[str, Any]:
        """What :meth:`restore` needs beside the weights, as plain JSON values."""

    @abstractmethod
    def restore(self, metadata: Mapping[str, Any]) -> None:
        """Shape an unprepared model so that the weights saved with ``metadata`` load into it."""


@dataclass(kw_only=True)
class Recipe(ABC):
    """How a family learns; what ``model`` in the configuration builds.

    Stages are built one at a time, since a later one starts from what the earlier ones learnt.

    Attributes:
        model_class: what is learnt. Its constructor takes some of the recipe's fields, by name.
        stage_class: of every stage.
        learns_several: whether one model can learn several photos.
        steps: training steps of every stage.
        optimization: learning rates and their decay.
    """

    model_class: ClassVar[type[Model]]
    stage_class: ClassVar[type[Stage]]
    learns_several: ClassVar[bool] = False
    steps: PerStage
    optimization: Optimization

    @property
    def min_side(self) -> int:
        """Shortest side of an image that can be learnt, in pixels."""
        return 1

    @abstractmethod
    def prepare(
        self, pixels: Tensor, *others: Tensor, holes: Sequence[Tensor | None] = ()
    ) -> Model:
        """A model to be trained on an image, with its sizes and stages fixed.

        Args:
            pixels: (1, 3, H, W) in [-1, 1].
            others: further photos of any size, where the family ``learns_several``.
            holes: for every photo (1, 1, H, W), 1 where its pixels are unknown and else 0, or
                None; for a family whose task has holes.

        Raises:
            ValueError: the recipe and the image do not go together.
        """

    def steps_of(self, model: Model) -> list[int]:
        """Training steps of every stage of a prepared model, without a time budget."""
        return [round(n) for n in per_stage(self.steps, model.num_stages, "steps", 1)]

    def optimization_at(self, model: Model, index: int) -> Optimization:
        """How a stage is optimised."""
        return self.optimization

    def new_model(self) -> Any:
        """A model without an image."""
        names = signature(self.model_class).parameters
        return self.model_class(**{name: getattr(self, name) for name in names})

    def stage(
        self, model: Any, index: int, steps: int, previous: Stage | None, rng: torch.Generator
    ) -> Stage:
        """Build a stage of a model that this recipe prepared; see :class:`Stage`."""
        return self.stage_class(self, model, index, steps, previous, rng)

    @classmethod
    def architecture(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of the model alone: its class, and what the class takes of
        ``config``, this recipe's."""
        made = cls.model_class
        values = {name: config[name] for name in signature(made).parameters if name in config}
        return {"_target_": f"{made.__module__}.{made.__qualname__}", **values}
