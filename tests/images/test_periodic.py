"""Images that wrap still wrap after padding and resampling."""

import pytest
import torch

from internal_gan.images.periodic import Moves, cross_fade, pad_periodic, resize_periodic
from internal_gan.images.resize import resize
from tests.tiny import noise, rng


@pytest.mark.parametrize("size", [(23, 33), (40, 56), (41, 7), (3, 90), (20, 56)])
def test_a_resized_period_tiles(size: tuple[int, int], device: torch.device) -> None:
    x = noise(20, 28).to(device)
    repeated = resize(x.repeat(1, 1, 3, 3), (3 * size[0], 3 * size[1]))
    middle = repeated[..., size[0] : 2 * size[0], size[1] : 2 * size[1]]
    torch.testing.assert_close(resize_periodic(x, size, (True, True)), middle, rtol=0, atol=2e-5)


def test_a_periodic_border_may_be_longer_than_the_image() -> None:
    x = torch.arange(3.0).view(1, 1, 1, 3)
    assert pad_periodic(x, 4, -1).flatten().tolist() == [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize("keep_contrast", [False, True])
def test_a_cross_faded_image_tiles(keep_contrast: bool) -> None:
    x = noise(40, 56)
    faded = cross_fade(x, (8, 12), (True, True), keep_contrast=keep_contrast)
    torch.testing.assert_close(faded[..., 0, :], faded[..., -1, :])
    torch.testing.assert_close(faded[..., 0], faded[..., -1])
    inside = (..., slice(8, -8), slice(12, -12))
    assert torch.equal(faded[inside], x[inside])
    assert torch.equal(cross_fade(x, (8, 12), (False, False)), x)


def test_a_cross_fade_keeps_colours_and_optionally_contrast() -> None:
    flat, rough = torch.full((1, 1, 8, 400), 0.7), noise(400, 400)
    torch.testing.assert_close(cross_fade(flat, (3, 90), (False, True)), flat)
    faded = cross_fade(rough, (1, 90), (False, True), keep_contrast=True)
    assert float(faded[..., 5:85].std()) == pytest.approx(float(rough.std()), rel=0.02)


def test_moves_can_be_undone() -> None:
    x = noise(40, 56)
    moves = Moves((True, True), rng())
    moved = moves.on(moves.on(x))
    assert not torch.equal(moved, x)
    assert torch.equal(moves.back(moved), x)
    assert torch.equal(Moves((False, False), rng()).on(x), x)
