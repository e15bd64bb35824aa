"""The closed form of the optimal denoiser, against a second implementation and what it promises."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from internal_gan.images.resize import resize
from internal_gan.patches import denoiser as module
from internal_gan.patches.denoiser import Denoiser, Known, denoised
from internal_gan.patches.statistics import coherence
from tests.tiny import holes, picture, rng


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(1, 3, height, width, generator=rng(seed))


def by_loops(photo: Tensor, noisy: Tensor, level: float, price: float, rounds: int) -> Tensor:
    """The photo's mean patch of three pixels for every patch of a picture, overlaps averaged."""
    real, given = (x[0].double().numpy() for x in (photo, noisy))
    span = np.arange(3) - 1
    window = np.exp(-(span[:, None] ** 2 + span**2) / (2 * (module.WINDOW_SIGMA * 3) ** 2))
    places = [[*np.ndindex(x.shape[1] - 2, x.shape[2] - 2)] for x in (given, real)]

    def cut(image: Any, place: tuple[int, ...]) -> Any:
        return image[:, place[0] : place[0] + 3, place[1] : place[1] + 3]

    weights = np.zeros((len(places[0]), len(places[1])))
    for n, here in enumerate(places[0]):
        for m, there in enumerate(places[1]):
            distance = ((cut(given, here) - (1 - level) * cut(real, there)) ** 2).sum()
            moved = here[0] / (given.shape[1] - 3) - there[0] / (real.shape[1] - 3)
            weights[n, m] = math.exp(-distance / (2 * level**2) - price * moved**2)
    for _ in range(rounds):
        use = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0) * len(places[1])
        weights /= np.maximum(use, module.MIN_USE)
    total, share = np.zeros_like(given), np.zeros(given.shape[1:])
    for n, (top, left) in enumerate(places[0]):
        mean = sum(w * cut(real, place) for w, place in zip(weights[n], places[1], strict=True))
        total[:, top : top + 3, left : left + 3] += window * mean / weights[n].sum()
        share[top : top + 3, left : left + 3] += window
    return torch.from_numpy(total / share)[None]


@pytest.mark.parametrize(
    ("price", "rounds", "at_once"),
    [(0.0, 0, 100), (4.0, 0, 100), (4.0, 3, 100), (4.0, 3, 10_000)],  # a few places, or all
)
def test_it_is_the_mean_of_all_patches_by_their_likelihood(
    price: float, rounds: int, at_once: int, monkeypatch: pytest.MonkeyPatch, device: torch.device
) -> None:
    for name, value in {
        "ROUNDS": rounds,
        "STRIDE": 1,
        "WEIGHTS_AT_ONCE": at_once,
        "MIN_USE": 0.8,
    }.items():
        monkeypatch.setattr(module, name, value)
    photo = picture(7, 9)
    noisy = 0.4 * picture(8, 11, seed=1) + 0.6 * noise(8, 11)
    found = Denoiser(photo.to(device), 3, price=price)(noisy.to(device), 0.6).cpu()
    assert torch.allclose(found.double(), by_loops(photo, noisy, 0.6, price, rounds), atol=1e-5)


def test_some_of_a_large_pictures_patches_balance_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    denoiser, noisy = Denoiser(picture(20, 28), 7), noise(24, 60)
    whole = denoiser(noisy, 0.8)
    unbalanced = Denoiser(picture(20, 28), 7, balanced=False)(noisy, 0.8)
    monkeypatch.setattr(module, "MAX_BALANCED", 90)
    monkeypatch.setattr(
        module, "WEIGHTS_AT_ONCE", 90 * 14 * 22
    )  # places of the picture, and of the photo
    assert (denoiser(noisy, 0.8) - whole).abs().mean() < 0.5 * (unbalanced - whole).abs().mean()


def test_pictures_are_denoised_together_as_they_are_alone() -> None:
    denoiser, noisy = Denoiser(picture(20, 28), 7, price=3.0), torch.cat([noise(24, 30)] * 2)
    noisy[1] = noisy[1].flip(2)
    together = denoiser(noisy, 0.7)
    alone = torch.cat([denoiser(one[None], 0.7) for one in noisy])
    assert torch.allclose(together, alone, atol=1e-6)
    assert (together[0] - together[1]).abs().mean() > 0.1


@pytest.mark.parametrize("side", [1, 2, 3])
def test_small_patches_leave_no_pixel_out(side: int) -> None:
    assert Denoiser(picture(9, 12), side)(noise(8, 15), 0.5).isfinite().all()


def test_hardly_any_noise_hides_nothing() -> None:
    photo = picture(20, 28)
    assert (Denoiser(photo, 7)(photo, 0.01) - photo).abs().max() < 0.01


def test_all_patches_are_used_about_equally_often() -> None:
    weights = 3 * torch.randn(2, 40, 60, generator=rng())
    before, after = (
        (weights + even).softmax(dim=2).mean(dim=1) * 60
        for even in (torch.zeros(60), module._balance(weights))
    )
    assert before.max() > 2
    assert (after - 1).abs().max() < 0.1


def test_a_picture_is_drawn_of_the_photos_patches() -> None:
    photo = picture(32, 40)
    made = denoised(Denoiser(photo, 7), noise(32, 48), 10)
    assert coherence(photo, made) < 0.8 * coherence(photo, noise(32, 48).clamp(-1, 1))


def test_known_pixels_stay_and_the_rest_fits() -> None:
    photo = picture(24, 32)
    hole = holes((24, 32), (8, 10, 8, 10))
    denoiser = Denoiser(photo, 7)
    known = Known(photo, 1 - hole, torch.zeros_like(hole))
    made = denoised(denoiser, noise(24, 32), 10, known=known)
    assert torch.equal(made[..., hole[0, 0] == 0], photo[..., hole[0, 0] == 0])
    free = denoised(denoiser, noise(24, 32), 10)
    errors = [(x - photo).abs()[..., hole[0, 0] > 0].mean() for x in (made, free)]
    assert errors[0] < 0.8 * errors[1]


def test_what_is_known_is_drawn_nowhere_else() -> None:
    where = holes((24, 64), (8, 8, 8, 8))
    source, picture = where[..., :32], (2 * where - 1).expand(1, 3, -1, -1)
    denoiser, known = Denoiser(picture[..., :32], 7), Known(picture, where, source)
    for seed in range(3):
        assert (denoised(denoiser, noise(24, 64, seed), 10, known=known) > 0).sum() == 3 * 64


def test_less_noise_stays_closer_to_the_start() -> None:
    photo = picture(24, 32)
    how = Denoiser(photo, 7), noise(24, 32), 8
    near, far = (denoised(*how, level=level, start=photo) for level in (0.1, 0.9))
    assert (near - photo).abs().mean() < 0.5 * (far - photo).abs().mean()


def test_a_finer_picture_shrinks_to_the_coarser_one() -> None:
    coarse, photo = picture(12, 16, seed=2), picture(24, 32)
    made = denoised(Denoiser(photo, 7), noise(24, 32), 8, coarser=coarse)
    assert (resize(made, (12, 16)) - coarse).abs().mean() < 0.05


@pytest.mark.parametrize("wrap", [(False, True), (True, False), (True, True)])
def test_what_wraps_has_no_border(wrap: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved noise gives the moved picture."""
    monkeypatch.setattr(module, "STRIDE", 1)
    denoiser, given = Denoiser(picture(20, 28), 7, wrap=wrap), noise(24, 30)
    shift = [8 * wraps for wraps in wrap]
    coarse = given[..., ::2, ::2].clamp(-1, 1)
    one = denoised(denoiser, given, 4, coarser=coarse).roll(shift, (2, 3))
    halves = [side // 2 for side in shift]
    moved = denoised(denoiser, given.roll(shift, (2, 3)), 4, coarser=coarse.roll(halves, (2, 3)))
    assert torch.allclose(one, moved, atol=1e-4)
