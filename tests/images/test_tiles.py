"""Windows cover an image."""

import pytest
import torch

from internal_gan.images.tiles import tiles, widened


@pytest.mark.parametrize("size", [(1, 1), (40, 56), (7, 300), (33, 32)])
def test_they_cover_every_pixel_once_and_are_not_too_large(size: tuple[int, int]) -> None:
    count = torch.zeros(size)
    for window in tiles(size, 200):
        count[window] += 1
        assert 0 < count[window].numel() <= 200
    assert torch.equal(count, torch.ones(size))


def test_a_widened_window_has_the_margin_around_it() -> None:
    padded = torch.arange(10 * 12).view(10, 12)
    for window in tiles((4, 6), 6):
        inside = padded[3:-3, 3:-3][window]
        around = padded[widened(window, 3)]
        assert around.shape == (inside.shape[0] + 6, inside.shape[1] + 6)
        assert torch.equal(around[3:-3, 3:-3], inside)
