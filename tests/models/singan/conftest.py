"""A model of SinGAN for tests that do not need a trained one."""

import pytest

from internal_gan.models.singan.model import SinGAN
from tests.tiny import untrained


@pytest.fixture(scope="module")
def model() -> SinGAN:
    """Three scales, the finest of (20, 28) pixels, with visible noise."""
    model = untrained()
    model.noise_std.fill_(0.5)
    model.noise_std[0] = 1.0
    return model
