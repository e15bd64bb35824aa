"""The classifier two-sample test of textures."""

import pytest
import torch
from torch import Tensor

from benchmarks._c2st import c2st


def noise(seed: int, height: int = 60, width: int = 80) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=rng) * 2 - 1


def test_equal_textures_cannot_be_told_apart() -> None:
    assert c2st(noise(1, 188, 250), noise(2, 188, 250)) == pytest.approx(0.5, abs=0.12)


def test_a_blurred_texture_is_told_apart() -> None:
    blurred = (noise(1) + noise(1).roll(1, 3)) / 2
    assert c2st(noise(2), blurred) > 0.99


def test_only_windows_centred_inside_count() -> None:
    real, hole = noise(1, 120, 160), torch.zeros(1, 1, 120, 160)
    hole[..., 20:100, 40:120] = 1
    left = torch.where(hole > 0, real, real.roll(1, 3) / 2)
    blurred = torch.where(hole > 0, (real + real.roll(1, 3)) / 2, real)
    assert c2st(real, blurred, inside=hole) > 0.95
    # A window sees 24 pixels around its middle, with the blurs of its statistics.
    deep = torch.zeros_like(hole)
    deep[..., 44:76, 64:96] = 1
    assert c2st(real, left, inside=deep) == c2st(real, real, inside=deep)
