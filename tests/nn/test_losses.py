"""Adversarial losses have their closed forms, and the gradient penalty reaches only D."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from internal_gan.nn.discriminators import PatchDiscriminator
from internal_gan.nn.losses import LSGAN, NSGAN, WGANGP, WGANLP, AdversarialLoss, Hinge
from tests.tiny import rng

REAL = torch.tensor([[2.0, 0.5], [-1.0, 3.5]]).view(1, 1, 2, 2)
FAKE = torch.tensor([-2.0, 0.0, 0.5]).view(1, 1, 1, 3)
LOSSES: list[AdversarialLoss] = [WGANGP(0.1), LSGAN(), Hinge(), NSGAN()]


def softplus(x: Tensor) -> Tensor:
    return (1 + x.exp()).log()


@pytest.mark.parametrize(
    ("loss", "of_real", "of_fake", "of_made"),
    [
        (WGANGP(0.1), lambda x: -x, lambda x: x, lambda x: -x),
        (LSGAN(), lambda x: (x - 1) ** 2 / 2, lambda x: x**2 / 2, lambda x: (x - 1) ** 2 / 2),
        (Hinge(), lambda x: (1 - x).clamp(min=0), lambda x: (1 + x).clamp(min=0), lambda x: -x),
        (NSGAN(), lambda x: softplus(-x), softplus, lambda x: softplus(-x)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_losses_are_means(loss: AdversarialLoss, of_real: Any, of_fake: Any, of_made: Any) -> None:
    expected = of_real(REAL).mean() + of_fake(FAKE).mean()
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(float(expected))
    assert float(loss.generator(FAKE)) == pytest.approx(float(of_made(FAKE).mean()))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_patches_of_weight_0_do_not_count(loss: AdversarialLoss) -> None:
    weight = torch.tensor([[2.0, 0.0], [2.0, 0.0]]).view(1, 1, 2, 2)
    fake = -REAL
    expected = loss.discriminator(REAL[..., :1], fake[..., :1])
    assert loss.discriminator(REAL, fake, weight).allclose(expected)
    assert loss.generator(fake, weight).allclose(loss.generator(fake[..., :1]))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_losses_are_float32_and_finite_for_huge_bfloat16_logits(loss: AdversarialLoss) -> None:
    real, fake = (torch.tensor([-1e4, 1e4], dtype=torch.bfloat16) for _ in range(2))
    for value in (loss.discriminator(real, fake), loss.generator(fake)):
        assert value.dtype == torch.float32
        assert torch.isfinite(value)


class Linear(nn.Module):
    """D(x) = sum over the channels of weight * x, at every pixel; records its inputs."""

    def __init__(self, weight: list[float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.seen: list[Tensor] = []

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        self.seen.append(image.detach())
        return (image * self.weight.view(1, -1, 1, 1)).sum(dim=1, keepdim=True), []


def images(count: int = 2) -> tuple[Tensor, Tensor]:
    real = torch.rand(count, 3, 4, 9, generator=rng(1)) * 2 - 1
    return real, torch.rand(count, 3, 4, 9, generator=rng(2)) * 2 - 1


def test_the_penalty_of_a_linear_critic() -> None:
    critic: Any = Linear([1.0, 2.0, 2.0])
    penalty = WGANGP(0.1).penalty(critic, *images(), rng())
    assert float(penalty.detach()) == pytest.approx(0.1 * (3 - 1) ** 2)
    penalty.backward()  # type: ignore[no-untyped-call]
    expected = [0.1 * 2 * (3 - 1) * w / 3 for w in (1, 2, 2)]
    assert critic.weight.grad.tolist() == pytest.approx(expected)


class Ramp(torch.nn.Module):
    """Logits of the width's first half alone, which there have a gradient of a given norm."""

    def __init__(self, norm: float) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        return self.norm * image[:, :1, :, : image.shape[3] // 2], []


def test_only_too_large_gradients_cost_the_one_sided_loss() -> None:
    real, fake = (x.repeat(1, 1, 1, 2) for x in images())
    assert float(WGANLP(0.1).penalty(Ramp(1.4), real, fake, rng()).detach()) == 0
    steep = WGANLP(0.1).penalty(Ramp(3), real, fake, rng())
    assert float(steep.detach()) == pytest.approx(0.1 * (3 / 2**0.5 - 1) ** 2)
    both = WGANGP(0.1).penalty(Ramp(3), real, fake, rng())
    assert float(both.detach()) == pytest.approx(0.1 * (2**2 + 1) / 2)


def test_the_penalty_uses_one_random_interpolate_per_pair() -> None:
    critic = Linear([1.0, 1.0, 1.0])
    real, fake = torch.zeros(4, 3, 5, 5), torch.ones(4, 3, 5, 5)
    WGANGP(0.1).penalty(critic, real, fake, rng())
    (between,) = critic.seen
    mix = between[:, 0, 0, 0]
    assert torch.equal(between, mix.view(4, 1, 1, 1).expand(4, 3, 5, 5))
    assert len(set(mix.tolist())) == 4
    assert 0 < float(mix.min()) < float(mix.max()) < 1


@pytest.mark.parametrize("norm", ["none", "batch", "instance", "spectral"])
def test_the_penaltys_gradient_reaches_every_weight_of_the_discriminator_alone(norm: Any) -> None:
    discriminator = PatchDiscriminator(8, kernel_size=3, norm=norm, init="kaiming", rng=rng())
    real = torch.rand(1, 3, 16, 20, generator=rng(1))
    fake = torch.rand(1, 3, 16, 20, generator=rng(2)).requires_grad_()
    penalty = WGANGP(0.1).penalty(discriminator, real, fake, rng())
    penalty.backward()  # type: ignore[no-untyped-call]
    assert fake.grad is None  # through which it would reach the generator
    # A bias shifts the critic's output but not its slope, except where it flips a LeakyReLU.
    names = [name for name, _ in discriminator.named_parameters() if "bias" not in name]
    assert len(names) == 5 + (4 if norm == "batch" else 0)
    for name in names:
        gradient = discriminator.get_parameter(name).grad
        assert gradient is not None, name
        assert gradient.abs().max() > 0, name


def test_the_penalty_is_float32_under_bfloat16_autocast() -> None:
    discriminator = PatchDiscriminator(8, kernel_size=3, norm="none", init="kaiming", rng=rng())
    seen: list[torch.dtype] = []
    discriminator.output.register_forward_hook(lambda *args: seen.append(args[2].dtype))
    real, fake = (x.repeat(1, 1, 4, 4) for x in images(1))
    plain = WGANGP(0.1).penalty(discriminator, real, fake, rng())
    with torch.autocast("cpu", torch.bfloat16):
        mixed = WGANGP(0.1).penalty(discriminator, real, fake.bfloat16().float(), rng())
        exact = WGANGP(0.1).penalty(discriminator, real, fake, rng())
        discriminator(real)
    assert seen == [torch.float32] * 3 + [torch.bfloat16]
    assert mixed.dtype == torch.float32
    assert torch.equal(exact, plain)
