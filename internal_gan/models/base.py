"""The contract between the families and the training engine."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from internal_gan.errors import UserError, check_range

Losses = tuple[Tensor, dict[str, Tensor]]
PerStage = float | Sequence[float] | Mapping[str, float]

# Beyond this no weight and no number of steps makes sense, and 32 bits lose count.
MOST = 1e9
# Pixels of a result, that is 16 gigabytes on the way to it at least, and how many of one call.
MOST_PIXELS, MOST_RESULTS = 250_000_000, 1_000_000
# Adam moves every weight by about its learning rate in a step; and of its multiples by stage.
FASTEST, MOST_RATE = 10.0, 1000.0


@dataclass(frozen=True)
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

    generator_lr: float = 5e-4
    discriminator_lr: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.999)
    decay_start: float = 0.8
    decay: Literal["step", "linear"] = "step"
    final_lr: float = 0.1
    ema: float | None = None
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


class Stage(ABC):
    """One adversarial game over the image: what it trains, for how long, with which losses.

    The engine calls ``discriminator_loss`` and ``generator_loss`` in turn for ``steps`` steps and
    ``finish`` once. Both return a scalar to minimise and detached scalars to log; neither may
    wait for the device (no ``.item()``).
    """

    name: str
    size: tuple[int, int]
    generator: nn.Module
    discriminator: nn.Module
    optimization: Optimization
    generator_steps: int = 1
    discriminator_steps: int = 1

    @abstractmethod
    def discriminator_loss(self) -> Losses:
        """Loss of the discriminator on fresh random input."""

    @abstractmethod
    def generator_loss(self) -> Losses:
        """Loss of the generator on fresh random input."""

    @abstractmethod
    def finish(self) -> None:
        """Hand the trained generator to the model, frozen."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """State beside the networks' that an exact continuation needs; tensors and numbers."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""


class Model(nn.Module, ABC):
    """A family of internal GANs over one image.

    ``state_dict`` and ``metadata`` together are everything that inference needs. Stages are built
    one at a time, since a later one starts from what the earlier ones learnt.

    Attributes:
        family: name of the family, as in ``model=singan``.
        task: what its trainings end with, a module of ``internal_gan.tasks``.
        learns_several: whether one model can learn several photos.
        image: the working image, (1, 3, H, W) in [-1, 1]; a buffer, set by ``prepare``.
        sizes: working size (height, width) of every stage, in pixels; known once ``prepare`` ran.
        steps: training steps of every stage; known once ``prepare`` ran. May be replaced by a
            list of the same length before a stage is built.
        finished: how many stages have been trained.
    """

    family: ClassVar[str]
    task: ClassVar[str] = "sample"
    learns_several: ClassVar[bool] = False
    image: Tensor
    sizes: list[tuple[int, int]]
    steps: list[int]
    finished: int

    @property
    def num_stages(self) -> int:
        return len(self.steps)

    @property
    def stage_names(self) -> Sequence[str]:
        """What the stages are called, in order."""
        return [f"scale {index}" for index in range(self.num_stages)]

    @property
    def min_side(self) -> int:
        """Shortest side of an image that the model can learn, in pixels."""
        return 1

    @property
    def images(self) -> list[Tensor]:
        """Every photo that it learns, ``image`` first."""
        return [self.image]

    @property
    def unknown(self) -> list[Tensor]:
        """For every photo where nothing is learnt from, (1, 1, H, W), 1 there and else 0; empty
        where all of them is."""
        return []

    @property
    def device(self) -> torch.device:
        return next(self.buffers()).device

    @abstractmethod
    def prepare(self, pixels: Tensor, *others: Tensor) -> None:
        """Set the image to learn from: (1, 3, H, W) in [-1, 1]. Fixes sizes and stages.

        ``others`` are further photos of any size, where the model ``learns_several``.
        """

    @abstractmethod
    def stage(self, index: int, previous: Stage | None, rng: torch.Generator) -> Stage:
        """Build stage ``index``.

        Args:
            previous: the stage before, whose networks a new one may start from.
            rng: source of the initial weights and of every random number of the stage.
        """

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


def per_stage(
    value: PerStage, count: int, name: str = "value", low: float = 0.0, high: float = MOST
) -> list[float]:
    """Spell out a configured number for every stage, coarsest first.

    Args:
        value: one number for all, a list with one number a stage, ``{coarsest: a, finest: b}``,
            geometric in between, or ``{coarsest: a, others: b}``.
        name: what to call it in a message.
        low, high: the least and the largest number allowed.

    Raises:
        ValueError: a list of another length, other keys than these, or a number out of range.
    """
    named = value if isinstance(value, Mapping) else {}
    check_range(low, high, **{f"{name}.{key}": number for key, number in named.items()})
    numbers = _spelt_out(value, count, name)
    for number in numbers:
        check_range(low, high, **{name: number})
    return numbers


def _spelt_out(value: PerStage, count: int, name: str) -> list[float]:
    if isinstance(value, Mapping):
        if set(value) == {"coarsest", "others"}:
            return [float(value["coarsest"])] + [float(value["others"])] * (count - 1)
        if set(value) != {"coarsest", "finest"}:
            raise ValueError(
                f"{name} has the keys {', '.join(value) or 'of none'}; allowed: coarsest with "
                "finest or others"
            )
        first, last = float(value["coarsest"]), float(value["finest"])
        if first <= 0 or last <= 0:
            return [first + (last - first) * i / max(count - 1, 1) for i in range(count)]
        return [first * (last / first) ** (i / max(count - 1, 1)) for i in range(count)]
    if isinstance(value, int | float):
        return [float(value)] * count
    if len(value) != count:
        raise ValueError(
            f"{name} has {len(value)} numbers; allowed: one, or one for each of {count} stages"
        )
    return [float(v) for v in value]


def check_saved(metadata: Mapping[str, Any]) -> None:
    """Refuse a model's saved metadata whose stages do not go together.

    Raises:
        ValueError: ``sizes`` and ``steps`` are not those of as many stages, all 1 or more, or
            more of these are ``finished`` than there are.
    """
    sizes, steps, finished = (metadata[name] for name in ("sizes", "steps", "finished"))
    sides = [side for size in sizes for side in size]
    numbers = [*sides, *steps, finished]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in numbers):
        raise ValueError("sizes, steps or finished has something else than whole numbers")
    if not sizes or any(len(size) != 2 for size in sizes) or len(steps) != len(sizes):
        raise ValueError("sizes and steps are not those of as many stages")
    check_range(1, size=min(sides), steps=min(steps))
    check_range(0, len(steps), finished=finished)


def check_result(size: Sequence[int], count: int = 1, name: str = "size") -> None:
    """Refuse pictures that no computer can hold.

    Args:
        size: (height, width) in pixels.
        count: how many of them are held at once.
        name: what to call the size in a message.

    Raises:
        UserError: not two whole numbers above 0, or more than ``MOST_PIXELS`` in all.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if count * sides[0] * sides[1] > MOST_PIXELS:
        times = f"{count} times " if count > 1 else ""
        raise UserError(
            f"{name} is {times}{sides[0]}x{sides[1]} pixels; allowed are "
            f"{MOST_PIXELS // 1_000_000} megapixels in all"
        )


def check_count(name: str, count: int, most: int = MOST_RESULTS, least: int = 1) -> None:
    """Refuse a number that is not whole or out of range.

    Raises:
        UserError: names it and what is allowed.
    """
    if not isinstance(count, int) or not least <= count <= most:
        raise UserError(
            f"{name} is {count}; it must be a whole number, at least {least} and at most {most}"
        )


def try_patch_losses(terms: Mapping[str, Any], image: Tensor, count: int) -> None:
    """Let terms that do not fit the smallest image of a training fail before any work is done.

    Args:
        terms: of :class:`internal_gan.patches.losses.PatchTerm`, by name.
        image: (1, 3, H, W) in [-1, 1].
        count: of the stages.

    Raises:
        ValueError: names the term and what is allowed.
    """
    rng = torch.Generator(image.device).manual_seed(0)
    for name, term in terms.items():
        if not any(per_stage(term.weight, count, f"patch_loss.{name}.weight")):
            continue
        try:
            term.loss(image, rng)
        except UserError:
            raise
        except (ValueError, RuntimeError) as error:
            raise ValueError(f"patch_loss.{name}: {error}") from error
