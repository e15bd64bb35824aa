"""SIFID is the Fréchet distance of two Gaussians of published features; weights are checked."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.judging.sifid import frechet_distance, gaussian, read_inception, sifid
from tests.judging.stand_in import stand_in, weights_file
from tests.tiny import picture, rng


def covariance(size: int, seed: int) -> Tensor:
    root = torch.randn(size, size, generator=rng(seed)).double()
    return root @ root.T / size


def test_the_distance_agrees_with_the_trace_formula_by_eigenvalues() -> None:
    a, b = covariance(9, 3), covariance(9, 4)
    mean = torch.arange(9).double()
    root = np.sqrt(np.linalg.eigvals((a @ b).numpy()).astype(complex)).real.sum()
    expected = 9 + float(a.trace() + b.trace()) - 2 * root
    assert frechet_distance((mean, a), (mean + 1, b)) == pytest.approx(expected)


def test_rank_deficient_covariances_have_a_distance() -> None:
    low = torch.randn(20, 3, generator=rng()).double()
    flat = low @ low.T
    mean = torch.zeros(20).double()
    assert frechet_distance((mean, flat), (mean, flat)) == pytest.approx(0, abs=1e-5)
    assert math.isfinite(frechet_distance((mean, flat), (mean, covariance(20, 1))))


def test_the_gaussian_has_the_moments_of_all_places() -> None:
    features = torch.rand(1, 5, 12, 7, generator=rng()) + 1000
    mean, moments = gaussian(features)
    places = features[0].flatten(1).numpy().astype(np.float64)
    assert mean.numpy() == pytest.approx(places.mean(axis=1))
    assert moments.numpy() == pytest.approx(np.cov(places), abs=1e-9)


@pytest.mark.parametrize("channels", [64, 192])
def test_sifid_grows_with_noise_from_0(tmp_path: Path, channels: int, device: torch.device) -> None:
    stem = read_inception(weights_file(tmp_path / "w.pth"))
    real = picture(60, 80)
    noise = torch.randn(real.shape, generator=rng())
    assert sifid(real, real, stem, channels) == pytest.approx(0, abs=1e-6)
    little, much = (sifid(real, (real + s * noise).clamp(-1, 1), stem, channels) for s in (0.1, 1))
    assert 0 < little < much
    moved = stem.to(device)
    there = sifid(real.to(device), (real + noise).clamp(-1, 1).to(device), moved, channels)
    assert there == pytest.approx(much, rel=1e-3)


def plain(image: Tensor, channels: int) -> Tensor:
    """All layers of the paper's table in order, on the whole image at once."""
    tensors = stand_in()

    def layer(x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        x = F.conv2d(x, tensors[f"{name}.conv.weight"], stride=stride, padding=padding)
        weight, bias, mean, variance = (
            tensors[f"{name}.bn.{part}"].view(1, -1, 1, 1)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return ((x - mean) / (variance + 0.001).sqrt() * weight + bias).clamp(min=0)

    x = layer(layer(image, "Conv2d_1a_3x3", stride=2), "Conv2d_2a_3x3")
    x = layer(x, "Conv2d_2b_3x3", padding=1)
    if channels == 64:
        return x
    return layer(layer(F.max_pool2d(x, 3, 2), "Conv2d_3b_1x1"), "Conv2d_4a_3x3")


@pytest.mark.parametrize("channels", [64, 192])
@pytest.mark.parametrize("size", [(19, 19), (40, 57)])
def test_the_features_are_those_of_the_published_layers(
    tmp_path: Path, channels: int, size: tuple[int, int], device: torch.device
) -> None:
    stem = read_inception(weights_file(tmp_path / "w.pth")).to(device)
    found = stem.features(picture(*size).to(device), channels).cpu()
    expected = plain(picture(*size), channels)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "piece"),
    [
        ({"Conv2d_4a_3x3.bn.bias": None}, r"Missing key.*Conv2d_4a_3x3\.bn\.bias"),
        ({"Conv2d_1a_3x3.conv.weight": torch.zeros(32)}, r"conv\.weight: .*\[32\]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odd_weights_refused(tmp_path: Path, change: dict[str, Tensor | None], piece: str) -> None:
    tensors = {k: v for k, v in (stand_in() | change).items() if v is not None}
    torch.save(tensors, tmp_path / "w.pth")
    with pytest.raises(UserError, match=piece):
        read_inception(tmp_path / "w.pth")


def test_an_image_too_small_for_a_place_is_refused(tmp_path: Path) -> None:
    stem = read_inception(weights_file(tmp_path / "w.pth"))
    with pytest.raises(UserError, match="needs 19 pixels a side"):
        stem.features(picture(18, 40), 192)
