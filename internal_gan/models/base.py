"""The contract between the families and the training engine: model, recipe and stages."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from inspect import signature
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError, check_range
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize
from internal_gan.models.losses import Losses, Terms
from internal_gan.models.per_stage import MAX_RATE, MAX_VALUE, PerStage, per_stage
from internal_gan.patches.losses import MAX_STEPS_BETWEEN
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# The largest learning rate: Adam moves a weight by about its learning rate per step.
FASTEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Optimization:
    """How a stage's generator and discriminator are optimised (Adam).

    Attributes:
        decay_start, final_lr: fractions of the stage's steps after which the learning rates fall,
            and of the rates that are left at the end.
        decay: ``step`` lowers the rates at once, ``linear`` evenly.
        ema: decay of the running average of the generator's weights, which becomes the final
            generator; None keeps the last weights.
        clip: norm above which a network's gradient is scaled down; None never scales it.
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
        check_range(0, FASTEST, generator_lr=self.generator_lr)
        check_range(0, FASTEST, discriminator_lr=self.discriminator_lr)
        check_range(0, 1, decay_start=self.decay_start, final_lr=self.final_lr, ema=self.ema)
        check_range(1e-6, MAX_VALUE, clip=self.clip)
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas is {list(self.betas)}; allowed: two numbers from 0 to below 1")

    def lr_factor(self, step: int, steps: int) -> float:
        """The factor on the learning rates at ``step`` (from 0) of ``steps``."""
        start = self.decay_start * steps
        if step < start:
            return 1.0
        if self.decay == "step":
            return self.final_lr
        return 1.0 - (1.0 - self.final_lr) * (step - start) / max(steps - start, 1.0)


def cpu_generator(rng: torch.Generator) -> torch.Generator:
    """A generator on the CPU, seeded by ``rng``: drawing sizes from it does not wait for a GPU."""
    seed = torch.randint(2**62, (1,), device=rng.device, generator=rng)
    return torch.Generator().manual_seed(int(seed))


def freeze(network: nn.Module) -> None:
    """Switch a trained network to inference, without gradients."""
    network.eval().requires_grad_(False).zero_grad(set_to_none=True)


class FailedStageError(UserError):
    """A stage's training failed by chance; another seed may help."""


class Stage(ABC):
    """One part of a training: its networks and their losses.

    In each step the engine calls ``prepare``, ``kind``, ``discriminator_loss`` and
    ``generator_loss``; at the end it calls ``finish`` once. A loss returns a scalar to minimise and
    detached scalars to log. None of the four may wait for the device (no ``.item()``).

    Args:
        previous: the previous stage, whose weights this one may start from.
        rng: source of the initial weights and of all the stage's random numbers.

    Attributes:
        size: working size.
        discriminator: None if the generator trains without one.
        generator_steps, discriminator_steps: updates of each network in one step.
        sizes_vary: whether pictures have another size in each step.
        step, judged: updates of the generator and of the discriminator so far, by the engine.
        batch: what :meth:`prepare` has returned for this step, on the model's device.
        tensors: those that the losses keep from step to step, besides the networks; or None yet.
        cpu_rng: of what :meth:`prepare` draws on the CPU, in stages that do; see
            :func:`cpu_generator`.
    """

    generator: nn.Module
    discriminator: nn.Module | None
    generator_steps: int = 1
    discriminator_steps: int = 1
    sizes_vary: ClassVar[bool] = False
    batch: Any = None
    tensors: ClassVar[Sequence[str]] = ()
    cpu_rng: torch.Generator | None = None

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
        self.judged = 0
        self._kept: Any = None
        with model.device:
            self.make(previous)

    @abstractmethod
    def make(self, previous: "Stage | None") -> None:
        """Make the networks and whatever the losses need, on the model's device."""

    def prepare(self) -> Any:
        """The batch of the next step: a tensor, a plain value, or frozen dataclasses or tuples of
        them. What Python chooses at random is chosen here; what else a step changes, such as a
        network's buffer, is changed here in place."""
        return None

    def kind(self) -> Hashable:
        """What ``step`` and ``judged`` decide in the losses, such as whether a term is due.

        A GPU repeats the losses' kernels in a step of the same kind, with a batch of the same
        shapes and plain values, without calling the losses. By default no two steps are of a kind.
        """
        return self.step

    def draw(self) -> Any:
        """What both losses are computed from, such as a batch of generated images; see
        :meth:`drawn_for_discriminator` and :meth:`generator_loss`."""
        raise NotImplementedError

    def drawn_for_discriminator(self) -> Any:
        """A fresh draw, kept for the generator's next update."""
        self._kept = self.draw()
        return self._kept

    def discriminator_loss(self) -> Losses:
        """The discriminator's loss on fresh random input; not called without a discriminator."""
        raise NotImplementedError

    def generator_loss(self) -> Losses:
        """The generator's loss on the discriminator's last draw, then on fresh ones."""
        terms, kept, self._kept = Terms(self.step), self._kept, None
        self.add_terms(terms, self.draw() if kept is None else kept)
        return terms.losses

    def add_terms(self, terms: Terms, drawn: Any) -> None:
        """Add the generator's losses on what :meth:`draw` has made."""
        raise NotImplementedError

    def judge(
        self,
        real: Tensor,
        fake: Tensor,
        *,
        weight: Tensor | None = None,
        penalised: tuple[Tensor, Tensor] | None = None,
    ) -> Losses:
        """The discriminator's loss, by the recipe's ``adversarial_loss``, on real and generated
        images (N, C, H, W), whose sizes may differ; neither gets a gradient.

        Args:
            weight: how much each logit counts, of the logits' shape; equal by default.
            penalised: images of one size for the penalty; by default ``real`` and ``fake``. A
                recipe's ``penalty_interval`` is the number of updates from one penalty to the
                next, and a factor on its weight.
        """
        assert self.discriminator is not None
        recipe: Any = self.recipe
        terms, loss = Terms(), recipe.adversarial_loss
        real_logits, _ = self.discriminator(real.detach())
        fake_logits, _ = self.discriminator(fake.detach())
        terms.add("discriminator", loss.discriminator(real_logits, fake_logits, weight))
        interval = getattr(recipe, "penalty_interval", 1)
        if self.judged % interval == 0:
            penalty = loss.penalty(self.discriminator, *(penalised or (real, fake)), self.rng)
            if penalty is not None:
                terms.add("penalty", penalty, interval)
        return terms.losses

    def fool(
        self, terms: Terms, fake: Tensor, term: str = "adversarial", weight: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Add the generator's adversarial loss on generated images, weighted as ``term``; the
        discriminator's logits, each of which counts by ``weight``, and its feature maps."""
        assert self.discriminator is not None
        recipe: Any = self.recipe
        logits, features = self.discriminator(fake)
        loss = recipe.adversarial_loss.generator(logits, weight)
        terms.add("generator", loss, self.weight(term))
        return logits, features

    def weight(self, term: str) -> float:
        """The weight of a loss term in this stage: the recipe's ``TERM_weight``, times its
        ``TERM_interval`` if the term is computed in only one of that many steps."""
        weight = self.recipe.by_stage(f"{term}_weight", self.model)[self.index]
        return float(weight * getattr(self.recipe, f"{term}_interval", 1))

    def finish(self) -> None:
        """Hand the trained generator to the model."""
        freeze(self.generator)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        """What resuming exactly needs besides the networks and the counts."""
        state = {name: getattr(self, name) for name in self.tensors}
        return state if self.cpu_rng is None else {**state, "cpu_rng": self.cpu_rng.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        vars(self).update({name: state[name] for name in self.tensors})
        if self.cpu_rng is not None:
            self.cpu_rng.set_state(state["cpu_rng"].cpu())


class Model(nn.Module, ABC):
    """A family's model of an image, for inference.

    ``state_dict`` and ``metadata`` together restore it.

    Attributes:
        family: its name, as in ``model=singan``.
        is_trained: whether it has learnt anything.
        image: the working image, a buffer.
        sizes: working size of every stage; empty without an image.
        generators: those of the finished stages. A family that keeps its networks by name, such as
            EdgeConnect, overrides ``finished`` and :meth:`restore`.
        precision: dtype of convolutions in :meth:`run`. Weights, masks and searches are in float32.
    """

    family: ClassVar[str]
    is_trained: ClassVar[bool] = True
    image: Pixels
    precision: torch.dtype = torch.float32

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
    def unknown(self) -> Mask | None:
        """The image's pixels excluded from training, (1, 1, h, w); None if the family has none."""
        return None

    @property
    def has_windows(self) -> bool:
        """Whether ``image`` are windows of a large photo, side by side."""
        return False

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    def allocate(self, sizes: Sequence[Sequence[int]], device: torch.device | None = None) -> None:
        """Set the working size of every stage and allocate the image, at the last size."""
        self.sizes = [(int(height), int(width)) for height, width in sizes]
        self.register_buffer("image", torch.zeros(1, 3, *self.sizes[-1], device=device))

    def real(self, stage: int) -> Pixels:
        """The image at the size of a stage."""
        return resize(self.image, self.sizes[stage]).clamp(-1, 1)

    def new_generator(self, stage: int, rng: torch.Generator | None = None) -> nn.Module:
        """An untrained generator for a stage."""
        raise NotImplementedError

    def run(self, network: Callable[..., Tensor], *inputs: Any) -> Tensor:
        """What a network makes of ``inputs``, with its convolutions in the model's precision or,
        where that is float32, in a training's own."""
        if self.precision == torch.float32:
            return network(*inputs)
        with torch.autocast(self.device.type, self.precision):
            made = network(*inputs)
        return made.float()

    @abstractmethod
    def preview(self) -> Pixels:
        """The finished stages' version of the image, to look at during training."""

    def heed(self, photo: Photo) -> None:
        """Keep what the file of the training photo says beyond its pixels, if that is needed."""

    def metadata(self) -> dict[str, Any]:
        """What :meth:`restore` needs besides the weights, as plain JSON values."""
        return {"sizes": self.sizes, "finished": self.finished}

    def restore(self, metadata: Mapping[str, Any]) -> None:
        """Build a new model's parts so that the weights saved with ``metadata`` fit."""
        self.allocate(metadata["sizes"])
        self.generators.extend(self.new_generator(n) for n in range(metadata["finished"]))
        freeze(self)


@dataclass(kw_only=True)
class Recipe(ABC):
    """How a family is trained; ``model`` in the configuration builds it.

    Attributes:
        model_class: its constructor's arguments are fields of the recipe with the same names.
        stage_class: class of every stage, unless ``stage_class_at`` says otherwise.
        named_stages: names by which an option may have a number for each; see :func:`per_stage`.
        steps: training steps per stage.
        learning_rates: factors per stage on the rates in ``optimization``.
        max_size: long side of a photo in training, in pixels; None keeps its own.
        max_aspect: a photo longer than this, as the ratio of its sides, is shrunk for
            training to a short side of ``max_size / max_aspect``; None: to ``max_size`` always.
    """

    model_class: ClassVar[type[Model]]
    stage_class: ClassVar[type[Stage]]
    named_stages: ClassVar[Sequence[str]] = ()
    steps: PerStage
    learning_rates: PerStage = 1.0
    optimization: Optimization
    max_size: int | None = None
    max_aspect: float | None = None

    def __post_init__(self) -> None:
        check_range(1, max_size=self.max_size)
        for name, value in vars(self).items():
            if name.endswith("_interval"):
                check_range(1, MAX_STEPS_BETWEEN, **{name: value})
        self.new_model()  # which refuses numbers that are out of range

    @property
    def min_side(self) -> int:
        """Shortest side, in pixels, of an image to train on."""
        return 1

    @abstractmethod
    def prepare(self, pixels: Pixels, hole: Mask | None = None) -> Model:
        """A new model with its image, sizes and stages; ValueError if the recipe does not fit.

        ``hole`` has the photo's unknown pixels; only for a family that fills holes.
        """

    def steps_of(self, model: Model) -> list[int]:
        """Training steps of every stage, without a time budget."""
        return [round(n) for n in self.by_stage("steps", model, 1)]

    def by_stage(
        self, name: str, model: Model, low: float = 0.0, high: float = MAX_VALUE
    ) -> list[float]:
        """An option's number, from ``low`` to ``high``, for every stage."""
        return per_stage(getattr(self, name), model.num_stages, name, low, high, self.named_stages)

    def optimization_at(self, model: Model, index: int) -> Optimization:
        rate = self.by_stage("learning_rates", model, high=MAX_RATE)[index]
        names = ("generator_lr", "discriminator_lr")
        rates = {name: rate * getattr(self.optimization, name) for name in names}
        return replace(self.optimization, **rates)

    def new_model(self) -> Any:
        """A model without an image."""
        names = signature(self.model_class).parameters
        return self.model_class(**{name: getattr(self, name) for name in names})

    def model_of(self, sizes: Sequence[Size], pixels: Pixels) -> Any:
        """An untrained model of a photo, at the last of its stages' ``sizes``; ValueError if steps,
        rates or weights do not fit the stages."""
        model = self.new_model()
        model.allocate(sizes, pixels.device)
        model.image.copy_(resize(pixels, sizes[-1]).clamp(-1, 1))
        # Refused here rather than in a later stage.
        self.steps_of(model)
        for index in range(model.num_stages):
            self.optimization_at(model, index)
        for field in fields(self):
            if field.name.endswith("_weight"):
                self.by_stage(field.name, model)
        return model

    def stage(
        self, model: Any, index: int, steps: int, previous: Stage | None, rng: torch.Generator
    ) -> Stage:
        """A :class:`Stage` of a prepared model, which starts from the result of ``previous``."""
        return self.stage_class_at(model, index)(self, model, index, steps, previous, rng)

    def stage_class_at(self, model: Any, index: int) -> type[Stage]:
        return self.stage_class

    @classmethod
    def architecture(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The model's part of ``config``, the recipe's configuration."""
        made = cls.model_class
        values = {name: config[name] for name in signature(made).parameters if name in config}
        return {"_target_": f"{made.__module__}.{made.__qualname__}", **values}
