"""Animation: the random walk follows the paper's equations, and frames move with it, and loop."""

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from internal_gan.models.abilities import Motion
from internal_gan.models.singan import model as singan
from internal_gan.models.singan.animation import Fields, Walk, calmness
from internal_gan.models.singan.model import SinGAN

COUNT = 20_000
ALPHA, BETA = 0.1, 0.9


def pushes(t: int) -> Fields:
    return [torch.randn(COUNT, dtype=torch.float64, generator=torch.Generator().manual_seed(t + 1))]


def first_fields(states: Iterator[Fields], count: int) -> list[Tensor]:
    return [fields[0] for fields in islice(states, count)]


def settled(walk: Walk) -> float:
    """The variance of a walk that has forgotten where it began."""
    return next(islice(walk.variances(), 3000, None))


def paper(z_rec: Tensor, alpha: float, beta: float, count: int) -> list[Tensor]:
    """z_0, z_1, ... computed directly from the paper's supplementary material."""
    z = [z_rec, z_rec]
    for t in range(count - 1):
        diff = beta * (z[-1] - z[-2]) + (1 - beta) * pushes(t)[0]
        z.append(alpha * z_rec + (1 - alpha) * (z[-1] + diff))
    return z[1:]


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 0.9), (0.3, 0.0), (0.9, 0.5), (1.0, 0.9)])
def test_it_is_the_papers_recursion(alpha: float, beta: float) -> None:
    z_rec = pushes(-1)[0]
    walked = first_fields(Walk(alpha, beta).fields(pushes), 25)
    for z, e in zip(paper(z_rec, alpha, beta, 25), walked, strict=True):
        torch.testing.assert_close(z_rec + e, z)


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 0.9), (0.02, 0.9), (0.001, 0.5), (0.3, 0.0)])
def test_a_loop_repeats_and_follows_the_recursion_over_its_joint(alpha: float, beta: float) -> None:
    walk = Walk(alpha, beta)
    e = first_fields(walk.fields(pushes, 16), 40)
    for t in range(24):
        torch.testing.assert_close(e[t + 16], e[t])
    assert not e[0].any()
    # What is left over is what the recursion makes of the first state, which was taken off.
    a, b, c = walk.a, walk.b, walk.c
    over = [e[t + 1] - a * e[t] - b * e[t - 1] - c * pushes(t % 16)[0] for t in range(1, 39)]
    for one in over:
        torch.testing.assert_close(one, over[0])


@pytest.mark.parametrize("period", [None, 1, 2, 7, 24])
def test_the_variance_has_its_closed_form(period: int | None) -> None:
    walk, count = Walk(ALPHA, BETA), period or 60
    e = torch.stack(first_fields(walk.fields(pushes, period), count))
    expected = [*islice(walk.variances(period), count)]
    assert e.square().mean(dim=1).tolist() == pytest.approx(expected, rel=0.05, abs=1e-9)


@pytest.mark.parametrize("fps", [5, 24, 60])
def test_the_motion_is_the_same_at_any_frame_rate(fps: int) -> None:
    at_ten, other = Walk(ALPHA, BETA), Walk(ALPHA, BETA, fps)
    assert settled(other) == pytest.approx(settled(at_ten)) == pytest.approx(0.219, abs=0.001)
    for seconds in (1, 2, 3):
        expected = likeness(at_ten, seconds * 10)
        assert likeness(other, seconds * fps) == pytest.approx(expected, abs=0.1)


def likeness(walk: Walk, frames: int) -> float:
    """Autocorrelation of the walk at a lag of ``frames``."""
    before, now = 1.0, walk.a / (1 - walk.b)
    for _ in range(frames - 1):
        before, now = now, walk.a * now + walk.b * before
    return now


def frames(model: SinGAN, count: int, **motion: Any) -> Tensor:
    return torch.cat([*model.animate(count, Motion(**{"fps": 10, "alpha": 0.1, **motion}))])


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize("start_scale", [0, 1, 2])
def test_it_moves_from_the_reconstruction(model: SinGAN, start_scale: int, loop: bool) -> None:
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


def test_the_coarsest_scale_moves_as_told(model: SinGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {}
    for calm in (1.0, 0.2):
        monkeypatch.setattr(singan, "calmness", lambda photo, calm=calm: calm)
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
