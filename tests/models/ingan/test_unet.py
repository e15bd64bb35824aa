"""The paper's form of InGAN: numbers, losses, random draws, and a whole training."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.config.compose import compose
from internal_gan.images.transforms import Homography
from internal_gan.models.ingan.unet_training import Round
from internal_gan.models.losses import Draws
from internal_gan.training.engine import TrainingStopped
from tests import tiny
from tests.tiny import (
    INGAN_PAPER,
    TINY_INGAN,
    StopAfter,
    check_gradients,
    network_of,
    same_weights,
    trained_ingan,
)

ABLATIONS = ("no_cycle", "one_scale", "no_curriculum", "no_inverse")


stage_of = partial(tiny.stage_of, base=INGAN_PAPER)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("no_cycle", {"reconstruction_weight": 0, "inverse_weight": 0}),
        ("one_scale", {"discriminator.scales": 1}),
        ("no_curriculum", {"curriculum": 0}),
        ("no_inverse", {"inverse_weight": 0}),
    ],
)
def test_an_ablation_changes_only_its_own_setting(name: str, changed: dict[str, Any]) -> None:
    paper, other = (
        compose([f"experiment=ingan_{experiment}"]).model for experiment in ("paper", name)
    )
    for key, value in changed.items():
        group, _, last = key.rpartition(".")
        (paper[group] if group else paper)[last] = value
    assert other == paper


@pytest.mark.parametrize("experiment", ["paper", *ABLATIONS])
def test_a_tiny_training_of_every_experiment(tmp_path: Path, experiment: str) -> None:
    base = (f"experiment=ingan_{experiment}", *TINY_INGAN)
    model = trained_ingan(tmp_path / "run", "model.inverse_start=0.5", base=base)
    loaded = network_of(tmp_path / "run")
    assert same_weights(loaded, model)
    painted = loaded.retarget((23, 61))
    assert painted.shape == (1, 3, 23, 61)
    assert torch.equal(painted, model.retarget((23, 61)))


@pytest.mark.parametrize("loss", ["lsgan", "hinge", "nsgan", "wgan_lp", "wgan_gp"])
def test_every_adversarial_loss_trains_both_networks(loss: str) -> None:
    check_gradients(stage_of(f"model/adversarial_loss={loss}"))


@pytest.mark.parametrize(("step", "inverse"), [(0, 0.0), (2, 0.7)])
def test_the_inverse_pass_is_trained_with_and_without_the_forward_pass(
    step: int, inverse: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pass with a scaled gradient equals the sum of the paper's two passes."""
    stage = stage_of(
        "model.generator.norm=none",
        "model.inverse_weight=0.7",
        "model.inverse_start=0.5",
        "model.reconstruction_weight=0.2",
        "model.adversarial_weight=0",
    )
    stage.step = step
    transform = Homography.to_corners([(-0.7, -1), (0.7, -1), (1, 1), (-1, 1)])
    image, size = stage.model.image, (26, 22)

    def drawn() -> Round:
        return Round(image, transform, stage.generator(image, size, transform))

    def gradients(total: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad(total, list(stage.generator.parameters())))

    monkeypatch.setattr(stage, "draws", Draws(drawn))
    found = gradients(stage.generator_loss()[0])

    there = stage.generator(image, size, transform)
    cycle, alone = (
        F.l1_loss(stage.generator(y, (20, 28), transform.inverse()), image)
        for y in (there, there.detach())
    )
    expected = gradients(0.2 * cycle + inverse * alone)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)


def test_the_weights_of_the_scales_follow_the_steps() -> None:
    stage = stage_of("model.discriminator.min_side=9", "model.max_size=56", "model.crop=null")
    first = stage.discriminator.weights
    stage.step = 3
    stage.key()
    assert first == sorted(first)
    assert first[0] < first[-1]
    assert stage.discriminator.weights == sorted(stage.discriminator.weights, reverse=True)


@pytest.mark.parametrize("extra", [(), ("model.geometry=0.3", "model/adversarial_loss=wgan_gp")])
def test_a_resumed_training_ends_bit_equal(tmp_path: Path, extra: tuple[str, ...]) -> None:
    extra = (*extra, "trainer.checkpoint_interval=0")
    whole = trained_ingan(tmp_path / "whole", *extra)
    with pytest.raises(TrainingStopped):
        trained_ingan(tmp_path / "part", *extra, callbacks=[StopAfter(0, 2)])
    assert same_weights(trained_ingan(tmp_path / "part", *extra, resume=True), whole)
