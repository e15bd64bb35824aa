"""Gaussian blur."""

import torch

from internal_gan.images.resize import gaussian_blur
from tests.tiny import picture


def test_flat_images_stay_and_channels_do_not_mix() -> None:
    flat = torch.tensor([0.3, -0.7, 1.0]).view(1, 3, 1, 1).expand(2, 3, 9, 11)
    assert torch.allclose(gaussian_blur(flat, 3), flat, atol=1e-6)
    image = picture()
    assert torch.allclose(gaussian_blur(image, 2)[:, 1:2], gaussian_blur(image[:, 1:2], 2))
