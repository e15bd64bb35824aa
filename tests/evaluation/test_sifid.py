"""SIFID is the Fréchet distance of two Gaussians."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from internal_gan.evaluation.inception import read_inception
from internal_gan.evaluation.sifid import frechet_distance, gaussian, sifid
from tests.evaluation.stand_in import weights_file
from tests.tiny import picture


def covariance(size: int, seed: int) -> Tensor:
    root = torch.randn(size, size, generator=torch.Generator().manual_seed(seed)).double()
    return root @ root.T / size


def test_two_gaussians_of_one_dimension() -> None:
    one = torch.tensor([1.0]).double(), torch.tensor([[4.0]]).double()
    other = torch.tensor([4.0]).double(), torch.tensor([[0.25]]).double()
    assert frechet_distance(one, other) == pytest.approx((4 - 1) ** 2 + (2 - 0.5) ** 2)


def test_the_distance_agrees_with_the_trace_formula_by_eigenvalues() -> None:
    a, b = covariance(9, 3), covariance(9, 4)
    mean = torch.arange(9).double()
    root = np.sqrt(np.linalg.eigvals((a @ b).numpy()).astype(complex)).real.sum()
    expected = 9 + float(a.trace() + b.trace()) - 2 * root
    assert frechet_distance((mean, a), (mean + 1, b)) == pytest.approx(expected)


def test_rank_deficient_covariances_have_a_distance() -> None:
    low = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)).double()
    flat = low @ low.T
    mean = torch.zeros(20).double()
    assert frechet_distance((mean, flat), (mean, flat)) == pytest.approx(0, abs=1e-5)
    assert math.isfinite(frechet_distance((mean, flat), (mean, covariance(20, 1))))


def test_the_gaussian_has_the_moments_of_all_places() -> None:
    features = torch.rand(1, 5, 12, 7, generator=torch.Generator().manual_seed(0)) + 1000
    mean, moments = gaussian(features)
    places = features[0].flatten(1).numpy().astype(np.float64)
    assert mean.numpy() == pytest.approx(places.mean(axis=1))
    assert moments.numpy() == pytest.approx(np.cov(places), abs=1e-9)


@pytest.mark.parametrize("channels", [64, 192])
def test_sifid_is_zero_for_the_image_itself_and_grows_with_noise(
    tmp_path: Path, channels: int, device: torch.device
) -> None:
    stem = read_inception(weights_file(tmp_path / "w.pth"))
    real = picture(60, 80)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    assert sifid(real, real, stem, channels) == pytest.approx(0, abs=1e-6)
    little, much = (sifid(real, (real + s * noise).clamp(-1, 1), stem, channels) for s in (0.1, 1))
    assert 0 < little < much
    moved = stem.to(device)
    there = sifid(real.to(device), (real + noise).clamp(-1, 1).to(device), moved, channels)
    assert there == pytest.approx(much, rel=1e-3)
