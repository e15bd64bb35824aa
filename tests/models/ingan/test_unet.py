"""InGAN in the form of its paper: the inverse pass."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.transforms import Homography
from tests.tiny import INGAN_PAPER, stage_of


@pytest.mark.parametrize(("step", "inverse"), [(0, 0.0), (2, 0.7)])
def test_both_inverse_passes(step: int, inverse: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass with a scaled gradient equals the sum of the paper's two passes."""
    stage = stage_of(
        "model.generator.norm=none",
        "model.inverse_weight=0.7",
        "model.inverse_start=0.5",
        "model.reconstruction_weight=0.2",
        "model.adversarial_weight=0",
        base=INGAN_PAPER,
    )
    stage.step = step
    transform = Homography.to_corners([(-0.7, -1), (0.7, -1), (1, 1), (-1, 1)])
    image, size = stage.model.image, (26, 22)
    stage.batch = replace(stage.batch, image=image, transform=transform)

    def gradients(total: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad(total, list(stage.generator.parameters())))

    monkeypatch.setattr(stage, "draw", lambda: stage.generator(image, size, transform))
    found = gradients(stage.generator_loss()[0])

    there = stage.generator(image, size, transform)
    cycle, alone = (
        F.l1_loss(stage.generator(y, (20, 28), transform.inverse()), image)
        for y in (there, there.detach())
    )
    expected = gradients(0.2 * cycle + inverse * alone)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)
