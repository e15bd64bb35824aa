"""The contract between the families and the training engine: model, recipe and stages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from internal_gan.errors import check_range
from internal_gan.models.losses import Losses
from internal_gan.models.per_stage import MOST, MOST_RATE, PerStage, per_stage
from internal_gan.units import Size

# Adam moves a weight by about its learning rate in a step.
FASTEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Optimization:
    """How a stage's generator and discriminator are optimised (Adam).

    Attributes:
        generator_lr, discriminator_lr: learning rates at the start of the stage.
        decay_start: fraction of the stage's steps after which the rates fall.
        decay: ``step`` multiplies them by ``final_lr`` at once, ``linear`` goes there evenly.
        final_lr: fraction of the rates left at the end.
        ema: decay of the running average of the generator's weights, which becomes the final
            generator; None keeps the last weights.
        clip: largest norm of a network's gradient, beyond which it is scaled down; None: any.
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
        """A copy with the learning rates times ``rate``."""
        return replace(
            self,
            generator_lr=rate * self.generator_lr,
            discriminator_lr=rate * self.discriminator_lr,
        )

    def lr_factor(self, step: int, steps: int) -> float:
        """The factor on the learning rates at ``step`` (from 0) of ``steps``."""
        start = self.decay_start * steps
        if step < start:
            return 1.0
        if self.decay == "step":
            return self.final_lr
        return 1.0 - (1.0 - self.final_lr) * (step - start) / max(steps - start, 1.0)


def cpu_generator(rng: torch.Generator) -> torch.Generator:
    """A generator of the CPU, seeded by ``rng``, for the sizes and places that shape a computation:
    nothing has to wait for the device."""
    seed = torch.randint(2**62, (1,), device=rng.device, generator=rng)
    return torch.Generator().manual_seed(int(seed))


def freeze(network: nn.Module) -> None:
    """Switch a trained network to inference, without gradients."""
    network.eval().requires_grad_(False).zero_grad(set_to_none=True)


class Stage(ABC):
    """One part of a training: its networks and their losses.

    In each step the engine calls ``discriminator_loss`` and ``generator_loss``, and at the end
    ``finish`` once. A loss returns a scalar to minimise and detached scalars to log, and must not
    wait for the device (no ``.item()``).

    Args:
        steps: number of training steps.
        previous: the stage before, whose weights a new one may start from.
        rng: source of the initial weights and of all the stage's random numbers.

    Attributes:
        size: working size (height, width) in pixels.
        discriminator: None where the generator learns without one.
        generator_steps, discriminator_steps: updates of each network in one step.
        step: the generator's updates so far, counted by the stage itself.
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
        with model.device:
            self.make(previous)

    @abstractmethod
    def make(self, previous: "Stage | None") -> None:
        """Make the networks and whatever the losses need, on the model's device."""

    def discriminator_loss(self) -> Losses:
        """The discriminator's loss on fresh random input; never called without one."""
        raise NotImplementedError

    @abstractmethod
    def generator_loss(self) -> Losses:
        """The generator's loss on fresh random input."""

    def finish(self) -> None:
        """Hand the trained generator to the model, frozen."""
        freeze(self.generator)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        """Tensors and numbers beside the networks that an exact continuation needs."""
        return {"step": self.step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` gave."""
        self.step = state["step"]


class Model(nn.Module, ABC):
    """What a family has learnt of an image, for inference.

    ``state_dict`` and ``metadata`` together restore it.

    Attributes:
        family: as in ``model=singan``.
        task: the module of ``internal_gan.tasks`` that its trainings end with.
        image: the working image, (1, 3, H, W) in [-1, 1], a buffer.
        sizes: working size (height, width) of every stage, in pixels; empty without an image.
        generators: of the finished stages; a family that keeps its networks by name, as EdgeConnect
            does, overrides ``finished`` and :meth:`restore`.
    """

    family: ClassVar[str]
    task: ClassVar[str] = "sample"
    image: Tensor
    generators: nn.ModuleList

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[Size] = []
        self.generators = nn.ModuleList()

    @property
    def finished(self) -> int:
        """How many stages have been trained."""
        return len(self.generators)

    @property
    def num_stages(self) -> int:
        return len(self.sizes)

    @property
    def stage_names(self) -> Sequence[str]:
        return [f"scale {index}" for index in range(self.num_stages)]

    @property
    def images(self) -> list[Tensor]:
        """Every photo that it learns, ``image`` first."""
        return [self.image]

    @property
    def unknown(self) -> list[Tensor]:
        """For every photo (1, 1, H, W), 1 where nothing is learnt from it and 0 elsewhere; empty
        where every pixel is learnt from."""
        return []

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        """Set the working size of every stage and make room for the image, which has the last."""
        self.sizes = [(int(height), int(width)) for height, width in sizes]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[-1], device=device))

    def new_generator(self, stage: int, rng: torch.Generator | None = None) -> nn.Module:
        """An untrained generator for a stage."""
        raise NotImplementedError

    @abstractmethod
    def preview(self) -> Tensor:
        """The image as the finished stages make it, (1, 3, h, w) in [-1, 1], to look at in
        training."""

    def example(self) -> Tensor | None:
        """A random result of the finished stages, (1, 3, h, w) in [-1, 1], for loggers; None
        where :meth:`preview` shows everything."""
        return None

    def metadata(self) -> dict[str, Any]:
        """What :meth:`restore` needs beside the weights, as plain JSON values."""
        return {"sizes": self.sizes, "finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        """Shape a new model so that the weights saved with ``metadata`` load into it."""
        self.allocate(metadata["sizes"])
        self.generators.extend(self.new_generator(n) for n in range(metadata["finished"]))
        freeze(self)


@dataclass(kw_only=True)
class Recipe(ABC):
    """How a family learns; what ``model`` in the configuration builds.

    Attributes:
        model_class: its constructor's arguments are fields of the recipe, by name.
        stage_class: of every stage.
        learns_several: whether one model can learn several photos.
        steps: training steps, by stage.
        learning_rates: by stage, in units of those of ``optimization``.
    """

    model_class: ClassVar[type[Model]]
    stage_class: ClassVar[type[Stage]]
    learns_several: ClassVar[bool] = False
    steps: PerStage
    learning_rates: PerStage = 1.0
    optimization: Optimization

    @property
    def min_side(self) -> int:
        """Shortest side in pixels of an image that can be learnt."""
        return 1

    @abstractmethod
    def prepare(
        self, pixels: Tensor, *others: Tensor, holes: Sequence[Tensor | None] = ()
    ) -> Model:
        """A new model with its image, sizes and stages.

        Args:
            pixels: (1, 3, H, W) in [-1, 1].
            others: further photos of any size, where the family ``learns_several``.
            holes: for every photo (1, 1, H, W), 1 where its pixels are unknown and 0 elsewhere, or
                None; for a family whose task has holes.

        Raises:
            ValueError: the recipe does not fit the image.
        """

    def steps_of(self, model: Model) -> list[int]:
        """Training steps of every stage, without a time budget."""
        return [round(n) for n in per_stage(self.steps, model.num_stages, "steps", 1)]

    def optimization_at(self, model: Model, index: int) -> Optimization:
        """How a stage is optimised."""
        rates = per_stage(self.learning_rates, model.num_stages, "learning_rates", 0, MOST_RATE)
        return self.optimization.scaled(rates[index])

    def new_model(self) -> Any:
        """A model without an image."""
        names = signature(self.model_class).parameters
        return self.model_class(**{name: getattr(self, name) for name in names})

    def stage(
        self, model: Any, index: int, steps: int, previous: Stage | None, rng: torch.Generator
    ) -> Stage:
        """A stage of a prepared model; see :class:`Stage`. Each is built after the one before has
        finished, since it starts from what that learnt."""
        return self.stage_class(self, model, index, steps, previous, rng)

    @classmethod
    def architecture(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of the model alone, taken from ``config``, the recipe's."""
        made = cls.model_class
        values = {name: config[name] for name in signature(made).parameters if name in config}
        return {"_target_": f"{made.__module__}.{made.__qualname__}", **values}
