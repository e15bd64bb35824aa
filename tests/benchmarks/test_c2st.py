"""The classifier two-sample test of textures."""

import pytest
import torch

from benchmarks._c2st import c2st
from tests.tiny import holes, noise


def test_equal_textures_cannot_be_told_apart() -> None:
    assert c2st(noise(188, 250), noise(188, 250, seed=1)) == pytest.approx(0.5, abs=0.12)


def test_a_blurred_texture_is_told_apart() -> None:
    blurred = (noise(60, 80) + noise(60, 80).roll(1, 3)) / 2
    assert c2st(noise(60, 80, seed=1), blurred) > 0.99


def test_only_windows_centred_inside_count() -> None:
    real, hole = noise(120, 160), holes((120, 160), (20, 40, 80, 80))
    left = torch.where(hole > 0, real, real.roll(1, 3) / 2)
    blurred = torch.where(hole > 0, (real + real.roll(1, 3)) / 2, real)
    assert c2st(real, blurred, inside=hole) > 0.95
    # A window sees 24 pixels around its middle, with the blurs of its statistics.
    deep = holes((120, 160), (44, 64, 32, 32))
    assert c2st(real, left, inside=deep) == c2st(real, real, inside=deep)
