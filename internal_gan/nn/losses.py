"""Adversarial losses; every family can use any of them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from internal_gan.errors import check_range


class AdversarialLoss(ABC):
    """What discriminator and generator minimise, given logits of any shape.

    With ``sigmoid``, a discriminator that averages maps passes each through a sigmoid first.
    """

    sigmoid: bool = False

    def discriminator(self, real: Tensor, fake: Tensor, weight: Tensor | None = None) -> Tensor:
        """The discriminator's loss, given its logits of real and generated patches; ``weight`` is
        that of each patch, of the logits' shape, equal by default."""
        return _mean(self.of_real(real.float()), weight) + _mean(self.of_fake(fake.float()), weight)

    def generator(self, fake: Tensor, weight: Tensor | None = None) -> Tensor:
        """The generator's loss, given the discriminator's logits of its patches."""
        return _mean(self.of_fooled(fake.float()), weight)

    @abstractmethod
    def of_real(self, logits: Tensor) -> Tensor:
        """The discriminator's loss of each real patch."""

    @abstractmethod
    def of_fake(self, logits: Tensor) -> Tensor:
        """The discriminator's loss of each generated patch."""

    def of_fooled(self, logits: Tensor) -> Tensor:
        """The generator's loss of each generated patch: by default, as if it were real."""
        return self.of_real(logits)

    def penalty(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor | None:
        """The discriminator's weighted regulariser on images (N, C, H, W), or None."""
        return None


class WGANGP(AdversarialLoss):
    """Wasserstein GAN that penalises gradients whose norm is not 1 (Gulrajani et al. 2017, Eq. 3).

    ``penalty_weight`` is lambda. The penalised gradient is that of the summed logits, and its norm
    that of each pixel's channels, as in SinGAN's release.
    """

    def __init__(self, penalty_weight: float) -> None:
        check_range(0, 1e6, penalty_weight=penalty_weight)
        self.penalty_weight = penalty_weight

    def of_real(self, logits: Tensor) -> Tensor:
        return -logits

    def of_fake(self, logits: Tensor) -> Tensor:
        return logits

    def penalty(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator
    ) -> Tensor:
        """The penalty on the gradients at random points between real and fake images; in float32,
        since in bfloat16 the norm is too coarse to reach 1."""
        with torch.autocast(real.device.type, enabled=False):
            mix = torch.rand(len(real), 1, 1, 1, device=real.device, generator=rng)
            between = torch.lerp(real.detach().float(), fake.detach().float(), mix)
            between.requires_grad_(True)
            logits, _ = discriminator(between)
            (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
            norms: Tensor = torch.linalg.vector_norm(gradient, dim=1)
            return self.penalty_weight * self.excess(norms).square().mean()

    def excess(self, norms: Tensor) -> Tensor:
        """By how much the norms (N, H, W) of an image's pixels are off."""
        return norms - 1


class WGANLP(WGANGP):
    """Wasserstein GAN that penalises too large gradients (Petzka, Fischer, Lukovnikov 2018, Eq. 8).

    What must not exceed 1 is the root mean square over an image of the norm that WGAN-GP takes at
    each pixel. So there need be no gradient where real and generated images agree.
    """

    def excess(self, norms: Tensor) -> Tensor:
        return F.relu(norms.square().mean((1, 2)).sqrt() - 1)


class LSGAN(AdversarialLoss):
    """Least-squares GAN, targets 1 (real), 0 (fake) (Mao et al. 2017); InGAN sets ``sigmoid``."""

    def __init__(self, sigmoid: bool = False) -> None:
        self.sigmoid = sigmoid

    def of_real(self, logits: Tensor) -> Tensor:
        return 0.5 * (logits - 1).square()

    def of_fake(self, logits: Tensor) -> Tensor:
        return 0.5 * logits.square()


class Hinge(AdversarialLoss):
    """Hinge GAN (Lim and Ye 2017)."""

    def of_real(self, logits: Tensor) -> Tensor:
        return F.relu(1 - logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        return F.relu(1 + logits)

    def of_fooled(self, logits: Tensor) -> Tensor:
        return -logits


class NSGAN(AdversarialLoss):
    """Non-saturating GAN on logits (Goodfellow et al. 2014)."""

    def of_real(self, logits: Tensor) -> Tensor:
        return F.softplus(-logits)

    def of_fake(self, logits: Tensor) -> Tensor:
        return F.softplus(logits)


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return values.mean()
    return (values * weight).sum() / weight.sum().clamp_min(1e-6)
