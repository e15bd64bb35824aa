"""Windows of an image."""

import pytest
import torch

from internal_gan.images.windows import around, blocks, bounds, parts, widened
from tests.tiny import holes


def test_the_bounds_of_a_mask_are_its_outermost_pixels() -> None:
    mask = torch.zeros(1, 1, 20, 30)
    mask[..., 4, 7] = mask[..., 11, 25] = 0.2
    assert bounds(mask) == (slice(4, 12), slice(7, 26))


def test_distant_parts_of_a_mask_are_separated() -> None:
    mask = holes((100, 90), (5, 5, 7, 55), (20, 55, 4, 3), (80, 10, 5, 10))
    found = parts(mask, 10)
    assert [bounds(part) for part in found] == [
        (slice(5, 24), slice(5, 60)),
        (slice(80, 85), slice(10, 20)),
    ]
    assert torch.equal(sum(found, torch.zeros_like(mask)), mask)
    assert parts(torch.zeros(1, 1, 9, 9), 4) == []


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((slice(40, 50), slice(60, 70)), (slice(30, 60), slice(45, 85))),
        ((slice(0, 4), slice(95, 100)), (slice(0, 30), slice(60, 100))),
    ],
)
def test_a_window_is_around_a_box_and_inside_the_image(
    box: tuple[slice, slice], expected: tuple[slice, slice]
) -> None:
    assert around(box, (30, 40), (90, 100)) == expected
    assert around(box, (300, 400), (90, 100)) == (slice(0, 90), slice(0, 100))


@pytest.mark.parametrize("size", [(1, 1), (40, 56), (7, 300), (33, 32)])
def test_blocks_cover_every_pixel_once_and_are_not_too_large(size: tuple[int, int]) -> None:
    count = torch.zeros(size)
    for window in blocks((slice(0, size[0]), slice(0, size[1])), 14):
        count[window] += 1
        assert 0 < max(count[window].shape) <= 14
    assert torch.equal(count, torch.ones(size))


def test_a_widened_window_has_the_margin_around_it() -> None:
    padded = torch.arange(10 * 12).view(10, 12)
    for window in blocks((slice(0, 4), slice(0, 6)), 2):
        inside = padded[3:-3, 3:-3][window]
        around = padded[widened(window, 3)]
        assert around.shape == (inside.shape[0] + 6, inside.shape[1] + 6)
        assert torch.equal(around[3:-3, 3:-3], inside)
