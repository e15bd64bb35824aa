"""NIQE agrees with a second implementation, fits known distributions and detects degradation."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks._niqe import fit, niqe
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize

PHOTOS = Path(__file__).resolve().parents[2] / "examples" / "photos"

# BasicSR 1.4.2 on the same gray values. Its resampler treats the border of the second scale
# differently, which changes the score by up to 1 % in pictures with so few blocks.
BASICSR = {"dandelions": 4.8332, "gravel": 7.2212, "mountains": 4.5429, "peaks": 7.4218}


def photo(name: str = "gravel") -> Tensor:
    return read_image(PHOTOS / f"{name}.jpg").pixels


@pytest.mark.parametrize("name", BASICSR)
def test_niqe_agrees_with_basicsr(name: str) -> None:
    assert niqe(photo(name)) == pytest.approx(BASICSR[name], rel=0.01)


def gamma(shape: float, count: int, rng: torch.Generator) -> Tensor:
    """Absolute values drawn from the generalised Gaussian of this shape and scale 1."""
    values = torch.linspace(1e-4, 30, 400_001, dtype=torch.float64)
    total = torch.exp(-(values**shape)).cumsum(0)
    places = torch.rand(count, generator=rng, dtype=torch.float64) * total[-1]
    return values[torch.searchsorted(total, places).clamp_max(len(values) - 1)]


@pytest.mark.parametrize(("shape", "left", "right"), [(0.7, 1.0, 1.0), (1.0, 2.0, 1.0), (2, 1, 3)])
def test_the_fit_finds_the_distribution_that_values_were_drawn_from(
    shape: float, left: float, right: float
) -> None:
    rng = torch.Generator().manual_seed(0)
    side = torch.rand(200_000, generator=rng) < left / (left + right)
    size = gamma(shape, 200_000, rng)
    values = torch.where(side, -left * size, right * size)
    found = [float(x) for x in fit(values.view(1, 400, 500))]
    assert found == pytest.approx([shape, left, right], rel=0.05)


def test_blur_and_noise_are_less_natural() -> None:
    real = photo("mountains")
    size = (int(real.shape[-2]), int(real.shape[-1]))
    blurred = resize(resize(real, (size[0] // 4, size[1] // 4)), size)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    assert niqe(blurred) > niqe(real) + 2
    assert niqe(real + 0.3 * noise) > niqe(real) + 2


def test_pixels_outside_whole_blocks_do_not_count() -> None:
    real = photo()
    changed = real.clone()
    changed[..., 192:, :] = -1
    assert niqe(changed) == niqe(real)
    assert niqe(real) == pytest.approx(niqe(real[..., :192, :192]), rel=1e-9)


def test_flat_blocks_are_left_out() -> None:
    real = photo()[..., :192, :192]
    wider = torch.cat([real, torch.zeros(1, 3, 192, 96 + 16)], dim=-1)
    assert niqe(wider) > 0
    with pytest.raises(UserError, match="contrast"):
        niqe(torch.zeros(1, 3, 192, 192))


def test_fewer_than_two_blocks_are_refused() -> None:
    with pytest.raises(UserError, match="two blocks of 96x96"):
        niqe(torch.zeros(1, 3, 191, 191))
