"""Frames of an animation: where they begin, what moves, and how they loop."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.models.abilities import Motion
from internal_gan.models.singan import animation
from internal_gan.models.singan.animation import Walk, calmness
from internal_gan.models.singan.model import SinGAN
from internal_gan.units import Size
from tests.models.singan.test_walk import settled
from tests.tiny import untrained


@pytest.fixture(scope="module")
def model() -> SinGAN:
    """Three scales, the finest of (20, 28) pixels, with visible noise."""
    model = untrained()
    model.noise_std.fill_(0.5)
    model.noise_std[0] = 1.0
    return model


def frames(
    model: SinGAN, count: int, *, seed: int = 0, size: Size | None = None, **motion: Any
) -> Tensor:
    moved = Motion(**{"fps": 10, "alpha": 0.1, **motion})
    return torch.cat(list(model.animate(count, moved, seed=seed, size=size)))


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("start_scale", [0, 1, 2])
def test_it_begins_at_the_reconstruction_and_moves(
    model: SinGAN, start_scale: int, loop: bool
) -> None:
    x = frames(model, 5, start_scale=start_scale, loop=loop)
    assert x.shape == (5, 3, 20, 28)
    assert x.abs().max() <= 1
    torch.testing.assert_close(x[:1], model.reconstruct())
    assert all(not torch.equal(before, after) for before, after in pairwise(x))


def test_one_large_thing_stays_where_a_texture_moves() -> None:
    noise = torch.rand(1, 3, 60, 80, generator=torch.Generator().manual_seed(0))
    there = torch.stack(torch.meshgrid(torch.arange(60), torch.arange(80), indexing="ij"))
    away = (there - torch.tensor([30, 30])[:, None, None]).float().norm(dim=0)
    thing = (2 * torch.exp(-away / 12) - 1).expand(1, 3, 60, 80) + 0.05 * noise
    waves = torch.sin(there[0] / 2.0).expand(1, 3, 60, 80) + 0.05 * noise
    assert calmness(thing) < 0.5 < calmness(waves) == 1.0
    assert calmness(noise[..., :8, :]) == 1.0  # too small to judge


def test_the_coarsest_scale_moves_as_calmly_as_told(
    model: SinGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = {}
    for calm in (1.0, 0.2):
        monkeypatch.setattr(animation, "calmness", lambda photo, calm=calm: calm)
        x = frames(model, 12, start_scale=None)
        moved[calm] = float((x - x[:1]).abs().mean())
    assert moved[1.0] == float((frames(model, 12) - frames(model, 1)).abs().mean())
    assert 0 < moved[0.2] < moved[1.0]


def test_the_step_over_a_loops_joint_is_no_larger_than_inside(model: SinGAN) -> None:
    x = frames(model, 30, loop=True)
    steps = [float((after - before).abs().mean()) for before, after in pairwise(x)]
    assert float((x[0] - x[-1]).abs().mean()) < 1.05 * max(steps)
    once = frames(model, 30)
    assert float((once[0] - once[-1]).abs().mean()) > 1.5 * max(steps)


@pytest.mark.parametrize(("alpha", "loop"), [(0.005, False), (0.1, False), (0.1, True)])
def test_a_scale_gets_the_walks_noise_but_no_more_than_it_was_trained_with(
    model: SinGAN, monkeypatch: pytest.MonkeyPatch, alpha: float, loop: bool
) -> None:
    given: dict[int, list[Tensor]] = {}
    refine = SinGAN.refine

    def record(self: SinGAN, scale: int, noise: Tensor, *rest: object) -> Tensor:
        margin = self.margins[scale]
        given.setdefault(scale, []).append(noise[..., margin:-margin, margin:-margin])
        return refine(self, scale, noise, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SinGAN, "refine", record)
    frames(model, 60, alpha=alpha, loop=loop)
    # Less its first state, a loop has twice the variance.
    walked = min(1.0, ((2 if loop else 1) * settled(Walk(alpha, 0.9))) ** 0.5)
    for scale, noises in given.items():
        ratio = torch.stack(noises[20:]).square().mean().sqrt() / model.noise_std[scale]
        assert float(ratio) == pytest.approx(walked if scale else 1.0, rel=0.1)
