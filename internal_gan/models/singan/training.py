"""Training of one scale of SinGAN."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.resize import resize
from internal_gan.models.base import Losses, Stage
from internal_gan.models.per_stage import per_stage
from internal_gan.models.scales import moving_window

if TYPE_CHECKING:
    from internal_gan.models.singan.model import SinGAN

# Coarse outputs drawn at once to train a scale on: at most so many, of so many pixels in all.
MOST_BASES = 8
BASE_PIXELS = 2**20

SATURATED = 0.99  # so near the ends of [-1, 1] is an output that the tanh has cut off


class SinGANStage(Stage):
    """Training of one scale: WGAN on random input, reconstruction of the image from z_rec."""

    discriminator: nn.Module

    def __init__(
        self, model: "SinGAN", index: int, previous: Stage | None, rng: torch.Generator
    ) -> None:
        self.model = model
        self.index = index
        self.rng = rng
        self.name = model.stage_names[index]
        self.size = model.sizes[index]
        self.optimization = model.optimization_at(index)
        self.generator_steps = model.generator_steps
        self.discriminator_steps = model.discriminator_steps
        self.reconstruction_weight = per_stage(model.reconstruction_weight, model.num_stages)[index]

        width = model.widths.at(index)
        with model.device:  # where rng lives
            self.generator = model.new_generator(index, rng)
            self.discriminator = model.make_discriminator(width=width, rng=rng)
        if isinstance(previous, SinGANStage) and width == model.widths.at(index - 1):
            self.generator.load_state_dict(model.generators[index - 1].state_dict())
            self.discriminator.load_state_dict(previous.discriminator.state_dict())

        self.real = model.real(index)
        self.patch_losses = model.patch_losses(index, self.real, rng)
        self.reconstruction_base: Tensor | None = None
        if index == 0:
            model.noise_std[0] = 1.0
        else:
            with torch.no_grad():
                rebuilt = model.synthesise(
                    model.sizes, model.padded_reconstruction_noise, last=index - 1
                )
            self.reconstruction_base = resize(rebuilt, self.size)
            rmse = F.mse_loss(self.reconstruction_base, self.real).sqrt()
            model.noise_std[index] = model.noise_strength * rmse
        self.reconstruction_noise = model.padded_reconstruction_noise(index, self.size)

        self.step = 0  # updates of the generator
        self.judged = 0  # updates of the discriminator
        self._bases: Tensor | None = None
        self._fake: tuple[Tensor, Tensor | None] | None = None

    def discriminator_loss(self) -> Losses:
        fake = self._fake_to_judge()
        loss = self.model.adversarial_loss
        window = self._window(self.model.discriminator_crop, self.judged)
        real_logits, _ = self.discriminator(self.real[window])
        fake_logits, _ = self.discriminator(fake[window])
        total = loss.discriminator(real_logits, fake_logits)
        scalars = {"discriminator": total.detach()}
        interval = self.model.penalty_interval
        if self.judged % interval == 0:
            window = self._window(self.model.penalty_crop, self.judged)
            penalty = loss.penalty(self.discriminator, self.real[window], fake[window], self.rng)
            if penalty is not None:
                total = total + interval * penalty
                scalars["penalty"] = penalty.detach()
        self.judged += 1
        return total, scalars

    def generator_loss(self) -> Losses:
        fake, rebuilt = self._fake or self._generate()
        self._fake = None
        logits, _ = self.discriminator(fake[self._window(self.model.discriminator_crop, self.step)])
        total = self.model.adversarial_loss.generator(logits)
        scalars = {"generator": total.detach()}
        if rebuilt is not None:
            reconstruction = F.mse_loss(rebuilt.float(), self.real)
            weight = self.model.reconstruction_interval * self.reconstruction_weight
            total = total + weight * reconstruction
            scalars["reconstruction"] = reconstruction.detach()
        for name, patch_loss, weight, interval in self.patch_losses:
            if self.step % interval == 0:
                value = patch_loss(fake, self.rng, self.step // interval)
                total = total + interval * weight * value
                scalars[name] = value.detach()
        self.step += 1
        return total, scalars

    def finish(self) -> None:
        self.generator.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self._check_saturation()
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        bases = None if self._bases is None else self._bases.clone()
        return {"step": self.step, "judged": self.judged, "bases": bases}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.step = state["step"]
        self.judged = state["judged"]
        self._bases = state["bases"]

    @torch.no_grad()
    def _check_saturation(self) -> None:
        """Refuse to build finer scales on one flat colour, which finite losses do not show.

        Raises:
            UserError: most of the reconstruction is at the ends of the range, unlike the image.
        """
        rebuilt = self.generator(self.reconstruction_noise, self.reconstruction_base)
        excess = (rebuilt.abs() > SATURATED).float().mean() - (
            self.real.abs() > SATURATED
        ).float().mean()
        if excess > 0.5:
            raise UserError(
                f"{self.name}: the training failed, most of its output is black or white; another "
                "seed or smaller model.learning_rates may help"
            )

    def _fake_to_judge(self) -> Tensor:
        """A random image for the discriminator, (1, 3, H, W), without gradients.

        The last one before the generator's turn comes from the weights that the generator starts
        from, so that its first update uses the same image.
        """
        if (self.judged + 1) % self.discriminator_steps:
            with torch.no_grad():
                noise = self.model.random_noise(self.index, self.size, 1, self.rng)
                return self.generator(noise, self._random_base())  # type: ignore[no-any-return]
        self._fake = self._generate()
        return self._fake[0].detach()

    def _generate(self) -> tuple[Tensor, Tensor | None]:
        """A random image and, when it is due, the reconstruction: both (1, 3, H, W)."""
        noise = self.model.random_noise(self.index, self.size, 1, self.rng)
        base = self._random_base()
        if self.step % self.model.reconstruction_interval:
            return self.generator(noise, base), None
        if self.generator.uses_batch_statistics:
            fake = self.generator(noise, base)
            return fake, self.generator(self.reconstruction_noise, self.reconstruction_base)
        noises = torch.cat([noise, self.reconstruction_noise])
        bases = None
        if base is not None and self.reconstruction_base is not None:
            bases = torch.cat([base, self.reconstruction_base])
        fake, rebuilt = self.generator(noises, bases).split(1)
        return fake, rebuilt

    def _random_base(self) -> Tensor | None:
        """A fresh random output of the coarser scales at this scale's size, (1, 3, H, W).

        Drawn a batch at a time: the coarse scales are too small to fill a processor one by one.
        """
        if self.index == 0:
            return None
        if self._bases is None or not len(self._bases):
            count = max(1, min(MOST_BASES, BASE_PIXELS // (self.size[0] * self.size[1])))
            with torch.no_grad():
                coarse = self.model.synthesise(
                    self.model.sizes,
                    lambda i, at: self.model.random_noise(i, at, count, self.rng),
                    last=self.index - 1,
                )
                self._bases = resize(coarse.float(), self.size)
        base, self._bases = self._bases[:1], self._bases[1:]
        return base

    def _window(self, side: int | None, turn: int) -> Any:
        return moving_window(self.size, side, turn)
