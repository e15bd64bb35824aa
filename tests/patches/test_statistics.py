"""Patch statistics agree with closed forms and with plain NumPy."""

import math
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.resize import resize
from internal_gan.patches import statistics as module
from internal_gan.patches.statistics import coherence, completeness, layout_distances, patch_panel
from tests.tiny import noise, rng


def patches_of(image: Tensor, patch: int) -> np.ndarray:
    """All patches, one per row, with values in [0, 1]."""
    return F.unfold((image.double() + 1) / 2, patch)[0].T.numpy()


def mean_nearest(queries: np.ndarray, references: np.ndarray) -> float:
    return float(np.mean([np.sqrt(((references - q) ** 2).mean(axis=1)).min() for q in queries]))


def directions() -> np.ndarray:
    return F.normalize(torch.randn(3 * 49, 256, generator=rng(2)), dim=0).double().numpy()


def test_sliced_wasserstein_is_the_exact_distance_where_it_takes_every_quantile() -> None:
    # 16 x 32 patches: one for each of the 512 quantiles.
    real, sample = noise(22, 38), noise(22, 38, seed=1) ** 3
    one, other = (np.sort(patches_of(image, 7) @ directions(), axis=0) for image in (real, sample))
    expected = np.abs(one - other).mean()
    assert module.sliced_wasserstein(real, sample) == pytest.approx(expected, rel=1e-4)


def test_sliced_wasserstein_of_a_shift_in_brightness_is_the_shift_along_each_direction() -> None:
    real = noise(32, 40) * 0.8
    expected = 0.05 * np.abs(directions().sum(axis=0)).mean()
    for shrink in (1, 2, 4):
        found = module.sliced_wasserstein(real, real + 0.1, shrink=shrink)
        assert found == pytest.approx(expected, rel=1e-3)


def test_coherence_and_completeness_are_brute_force_nearest_patches_at_three_sizes() -> None:
    real, sample = noise(28, 37), noise(31, 29, seed=1)
    pairs = [[patches_of(module.shrunk(x, n), 7) for x in (real, sample)] for n in (1, 2, 4)]
    ours, missing = (fmean(mean_nearest(*pair[::step]) for pair in pairs) for step in (-1, 1))
    assert coherence(real, sample) == pytest.approx(ours, rel=1e-5)
    assert completeness(real, sample) == pytest.approx(missing, rel=1e-5)


def test_large_images_use_a_reproducible_choice_of_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    real, sample = noise(60, 80), noise(60, 80, seed=1)
    exact = coherence(real, sample)
    monkeypatch.setattr(module, "MAX_QUERIES", 300)
    chosen = coherence(real, sample)
    assert chosen == coherence(real, sample)
    assert chosen != exact
    assert chosen == pytest.approx(exact, rel=0.02)


@pytest.mark.slow
def test_tiling_and_mirroring_count_as_repetition() -> None:
    image = noise(56, 60)
    tiled, mirrored = (torch.cat([image, other], dim=3) for other in (image, image.flip(3)))
    upside_down = torch.cat([image, image.flip(2)], dim=2)
    assert module.repetition(image, image) == 1
    for repeated in (tiled, mirrored, upside_down):
        assert module.repetition(image, repeated) < 0.1


def test_repetition_needs_room_for_two_patches() -> None:
    with pytest.raises(UserError, match="two patches of 7"):
        module.repetition(noise(13, 13), noise(13, 13))


def test_sharpness_is_the_ratio_of_gradients() -> None:
    real = noise(30, 40) * 0.5
    assert module.sharpness(real, real) == pytest.approx(1)
    assert module.sharpness(real, real * 0.5 + 0.3) == pytest.approx(0.5, rel=1e-5)


def test_copy_is_zero_for_the_image_itself_and_one_between_black_and_white() -> None:
    black = -torch.ones(1, 3, 10, 12)
    assert module.copy(black, black) == 0
    assert module.copy(black, -black) == 1
    assert module.copy(black, black + 0.5) == pytest.approx(0.25)


def test_diversity_of_two_samples_is_their_distance_over_root_two() -> None:
    real = noise(20, 30)
    pair = torch.cat([real, real + 0.2])
    expected = 0.2 / math.sqrt(2) / float(real.mean(1).std())
    assert module.diversity(real, pair) == pytest.approx(expected, rel=1e-5)
    assert module.diversity(real, real.repeat(3, 1, 1, 1)) == pytest.approx(0, abs=1e-6)


def test_panel_is_the_mean_over_the_samples() -> None:
    real = noise(28, 36)
    samples = torch.cat([noise(28, 36, seed=1) * 0.5, noise(28, 36, seed=2)])
    both, first, second = (patch_panel(real, s) for s in (samples, samples[:1], samples[1:]))
    assert set(both) - set(first) == {"diversity"}
    for name, value in first.items():
        assert both[name] == pytest.approx((value + second[name]) / 2, rel=1e-4), name
    assert first["coherence"] == pytest.approx(coherence(real, samples[:1]))
    assert first["completeness"] == pytest.approx(completeness(real, samples[:1]))


@pytest.mark.parametrize("figures", [patch_panel, layout_distances])
def test_figures_are_the_same_on_every_device(figures: Any, device: torch.device) -> None:
    real, sample = noise(28, 36), noise(28, 36, seed=1)
    here = figures(real, sample)
    assert figures(real.to(device), sample.to(device)) == pytest.approx(here, rel=1e-4)


def test_an_image_too_small_for_its_quarter_is_refused() -> None:
    with pytest.raises(UserError, match="3x50 pixels cannot be judged at 1/4"):
        module.shrunk(noise(3, 50), 4)


class TestLayoutDistances:
    def test_they_are_brute_force_nearest_patches(self) -> None:
        real, sample = noise(24, 60), noise(22, 27, seed=1)
        found = layout_distances(real, sample)
        for patch in (11, 15, 21):
            a, b = patches_of(real, patch), patches_of(sample, patch)
            for way, pair in {"coherence": (b, a), "completeness": (a, b)}.items():
                expected = pytest.approx(mean_nearest(*pair), rel=1e-5)
                assert found[f"layout_{way}_{patch}"] == expected

    def test_things_keep_their_size(self) -> None:
        """A sample twice as wide is shrunk by the photo's factor, not to the photo's width."""
        tile = noise(15, 20).repeat_interleave(4, 2).repeat_interleave(4, 3)
        real, wide = tile, torch.cat([tile, tile], dim=3)
        by_hand = resize(real, (45, 60)).clamp(-1, 1), resize(wide, (45, 120)).clamp(-1, 1)
        found = layout_distances(real, wide, patches=(21,))
        assert found == layout_distances(*by_hand, patches=(21,))
        assert found["layout_completeness_21"] < 0.02 < found["layout_coherence_21"]

    def test_a_patch_that_does_not_fit_into_both_is_left_out(self) -> None:
        found = layout_distances(noise(40, 120), noise(40, 50))
        assert {name.rpartition("_")[2] for name in found} == {"11", "15"}
        assert layout_distances(noise(20, 120), noise(90, 120)) == {}
        assert "layout_coherence_21" in layout_distances(noise(21, 30), noise(30, 21))
