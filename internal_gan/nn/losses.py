"""Adversarial losses, each usable with every family: one scalar for each player to minimise."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range

PenaltyNorm = Literal["pixel", "sample"]


class AdversarialLoss(ABC):
    """What discriminator and generator minimise, given maps of logits of any shape.

    Attributes:
        sigmoid: whether a discriminator that averages several maps applies a sigmoid to each first.
    """

    sigmoid: bool = False

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Loss of the discriminator on its logits for real and for generated patches."""

    @abstractmethod
    def generator(self, fake: Tensor) -> Tensor:
        """Loss of the generator on the discriminator's logits for its patches."""

    def penalty(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor | None:
        """The discriminator's regulariser, already weighted; None for a loss without one.

        Args:
            discriminator: returns its logits first.
            real, fake: (N, C, H, W) in [-1, 1].
            rng: on the device of the images.
        """
        return None


class WGANGP(AdversarialLoss):
    """Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, Equation 3).

    Args:
        penalty_weight: of the penalty (lambda); SinGAN uses 0.1.
        penalty_norm: ``pixel`` takes the gradient of the summed logits and its norm over the
            channels of each pixel, as SinGAN's release does; ``sample`` takes the gradient of the
            mean logit and its norm over the whole image, as the WGAN-GP paper does.

    Raises:
        ValueError: an unknown ``penalty_norm``, or a weight out of range.
    """

    def __init__(self, penalty_weight: float = 0.1, penalty_norm: PenaltyNorm = "pixel") -> None:
        if penalty_norm not in ("pixel", "sample"):
            raise ValueError(f"penalty_norm is {penalty_norm!r}; allowed: pixel, sample")
        check_range(0, 1e6, penalty_weight=penalty_weight)
        self.penalty_weight = penalty_weight
        self.penalty_norm = penalty_norm

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.float().mean() - real.float().mean()

    def generator(self, fake: Tensor) -> Tensor:
        return -fake.float().mean()

    def penalty(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor:
        """Penalise gradients whose norm is not 1, at random points between real and fake.

        Always in float32: in bfloat16 the norm is too coarse to be driven to 1.
        """
        with torch.autocast(real.device.type, enabled=False):
            mix = torch.rand(len(real), 1, 1, 1, device=real.device, generator=rng)
            between = torch.lerp(real.detach().float(), fake.detach().float(), mix)
            between.requires_grad_(True)
            logits, _ = discriminator(between)
            if self.penalty_norm == "pixel":
                score, dims = logits.sum(), [1]
            else:
                score, dims = logits.mean(dim=(1, 2, 3)).sum(), [1, 2, 3]
            (gradient,) = torch.autograd.grad(score, between, create_graph=True)
            norm: Tensor = torch.linalg.vector_norm(gradient, dim=dims)
            return self.penalty_weight * (norm - 1).square().mean()


class LSGAN(AdversarialLoss):
    """Least-squares GAN with targets 1 for real and 0 for fake (Mao et al. 2017).

    Args:
        sigmoid: let maps pass a sigmoid before they are averaged and judged, as InGAN does.
    """

    def __init__(self, sigmoid: bool = False) -> None:
        self.sigmoid = sigmoid

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * ((real.float() - 1).square().mean() + fake.float().square().mean())

    def generator(self, fake: Tensor) -> Tensor:
        return 0.5 * (fake.float() - 1).square().mean()


class Hinge(AdversarialLoss):
    """Hinge GAN (Lim and Ye 2017)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()

    def generator(self, fake: Tensor) -> Tensor:
        return -fake.float().mean()


class NSGAN(AdversarialLoss):
    """Non-saturating GAN on logits (Goodfellow et al. 2014)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()

    def generator(self, fake: Tensor) -> Tensor:
        return F.softplus(-fake.float()).mean()
