"""Lines that end at a hole are continued through it."""

import torch
from torch import Tensor

from internal_gan.images.lines import continue_lines
from tests.tiny import holes


def scene() -> tuple[Tensor, Tensor, Tensor]:
    """Edges, image and hole: the hole interrupts the border between a dark and a bright half."""
    image = torch.full((1, 3, 40, 60), -0.5)
    image[..., 20:, :] = 0.5
    return holes((40, 60), (20, 0, 1, 60)), image, holes((40, 60), (8, 20, 24, 20))


def test_a_straight_line_is_continued_whatever_is_under_the_hole() -> None:
    edges, image, hole = scene()
    drawn = continue_lines(edges, image, hole)
    expected = edges * hole
    assert torch.equal(drawn, expected)
    assert torch.equal(continue_lines(edges * (1 - hole), image, hole), expected)
    hidden = torch.where(hole > 0, torch.rand(image.shape), image)
    drawn = continue_lines(torch.rand(hole.shape) * hole + edges, hidden, hole)
    assert torch.equal(drawn, expected)


def test_a_slope_is_continued_and_batch_items_are_independent() -> None:
    edges, image, hole = scene()
    slope = torch.zeros_like(edges)
    rows = torch.arange(60) // 2 + 5
    slope[0, 0, rows, torch.arange(60)] = 1
    picture = torch.where(torch.arange(40)[:, None] < rows, -0.5, 0.5).expand(1, 3, 40, 60)
    both = torch.cat([edges, slope]), torch.cat([image, picture])
    drawn = continue_lines(*both, hole.repeat(2, 1, 1, 1))
    assert torch.equal(drawn[:1], edges * hole)
    near = torch.nn.functional.max_pool2d(slope, 3, stride=1, padding=1)
    assert drawn[1].sum() >= 18
    assert (drawn[1:] <= near).all()


def test_lines_between_other_colours_or_of_another_direction_are_not_joined() -> None:
    edges, image, hole = scene()
    other = image.clone()
    other[..., 30:] *= -1
    assert not continue_lines(edges, other, hole).any()
    bent = edges.clone()
    bent[..., 40:] = 0
    bent[..., 32:, 30] = 1
    assert not continue_lines(bent, image, hole).any()
