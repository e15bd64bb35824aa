"""A film of the photo changing size, and a sheet of sizes."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from internal_gan.tasks.retarget.size_tour import GAP, breathing, collage, frames
from internal_gan.units import Size


def paint(size: Size) -> Tensor:
    """A uniform picture whose value encodes its size."""
    return torch.full((1, 3, *size), size[0] / 100 - size[1] / 1000)


def test_sizes_change_gradually_and_return_to_the_start() -> None:
    stops = [(40, 60), (40, 120), (80, 30)]
    sizes = breathing(stops, 300)
    assert len(sizes) == 300
    assert [sizes[0], sizes[100], sizes[200]] == stops
    for (a, b), (c, d) in pairwise([*sizes, sizes[0]]):
        assert abs(math.log(c / a)) < 0.05
        assert abs(math.log(d / b)) < 0.05
    widths = [width for _, width in sizes[:101]]
    assert widths == sorted(widths)
    # Each change starts and ends slowly.
    assert widths[5] - widths[0] < 0.2 * (widths[52] - widths[47])


def test_every_frame_is_centred_on_the_same_canvas() -> None:
    painted: list[Size] = []

    def counted(size: Size) -> Tensor:
        painted.append(size)
        return paint(size)

    sizes = [(4, 6), (4, 6), (3, 8), (5, 2)]
    shown = [frame.clone() for frame in frames(sizes, counted)]
    assert painted == [(4, 6), (3, 8), (5, 2)]
    for frame, (height, width) in zip(shown, sizes, strict=True):
        assert frame.shape == (1, 3, 5, 8)
        assert int((frame != 1).sum()) == 3 * height * width
        top, left = (5 - height) // 2, (8 - width) // 2
        assert torch.equal(
            frame[..., top : top + height, left : left + width], paint((height, width))
        )


def test_a_sheet_has_every_height_with_every_width() -> None:
    sheet = collage([(4, 6), (10, 6), (4, 3)], paint)
    assert sheet.shape == (1, 3, 4 + 10 + 3 * GAP, 3 + 6 + 3 * GAP)
    below, right = 2 * GAP + 4, 2 * GAP + 3
    assert torch.equal(sheet[..., GAP : GAP + 4, GAP : GAP + 3], paint((4, 3)))
    assert torch.equal(sheet[..., below : below + 10, right : right + 6], paint((10, 6)))
    assert (sheet[..., GAP + 4 : below, :] == 1).all()
