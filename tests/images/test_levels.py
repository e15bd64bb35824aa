"""Levels: whole numbers as files have them."""

import numpy as np
import torch

from internal_gan.images.colours import in_floats
from internal_gan.images.levels import levels_of


def test_levels_of_8_bits_are_the_same_as_floats_and_in_16_bits() -> None:
    colours = torch.arange(256, dtype=torch.uint8).view(1, 1, 8, 32).expand(-1, 3, -1, -1)
    pixels = in_floats(colours)
    assert (pixels - (colours.double() / 127.5 - 1)).abs().max() < 1e-6
    for largest, kind in ((255, np.uint8), (65535, np.uint16)):
        expected = np.arange(256).reshape(8, 32) * (largest // 255)
        for given in (colours, pixels):
            found = levels_of(given, largest)
            assert found.dtype == kind
            assert (found == expected[..., None]).all()
