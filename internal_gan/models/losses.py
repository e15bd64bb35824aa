"""What the losses of all stages share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from internal_gan.models.per_stage import per_stage
from internal_gan.nn.losses import AdversarialLoss
from internal_gan.patches.losses import PatchLoss, PatchTerm
from internal_gan.shapes import Pixels

T = TypeVar("T")
Losses = tuple[Tensor, dict[str, Tensor]]


class Terms:
    """A sum of named, weighted terms: the ``total`` to minimise, None before the first term, and
    for logs the detached ``scalars`` without their weights."""

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.total: Tensor | None = None
        self.scalars: dict[str, Tensor] = {}

    def add(self, name: str, value: Tensor, weight: float = 1.0) -> None:
        term = weight * value
        self.total = term if self.total is None else self.total + term
        self.scalars[name] = value.detach()

    def every(self, interval: int, name: str, value: Callable[[], Tensor], weight: float) -> None:
        """Add a term every ``interval`` steps; skip it if its weight is 0."""
        if weight and self.step % interval == 0:
            self.add(name, value(), weight)

    @property
    def losses(self) -> Losses:
        assert self.total is not None
        return self.total, self.scalars


@dataclass(frozen=True)
class StageTerm:
    """A patch loss against the image of one stage, computed every ``interval`` steps.

    ``weight`` is ``interval`` times the one of the options.
    """

    name: str
    loss: PatchLoss
    weight: float
    interval: int

    def add_to(self, terms: Terms, fake: Tensor, rng: torch.Generator) -> None:
        turn = terms.step // self.interval
        terms.every(self.interval, self.name, lambda: self.loss(fake, rng, turn), self.weight)


def stage_terms(
    terms: Mapping[str, PatchTerm] | None,
    index: int,
    count: int,
    real: Pixels,
    rng: torch.Generator,
) -> list[StageTerm]:
    """The terms with a weight at stage ``index`` of ``count``, against the patches of ``real``;
    ValueError for one that does not fit them."""
    found = []
    for name, term in (terms or {}).items():
        weight = term.interval * per_stage(term.weight, count, f"patch_loss.{name}.weight")[index]
        if weight:
            found.append(StageTerm(name, term.loss(real, rng), weight, term.interval))
    return found


def judge(
    discriminator: nn.Module,
    loss: AdversarialLoss,
    real: Tensor,
    fake: Tensor,
    rng: torch.Generator,
    *,
    weight: Tensor | None = None,
    penalised: tuple[Tensor, Tensor] | None = None,
    step: int = 0,
    interval: int = 1,
) -> Losses:
    """A discriminator's loss on real and generated images, neither of which gets a gradient.

    Args:
        real, fake: (N, C, H, W); their sizes may differ.
        weight: how much each logit counts, of the logits' shape; equal by default.
        penalised: a real and a generated image of the same size for the penalty; ``real`` and
            ``fake`` by default.
        interval: the penalty is added every ``interval`` steps, with ``interval`` times its weight.
    """
    terms = Terms()
    real_logits, _ = discriminator(real.detach())
    fake_logits, _ = discriminator(fake.detach())
    terms.add("discriminator", loss.discriminator(real_logits, fake_logits, weight))
    if step % interval == 0:
        penalty = loss.penalty(discriminator, *(penalised or (real, fake)), rng)
        if penalty is not None:
            terms.add("penalty", penalty, interval)
    return terms.losses


class Draws(Generic[T]):
    """A stage's random draws, shared by both networks.

    The generator's first update reuses the discriminator's last draw, made with the same weights.
    """

    def __init__(self, draw: Callable[[], T]) -> None:
        self._draw = draw
        self._kept: T | None = None

    def for_discriminator(self) -> T:
        self._kept = self._draw()
        return self._kept

    def for_generator(self) -> T:
        kept, self._kept = self._kept, None
        return self._draw() if kept is None else kept
