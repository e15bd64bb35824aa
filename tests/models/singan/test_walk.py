"""The random walk follows the paper's equations, and can loop seamlessly."""

from collections.abc import Iterator
from itertools import islice

import pytest
import torch
from torch import Tensor

from internal_gan.models.singan.animation import Fields, Walk

COUNT = 20_000
ALPHA, BETA = 0.1, 0.9


def pushes(t: int) -> Fields:
    rng = torch.Generator().manual_seed(t + 1)
    return [torch.randn(COUNT, dtype=torch.float64, generator=rng)]


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
    walked = first_fields(Walk(alpha, beta).steps(pushes), 25)
    for z, e in zip(paper(z_rec, alpha, beta, 25), walked, strict=True):
        torch.testing.assert_close(z_rec + e, z)


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 0.9), (0.02, 0.9), (0.001, 0.5), (0.3, 0.0)])
def test_a_loop_repeats_and_follows_the_recursion_over_its_joint(alpha: float, beta: float) -> None:
    walk = Walk(alpha, beta)
    e = first_fields(walk.loop(pushes, 16), 40)
    for t in range(24):
        torch.testing.assert_close(e[t + 16], e[t])
    assert not e[0].any()
    # What is left over is what the recursion makes of the first state, which was taken off.
    over = [
        e[t + 1] - walk.a * e[t] - walk.b * e[t - 1] - walk.c * pushes(t % 16)[0]
        for t in range(1, 39)
    ]
    for one in over:
        torch.testing.assert_close(one, over[0])


def test_the_variance_has_its_closed_form() -> None:
    walk = Walk(ALPHA, BETA)
    walked = first_fields(walk.steps(pushes), 60)
    for field, expected in zip(walked, walk.variances(), strict=False):
        assert float(field.var(correction=0)) == pytest.approx(expected, rel=0.05, abs=1e-9)
    assert settled(walk) == pytest.approx(0.219, abs=0.001)


@pytest.mark.parametrize("period", [1, 2, 7, 24])
def test_the_variance_of_a_loop_has_its_closed_form(period: int) -> None:
    walk = Walk(ALPHA, BETA)
    e = torch.stack(first_fields(walk.loop(pushes, period), period))
    expected = list(walk.variances(period))
    assert e.square().mean(dim=1).tolist() == pytest.approx(expected, rel=0.05, abs=1e-9)


@pytest.mark.parametrize("fps", [5, 24, 60])
def test_the_motion_is_the_same_at_any_frame_rate(fps: int) -> None:
    at_ten, other = Walk(ALPHA, BETA), Walk(ALPHA, BETA, fps)
    assert settled(other) == pytest.approx(settled(at_ten))
    for seconds in (1, 2, 3):
        assert likeness(other, seconds * fps) == pytest.approx(
            likeness(at_ten, seconds * 10), abs=0.1
        )


def likeness(walk: Walk, frames: int) -> float:
    """Autocorrelation of the walk at a lag of ``frames``."""
    before, now = 1.0, walk.a / (1 - walk.b)
    for _ in range(frames - 1):
        before, now = now, walk.a * now + walk.b * before
    return now
