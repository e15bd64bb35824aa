"""Training of InGAN's single stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.transforms import Transform, random_homography
from internal_gan.models.base import Losses, Stage
from internal_gan.nn.discriminators import MultiScaleDiscriminator
from internal_gan.units import Size

if TYPE_CHECKING:
    from internal_gan.models.ingan.whole import InGAN


@dataclass(frozen=True)
class Round:
    """One random case: the image, what it is to become, and what became of it."""

    image: Tensor
    transform: Transform
    fake: Tensor


class InGANStage(Stage):
    """LSGAN between an image and its retargeted self, which must lead back to the image.

    The way there and back, |G(G(x; T); T^-1) - x|, and the extra training of the way back alone,
    |G(y; T^-1) - x| for y = G(x; T) held fixed, have the same value and differ in whether the
    gradient goes on through y. One pass serves both: the gradient is shortened at y.
    """

    name = "whole image"
    discriminator: MultiScaleDiscriminator

    def __init__(self, model: "InGAN", rng: torch.Generator) -> None:
        self.model = model
        self.rng = rng
        self.size = model.sizes[0]
        self.optimization = model.optimization
        with model.device:  # where rng lives
            self.generator = model.make_generator(rng=rng)
            self.discriminator = model.make_discriminator(
                size=model.crop_size, sigmoid=model.adversarial_loss.sigmoid, rng=rng
            )
        # Sizes and places shape the computation itself, so they are drawn where no device waits.
        first = torch.randint(2**62, (1,), device=rng.device, generator=rng)
        self.geometry_rng = torch.Generator().manual_seed(int(first))
        self.step = 0
        self._round: Round | None = None

    @property
    def progress(self) -> float:
        """The fraction of the steps that are done."""
        return self.step / self.model.steps[0]

    def discriminator_loss(self) -> Losses:
        self.discriminator.set_progress(self.progress)
        loss = self.model.adversarial_loss
        self._round = self._draw()
        real, fake = self._noisy(self._crop()), self._round.fake.detach()
        real_logits, _ = self.discriminator(real)
        fake_logits, _ = self.discriminator(fake)
        total = loss.discriminator(real_logits, fake_logits)
        scalars = {"discriminator": total.detach()}
        height, width = (min(a, b) for a, b in zip(real.shape[-2:], fake.shape[-2:], strict=True))
        window = (..., slice(height), slice(width))
        penalty = loss.penalty(self.discriminator, real[window], fake[window], self.rng)
        if penalty is not None:
            total = total + penalty
            scalars["penalty"] = penalty.detach()
        return total, scalars

    def generator_loss(self) -> Losses:
        turn = self._round or self._draw()
        self._round = None
        model = self.model
        logits, _ = self.discriminator(turn.fake)
        adversarial = model.adversarial_loss.generator(logits)
        total = model.adversarial_weight * adversarial
        scalars = {"generator": adversarial.detach()}
        cycle = model.reconstruction_weight
        inverse = model.inverse_weight if self.progress >= model.inverse_start else 0.0
        if cycle + inverse:
            share = cycle / (cycle + inverse)
            fixed = turn.fake.detach()
            given = fixed + share * (turn.fake - fixed)
            size = (turn.image.shape[-2], turn.image.shape[-1])
            back = self.generator(given, size, turn.transform.inverse())
            reconstruction = F.l1_loss(back.float(), turn.image)
            total = total + (cycle + inverse) * reconstruction
            scalars["reconstruction"] = reconstruction.detach()
        self.step += 1
        return total, scalars

    def finish(self) -> None:
        self.generator.eval().requires_grad_(False).zero_grad(set_to_none=True)
        self.model.generators.append(self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {"step": self.step, "geometry_rng": self.geometry_rng.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.step = state["step"]
        self.geometry_rng.set_state(state["geometry_rng"].cpu())

    def _draw(self) -> Round:
        image = self._crop()
        transform = random_homography(self.model.geometry, self.geometry_rng)
        fake = self.generator(self._noisy(image), self._random_size(), transform)
        return Round(image, transform, fake)

    def _random_size(self) -> Size:
        """A random size within the range that the curriculum has reached."""
        reached = 1.0
        if self.model.curriculum:
            reached = min(1.0, self.progress / self.model.curriculum)
        low, high = (1 + reached * (limit - 1) for limit in self.model.scale_range)
        factors = low + (high - low) * torch.rand(2, generator=self.geometry_rng)
        height, width = (
            max(self.model.min_side, round(side * factor))
            for side, factor in zip(self.model.crop_size, factors.tolist(), strict=True)
        )
        return height, width

    def _crop(self) -> Tensor:
        """A random crop of the image, or of one of several, (1, 3, h, w)."""
        images, turn = self.model.images, 0
        if len(images) > 1:
            turn = int(torch.randint(len(images), (1,), generator=self.geometry_rng))
        image = images[turn]
        height, width = self.model.crop_size
        rooms = (image.shape[-2] - height, image.shape[-1] - width)
        if not any(rooms):
            return image
        top, left = (
            int(torch.randint(room + 1, (1,), generator=self.geometry_rng)) for room in rooms
        )
        return image[..., top : top + height, left : left + width]

    def _noisy(self, image: Tensor) -> Tensor:
        return add_noise(image, self.model.noise, self.rng)


def add_noise(image: Tensor, most: float, rng: torch.Generator) -> Tensor:
    """``image`` in [-1, 1] with uniform noise of at most ``most`` in units of [0, 1]."""
    noise = torch.rand(image.shape, device=rng.device, generator=rng).to(image.device)
    return image + 2 * most * (2 * noise - 1)
