"""Gaussian blur."""

import pytest
import torch

from internal_gan.images.resize import gaussian_blur
from tests.tiny import picture


@pytest.mark.parametrize("sigma", [0.7, 2.5])
def test_a_blurred_wave_is_as_weak_as_theory_says(sigma: float) -> None:
    """A Gaussian multiplies a wave of frequency w by exp(-sigma^2 w^2 / 2)."""
    frequency = 2 * torch.pi / 16
    wave = torch.sin(frequency * torch.arange(96)).expand(1, 3, 96, 96)
    blurred = gaussian_blur(wave, sigma)[..., 20:-20, 20:-20]
    ratio = (blurred / wave[..., 20:-20, 20:-20])[wave[..., 20:-20, 20:-20].abs() > 0.5]
    expected = torch.exp(torch.tensor(-((sigma * frequency) ** 2) / 2))
    assert torch.allclose(ratio, expected, rtol=0.02)
    assert torch.allclose(gaussian_blur(wave.mT, sigma), gaussian_blur(wave, sigma).mT, atol=1e-6)


def test_flat_images_stay_and_channels_do_not_mix() -> None:
    flat = torch.tensor([0.3, -0.7, 1.0]).view(1, 3, 1, 1).expand(2, 3, 9, 11)
    assert torch.allclose(gaussian_blur(flat, 3), flat, atol=1e-6)
    image = picture()
    assert torch.allclose(gaussian_blur(image, 2)[:, 1:2], gaussian_blur(image[:, 1:2], 2))
