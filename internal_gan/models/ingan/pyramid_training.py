"""Training of one scale of InGAN's fast form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.images.resize import resize
from internal_gan.models.base import Losses, Stage
from internal_gan.models.ladder_training import moving_window
from internal_gan.models.per_stage import per_stage
from internal_gan.patches.losses import PatchLoss
from internal_gan.units import Size

if TYPE_CHECKING:
    from internal_gan.models.ingan.pyramid import InGANPyramid


@dataclass(frozen=True)
class Photo:
    """One photo as a scale learns it.

    Attributes:
        reals: it, at scale 0 to this one.
        patch_losses: against its own patches.
        identity_base: what the coarser scales make of it at its own size; None at the coarsest.
    """

    reals: list[Tensor]
    patch_losses: list[tuple[str, PatchLoss, float, int]]
    identity_base: Tensor | None


class InGANPyramidStage(Stage):
    """Training of one scale: the photo's patches at a fresh random size in every step."""

    discriminator: nn.Module

    def __init__(
        self, model: "InGANPyramid", index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        self.model = model
        self.index = index
        self.rng = rng
        self.name = model.stage_names[index]
        self.size = model.sizes[index]
        self.steps = model.steps[index]

        def by_scale(name: str) -> float:
            return per_stage(getattr(model, name), model.num_stages, name)[index]

        self.optimization = model.optimization_at(index)
        self.target_area = by_scale("target_area")
        self.identity_weight = by_scale("identity_weight")
        self.cycle_weight = by_scale("cycle_weight")
        self.adversarial_weight = by_scale("adversarial_weight")
        if index < model.adversarial_from:
            self.adversarial_weight = 0.0
        self.discriminator_steps = 1 if self.adversarial_weight else 0

        with model.device:  # where rng lives
            self.generator = model.new_generator(index, rng)
            self.discriminator = model.make_discriminator(width=model.widths.at(index), rng=rng)
        if isinstance(previous, InGANPyramidStage):
            _warm_start(self.generator, model.generators[index - 1])
            if previous.adversarial_weight:
                _warm_start(self.discriminator, previous.discriminator)

        self.photos = [self._prepared(photo) for photo in range(len(model.images))]
        judged = model.judged_side if self.adversarial_weight else 1
        patches = [loss.patch for _, loss, _, _ in self.photos[0].patch_losses]
        self.smallest = max(judged, *patches, 1)

        self.step = 0
        self._fake: Tensor | None = None

    def _prepared(self, photo: int) -> "Photo":
        model, index = self.model, self.index
        reals = [model.real(scale, photo) for scale in range(index + 1)]
        losses = model.patch_losses(index, reals[index], self.rng)
        base = None
        if index:
            with torch.no_grad():
                base = model.synthesise(reals.__getitem__, last=index - 1)
        return Photo(reals, losses, base)

    @property
    def photo(self) -> "Photo":
        """The photo that this step is about; of several each has its turn, in no period that
        could go along with that of a loss."""
        return self.photos[int(self.step * 0.7320508 % 1 * len(self.photos))]

    def discriminator_loss(self) -> Losses:
        self._fake = self._generate()
        model, loss, step = self.model, self.model.adversarial_loss, self.step
        real, fake = self.photo.reals[-1], self._fake.detach()
        real_logits, _ = self.discriminator(real[_window(real, model.discriminator_crop, step)])
        fake_logits, _ = self.discriminator(fake[_window(fake, model.discriminator_crop, step)])
        total = loss.discriminator(real_logits, fake_logits)
        scalars = {"discriminator": total.detach()}
        if step % model.penalty_interval == 0:
            sides = zip(real.shape[-2:], fake.shape[-2:], strict=True)
            height, width = (min(*pair, model.penalty_crop or max(pair)) for pair in sides)
            real, fake = (
                x[moving_window((x.shape[-2], x.shape[-1]), (height, width), step)]
                for x in (real, fake)
            )
            penalty = loss.penalty(self.discriminator, real, fake, self.rng)
            if penalty is not None:
                total = total + model.penalty_interval * penalty
                scalars["penalty"] = penalty.detach()
        return total, scalars

    def generator_loss(self) -> Losses:
        fake = self._generate() if self._fake is None else self._fake
        self._fake = None
        model, step, photo = self.model, self.step, self.photo
        terms: list[tuple[str, float, Tensor]] = []
        if self.adversarial_weight:
            logits, _ = self.discriminator(fake[_window(fake, model.discriminator_crop, step)])
            adversarial = model.adversarial_loss.generator(logits)
            terms.append(("generator", self.adversarial_weight, adversarial))
        for name, patch_loss, weight, interval in photo.patch_losses:
            if step % interval == 0:
                value = patch_loss(fake, self.rng, step // interval)
                terms.append((name, interval * weight, value))
        if self.identity_weight and step % model.identity_interval == 0:
            real = photo.reals[-1]
            rebuilt = model.generate(self.generator, self.index, real, photo.identity_base)
            identity = F.mse_loss(rebuilt.float(), real)
            terms.append(("identity", model.identity_interval * self.identity_weight, identity))
        if self.cycle_weight and step % model.cycle_interval == 0:
            cycle = F.l1_loss(self._back(fake).float(), photo.reals[-1])
            terms.append(("cycle", model.cycle_interval * self.cycle_weight, cycle))
        # Of terms that are not due in every step, there may be none in this one.
        total = sum((weight * value for _, weight, value in terms), 0 * fake.float().sum())
        self.step += 1
        return total, {name: value.detach() for name, _, value in terms}

    def finish(self) -> None:
        self.generator.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {"step": self.step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.step = state["step"]

    def _generate(self) -> Tensor:
        """G(x; T) for this step's T, (1, 3, h, w)."""
        model, index = self.model, self.index
        sizes, reals = self._target_sizes(), self.photo.reals

        def transformed(scale: int) -> Tensor:
            return resize(reals[scale], sizes[scale])

        coarser = None
        if index:
            with torch.no_grad():
                coarser = model.synthesise(transformed, last=index - 1).float()
        return model.generate(self.generator, index, transformed(index), coarser)

    def _back(self, fake: Tensor) -> Tensor:
        """G(y; T^-1) at the size of the photo."""
        model, index = self.model, self.index
        fake = fake.float()
        sizes = [(real.shape[-2], real.shape[-1]) for real in self.photo.reals]
        coarser = None
        if index:
            coarser = model.synthesise(lambda i: resize(fake, sizes[i]), last=index - 1)
            coarser = coarser.float()
        return model.generate(self.generator, index, resize(fake, sizes[index]), coarser)

    def _target_sizes(self) -> list[Size]:
        """The output's size at scales 0 to this one, at least ``smallest`` on a side here."""
        model = self.model
        low, high = model.scale_range
        if self.index == 0 and model.curriculum:
            grown = min(1.0, (self.step + 1) / (model.curriculum * self.steps))
            low, high = 1 + (low - 1) * grown, 1 + (high - 1) * grown
        # An additive recurrence covers the range evenly and asks nothing of the device. Its ratios
        # are not those of the moving windows, or some sizes would always show the same place.
        rows, columns = (
            low + (high - low) * (self.step * ratio % 1) for ratio in (0.6180340, 0.4142136)
        )
        shrink = min(1.0, (self.target_area / (rows * columns)) ** 0.5)
        height, width = (
            max(self.smallest, round(side * factor * shrink))
            for side, factor in zip(self.photo.reals[-1].shape[-2:], (rows, columns), strict=True)
        )
        return model._sizes_for((height, width), self.index)


def _window(image: Tensor, side: int | None, turn: int) -> Any:
    return moving_window((image.shape[-2], image.shape[-1]), side, turn)


def _warm_start(network: nn.Module, previous: nn.Module) -> None:
    """Begin as ``previous`` does where the two have the same layers; inputs that are new to the
    first layer count for nothing yet."""
    old, new = previous.state_dict(), network.state_dict()
    if old.keys() != new.keys():
        return
    for name, value in new.items():
        known = old[name]
        if value.shape == known.shape:
            continue
        same = (
            value.ndim == 4 and value.shape[0] == known.shape[0] and value.shape[1] > known.shape[1]
        )
        if not same:
            return
        old[name] = torch.cat([known, torch.zeros_like(value[:, known.shape[1] :])], dim=1)
    network.load_state_dict(old)
