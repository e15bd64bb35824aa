"""Adversarial losses; every family can use any of them."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range

PenaltyNorm = Literal["pixel", "sample"]


class AdversarialLoss(ABC):
    """What discriminator and generator minimise, given logits of any shape.

    Attributes:
        sigmoid: whether a discriminator that averages maps passes each through a sigmoid first.
    """

    sigmoid: bool = False

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss, given its logits of real and generated patches."""

    @abstractmethod
    def generator(self, fake: Tensor) -> Tensor:
        """The generator's loss, given the discriminator's logits of its patches."""

    def penalty(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor | None:
        """The discriminator's weighted regulariser on images (N, C, H, W), or None."""
        return None


class WGANGP(AdversarialLoss):
    """Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, Equation 3).

    Args:
        penalty_weight: lambda; 0.1 in SinGAN.
        penalty_norm: ``pixel``, as in SinGAN's release, takes the gradient of the summed logits and
            its norm over each pixel's channels; ``sample``, as in the paper, takes the gradient of
            the mean logit and its norm over the whole image.

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
        """The penalty on gradients whose norm is not 1, at random points between real and fake.

        Computed in float32, since in bfloat16 the norm is too coarse to reach 1.
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
    """Least-squares GAN with targets 1 for real and 0 for fake (Mao et al. 2017). InGAN sets
    ``sigmoid``."""

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
