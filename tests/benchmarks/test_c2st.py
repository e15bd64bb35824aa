"""The classifier two-sample test of textures."""

import pytest
import torch
from torch import Tensor

from benchmarks._c2st import c2st, classified, least_side
from internal_gan.errors import UserError


def noise(seed: int, height: int = 60, width: int = 80) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, height, width, generator=rng) * 2 - 1


def test_equal_textures_cannot_be_told_apart() -> None:
    assert c2st(noise(1, 188, 250), noise(2, 188, 250)) == pytest.approx(0.5, abs=0.12)


def test_a_blurred_texture_is_told_apart() -> None:
    blurred = (noise(1) + noise(1).roll(1, 3)) / 2
    assert c2st(noise(2), blurred) > 0.99


def test_different_colours_are_told_apart() -> None:
    assert c2st(noise(2), noise(1) * torch.tensor([1.0, 0.7, 1.0]).view(1, 3, 1, 1)) > 0.95


def test_sizes_may_differ() -> None:
    assert 0 <= c2st(noise(1), noise(2, least_side(16), 200)) <= 1


def test_the_result_is_reproducible() -> None:
    assert c2st(noise(1), noise(2)) == c2st(noise(1), noise(2))


@pytest.mark.slow
def test_windows_lie_farther_apart_in_large_images() -> None:
    """The time is bounded: with 40 times the pixels there are not 40 times as many windows."""
    assert c2st(noise(1, 600, 400), noise(2, 600, 400)) == pytest.approx(0.5, abs=0.1)


def test_an_image_smaller_than_a_window_is_refused() -> None:
    with pytest.raises(UserError, match="28 a side"):
        c2st(noise(1), noise(2, 27, 80))
    with pytest.raises(UserError, match="44 a side"):
        c2st(noise(1), noise(2, 43, 80), window=32)


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


def test_a_hole_without_windows_in_both_halves_is_refused() -> None:
    hole = torch.zeros(1, 1, 60, 80)
    hole[..., 30, 40] = 1
    with pytest.raises(UserError, match="too few windows of 16 pixels"):
        c2st(noise(1), noise(2), inside=hole)


def test_larger_windows_tell_a_blend_that_smaller_ones_hardly_do() -> None:
    """Squares of 16 pixels of two textures: only a window of 32 always has both."""
    first, second = noise(1, 188, 250), (noise(2, 188, 250) + noise(2, 188, 250).roll(1, 3)) / 2
    rows, columns = torch.arange(188)[:, None] // 16, torch.arange(250)[None] // 16
    mixed = torch.where((rows + columns) % 2 > 0, first, second)
    assert c2st(first, mixed, window=32) > c2st(first, mixed)


@pytest.mark.parametrize(
    ("side", "names"), [(27, []), (43, ["c2st"]), (44, ["c2st", "c2st_32"])], ids=str
)
def test_windows_that_do_not_fit_are_left_out(side: int, names: list[str]) -> None:
    photo, sample = noise(1, side), noise(2, side)
    found = classified(photo, sample)
    assert list(found) == names
    if "c2st_32" in found:
        assert found["c2st_32"] == c2st(photo, sample, window=32)
