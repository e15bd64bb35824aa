"""Copies of the photo are found anywhere in the image."""

import numpy as np
import pytest
import torch

from benchmarks._memorisation import nearest_copy
from tests.tiny import picture


def test_a_piece_of_the_photo_is_a_copy_wherever_it_lies() -> None:
    real, sample = picture(40, 56), picture(50, 80, seed=1)
    assert nearest_copy(real, sample) > 0.05
    sample[..., 15:35, 26:54] = real[..., 3:23, 20:48]
    assert nearest_copy(real, sample) == pytest.approx(0, abs=1e-7)


def test_a_mirrored_photo_is_a_copy() -> None:
    real = picture(40, 56)
    assert nearest_copy(real, real.flip(3)) == pytest.approx(0, abs=1e-7)
    assert nearest_copy(real, real.flip(2)) > 0.05


def test_the_nearest_copy_agrees_with_brute_force(device: torch.device) -> None:
    real, sample = picture(14, 18), picture(16, 22, seed=1)
    best = []
    for form in (real, real.flip(3)):
        a, b = ((image[0].double() / 2).numpy() for image in (form, sample))
        for top in (0, 4, 9):
            for left in (0, 6, 13):
                piece = b[:, top : top + 7, left : left + 9]
                best += [
                    np.sqrt(((a[:, i : i + 7, j : j + 9] - piece) ** 2).mean())
                    for i in range(8)
                    for j in range(10)
                ]
    assert nearest_copy(real.to(device), sample.to(device)) == pytest.approx(min(best), rel=1e-5)


def test_black_and_white_are_one_apart() -> None:
    white = torch.ones(1, 3, 20, 24)
    assert nearest_copy(white, -white) == pytest.approx(1)
