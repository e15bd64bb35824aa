"""Patch losses are zero for the image itself and agree with plain second implementations."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.patches.losses import NearestPatch, PatchLoss, SlicedWasserstein
from tests.tiny import picture, rng


def patches(image: Tensor, side: int) -> Tensor:
    """All patches as rows, channels first, in the order of their places."""
    return F.unfold(image, side).transpose(1, 2).flatten(0, 1)


SLICED = partial(SlicedWasserstein, projections=16, bank=256, places=8192)
NEAREST = partial(NearestPatch, queries=512, candidates=3072, reverse_weight=0)
# Those that use all directions, places and patches in every call.
ALL = 10**6
ALL_SLICED = partial(SLICED, patch=5, bank=16, places=ALL, levels=1)
ALL_NEAREST = partial(NEAREST, patch=5, queries=ALL, candidates=ALL, levels=1)

Kind = Callable[..., PatchLoss]
KINDS = pytest.mark.parametrize("kind", [SLICED, NEAREST])
EXACT = pytest.mark.parametrize("kind", [ALL_SLICED, partial(ALL_NEAREST, reverse_weight=0.5)])


@pytest.mark.parametrize("patch", [1, 5, 7])
def test_sliced_wasserstein_agrees_with_sorting_the_projections(patch: int) -> None:
    real, fake = picture(23, 31, 1), picture(23, 31, 2).requires_grad_()
    loss = ALL_SLICED(real, rng(), patch=patch)
    directions = loss.filters.flatten(1)
    assert directions.norm(dim=1).tolist() == pytest.approx([1.0] * 16)
    ours = (patches(fake, patch) @ directions.T).sort(dim=0).values
    expected = (ours - (patches(real, patch) @ directions.T).sort(dim=0).values).abs().mean()
    both = loss(fake, rng(), 0), expected
    torch.testing.assert_close(*both, rtol=1e-4, atol=0)
    torch.testing.assert_close(*(torch.autograd.grad(x, fake)[0] for x in both))


def test_sliced_wasserstein_visits_every_position_in_turn() -> None:
    loss = ALL_SLICED(picture(24, 32, 1), rng(), patch=1, places=24 * 32 // 9)
    visits = torch.zeros(24, 32)
    for step in range(9):
        fake: Any = picture(24, 32, 2).requires_grad_()
        loss(fake, rng(), step).backward()  # type: ignore[no-untyped-call]
        visits += fake.grad[0].abs().sum(dim=0) > 0
    assert torch.equal(visits, torch.ones(24, 32))


@pytest.mark.parametrize("reverse_weight", [0.0, 0.3])
@pytest.mark.parametrize(("patch", "count"), [(1, 1), (5, 1), (5, 2)])
def test_nearest_patch_is_as_by_brute_force(patch: int, count: int, reverse_weight: float) -> None:
    real = picture(17, 22, 1)
    fake = torch.cat([picture(14, 19, seed) for seed in (2, 3)[:count]])
    a, b = patches(fake, patch).double(), patches(real, patch).double()
    distance = (a[:, None] - b[None]).square().mean(dim=2)
    expected = distance.min(dim=1).values.mean()
    expected += reverse_weight * distance.min(dim=0).values.mean()
    loss = ALL_NEAREST(real, rng(), patch=patch, reverse_weight=reverse_weight)
    assert float(loss(fake, rng(), 0)) == pytest.approx(float(expected), rel=1e-3)


def test_nearest_patch_uses_at_most_the_given_number_of_patches() -> None:
    real, fake = picture(24, 32, 1), picture(24, 32, 2).requires_grad_()
    loss = NEAREST(real, rng(), patch=3, queries=5, candidates=7, levels=1)
    loss(fake, rng(), 0).backward()  # type: ignore[no-untyped-call]
    assert fake.grad is not None
    assert 9 <= int((fake.grad[0].abs().sum(dim=0) > 0).sum()) <= 5 * 9


def test_a_smaller_alpha_prefers_missing_patches_more() -> None:
    fake, real = (torch.tensor(row).expand(1, 3, 1, 2) for row in ([0.0, 0.1], [0.1, 0.6]))

    def squared(alpha: float | None) -> float:
        return float(NEAREST(real, rng(), patch=1, normalise=alpha, levels=1)(fake, rng(), 0))

    # Both are pulled to 0.1, which the image already contains.
    assert squared(None) == squared(1.0) == pytest.approx(0.1**2 / 2)
    # 0.0 is pulled to 0.6, which no patch resembles yet.
    assert squared(1e-4) == pytest.approx(0.6**2 / 2)


@pytest.mark.parametrize("candidates", [4, 5, 7, 12])
def test_nearest_patch_shows_every_real_patch_equally_often(candidates: int) -> None:
    """A pixel is at no distance when its colour is among the shown ones."""
    real = torch.linspace(-1, 1, 10).expand(1, 3, 1, 10)
    loss = NEAREST(real, rng(), patch=1, candidates=candidates, levels=1)
    times = torch.zeros(10)
    for step in range(25):
        shown = [float(loss(pixel, rng(), step)) == 0 for pixel in torch.split(real, 1, dim=3)]
        assert sum(shown) == min(candidates, 10)
        times += torch.tensor(shown)
        assert times.max() - times.min() <= 1


@KINDS
def test_levels_compare_halved_images_in_turn(kind: Kind) -> None:
    real, fake = picture(24, 32, 1), picture(28, 40, 2)
    both = kind(real, rng(), patch=5, levels=2)
    full = kind(real, rng(), patch=5, levels=1)
    halved = kind(F.avg_pool2d(real, 2), rng(), patch=5, levels=1)
    for turn in range(2):
        assert torch.equal(both(fake, rng(), 2 * turn), full(fake, rng(), turn))
        expected = halved(F.avg_pool2d(fake, 2), rng(), turn)
        torch.testing.assert_close(both(fake, rng(), 2 * turn + 1), expected)


@KINDS
def test_levels_that_are_too_small_for_a_patch_are_left_out(kind: Kind) -> None:
    real, fake, narrow = picture(24, 32, 1), picture(24, 32, 2), picture(9, 40, 3)
    one, many = kind(real, rng(), patch=7, levels=1), kind(real, rng(), patch=7, levels=6)
    for step in range(3):
        assert torch.equal(many(fake, rng(), step), one(fake, rng(), step))
    # Even if the real image is large enough.
    two = kind(real, rng(), patch=5, levels=2)
    assert torch.equal(two(narrow, rng(), 1), two(narrow, rng(), 0))


@EXACT
def test_the_gradient_goes_to_every_pixel_of_the_generated_image(kind: Kind) -> None:
    loss, fake = kind(picture(17, 22, 1), rng()), picture(17, 22, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(fake, rng(), 0), fake)
    assert bool((gradient.abs().sum(dim=(0, 1)) > 0).all())
    constant = torch.zeros(1, 3, 17, 22, requires_grad=True)
    assert torch.autograd.grad(loss(constant, rng(), 0), constant)[0].isfinite().all()


@pytest.mark.parametrize("kind", [SLICED, partial(NEAREST, queries=32, candidates=64)])
def test_the_seed_decides_which_patches_are_looked_at(kind: Kind) -> None:
    loss, fake = kind(picture(24, 32, 1), rng(), patch=7, levels=1), picture(24, 32, 2)
    first, same, other = (float(loss(fake, rng(seed), 0)) for seed in (1, 1, 2))
    assert first == same != other


@EXACT
def test_bfloat16_autocast_changes_little_even_of_nearly_equal_images(kind: Kind) -> None:
    # Bright, so that the patches' mean is large beside their differences.
    real, far = (0.2 * picture(24, 32, seed) + 0.7 for seed in (1, 2))
    loss = kind(real, rng())
    near = real + 0.02 * torch.randn(real.shape, generator=rng(3))
    # The projections themselves are in bfloat16 in the one, the search alone in the other.
    error, alike = (0.1, 0.8) if kind is ALL_SLICED else (0.01, 0.99)
    for fake in (far, near):
        fake.requires_grad_()
        plain = loss(fake, rng(), 0)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = loss(fake, rng(), 0)
        assert mixed.dtype == torch.float32
        torch.testing.assert_close(mixed, plain, rtol=error, atol=0)
        one, other = (torch.autograd.grad(x, fake)[0].flatten() for x in (plain, mixed))
        assert F.cosine_similarity(one, other, dim=0) > alike
