"""Windows of an image."""

from collections.abc import Iterable

import pytest
import torch

from internal_gan.images.windows import Part, around, blocks, bounds, hull, overlap, parts
from tests.tiny import holes


def test_the_bounds_of_a_mask_are_its_outermost_pixels() -> None:
    mask = torch.zeros(1, 1, 20, 30)
    mask[..., 4, 7] = mask[..., 11, 25] = 0.2
    assert bounds(mask) == (slice(4, 12), slice(7, 26))


def together(found: Iterable[Part], size: tuple[int, int]) -> torch.Tensor:
    """A mask of its parts, counted where they overlap."""
    mask = torch.zeros(1, 1, *size)
    for part in found:
        mask[(..., *part.window)] += part.mask
    return mask


def test_distant_parts_of_a_mask_are_separated_from_top_to_bottom() -> None:
    mask = holes((97, 88), (5, 5, 7, 55), (20, 55, 4, 3), (92, 78, 5, 10), (60, 10, 32, 4))
    found = list(parts(mask, 10))
    # The last is the one whose lowest row is farthest down; it ends at the border.
    assert [part.window for part in found] == [
        (slice(5, 24), slice(5, 60)),
        (slice(60, 92), slice(10, 14)),
        (slice(92, 97), slice(78, 88)),
    ]
    assert torch.equal(together(found, (97, 88)), mask)
    assert list(parts(torch.zeros(1, 1, 9, 9), 4)) == []


def test_parts_whose_boxes_overlap_keep_their_own_pixels() -> None:
    mask = holes((90, 90), (0, 0, 4, 90), (0, 0, 90, 4), (60, 60, 3, 3))
    speck, corner = parts(mask, 10)
    assert corner.window == (slice(0, 90), slice(0, 90))
    assert corner.mask.sum() == mask.sum() - 9
    assert speck.mask.shape[-2:] == (3, 3)


def test_a_part_is_cut_where_it_is_thinnest() -> None:
    mask = holes((40, 300), (0, 0, 40, 100), (10, 100, 1, 60), (0, 160, 40, 140))
    pieces = list(Part.of(mask).divided(160))
    # In the middle third, columns 100 to 159 hold one pixel each; the rest is cut by its length.
    ends = [(piece.window[1].start, piece.window[1].stop) for piece in pieces]
    assert ends == [(0, 100), (100, 166), (166, 300)]
    assert torch.equal(together(pieces, (40, 300)), mask)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((slice(40, 50), slice(60, 70)), (slice(30, 60), slice(45, 85))),
        ((slice(0, 4), slice(95, 100)), (slice(0, 30), slice(60, 100))),
    ],
)
def test_a_window_is_around_a_box(box: tuple[slice, slice], expected: tuple[slice, slice]) -> None:
    assert around(box, (30, 40), (90, 100)) == expected
    assert around(box, (300, 400), (90, 100)) == (slice(0, 90), slice(0, 100))


@pytest.mark.parametrize("size", [(1, 1), (40, 56), (7, 300), (33, 32)])
def test_blocks_cover_every_pixel_once_and_are_not_too_large(size: tuple[int, int]) -> None:
    count = torch.zeros(size)
    for window in blocks((slice(0, size[0]), slice(0, size[1])), 14):
        count[window] += 1
        assert 0 < max(count[window].shape) <= 14
    assert torch.equal(count, torch.ones(size))


def test_a_hull_holds_windows_and_what_they_share_may_be_empty() -> None:
    window = slice(2, 6), slice(0, 9)
    assert hull([window, (slice(4, 9), slice(3, 5))]) == (slice(2, 9), slice(0, 9))
    assert overlap(window, (slice(4, 9), slice(3, 5))) == (slice(4, 6), slice(3, 5))
    assert overlap(window, (slice(7, 9), slice(3, 5)))[0] == slice(7, 7)
