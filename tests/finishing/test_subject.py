"""What matters in a photo guides the filling of its holes and margins."""

import torch

from internal_gan.finishing.filling import draw_filling, extend
from internal_gan.finishing.subject import Subject
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.resize import gaussian_blur
from tests.tiny import holes, picture, rng

RED = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)


def with_ball(row: int, column: int, radius: int = 9) -> Photo:
    """A red ball on a soft gray texture, 96 x 128."""
    noise = gaussian_blur(torch.randn(1, 1, 96, 128, generator=rng()), 1.5)
    y, x = torch.meshgrid(torch.arange(96), torch.arange(128), indexing="ij")
    ball = (y - row).square() + (x - column).square() <= radius**2
    return Photo(torch.where(ball, RED, noise.expand(-1, 3, -1, -1).clamp(-1, 1)))


def red(pixels: torch.Tensor) -> torch.Tensor:
    return (pixels[:, 0] > 0.5) & (pixels[:, 1] < -0.5)


def test_a_ball_beside_the_border_is_not_repeated() -> None:
    photo = with_ball(48, 115)
    made = extend(photo, Margins(0, 60, 0, 0), torch.zeros(1, 1, 96, 128))
    assert not red(made.pixels[..., 128:]).any()


def test_a_ball_that_the_hole_cuts_is_completed() -> None:
    """Better than by the colours alone, which give a sixth of it."""
    photo, hole = with_ball(48, 64, 14), holes((96, 128), (36, 60, 24, 8))
    inside = photo.with_drawn(draw_filling(photo, hole, None, None)[0]).pixels[..., 36:60, 60:68]
    assert red(inside).float().mean() > 0.25


def test_it_matters_at_the_rim_and_not_far_from_it() -> None:
    photo, hole = with_ball(48, 40), holes((96, 128), (36, 44, 24, 70))
    whole = slice(0, 96), slice(0, 128)
    guide = Subject(photo, hole, None).guide(whole, hole)
    assert guide[..., 48, 44] > 0.3
    assert guide[..., 48, 100] < 0.1
    assert guide.shape == (1, 1, 96, 128)


def test_what_is_in_the_hole_has_no_influence() -> None:
    hole = holes((300, 400), (100, 150, 60, 90))
    pixels = picture(300, 400)
    guides = [
        Subject(Photo(torch.where(hole > 0, value, pixels)), hole, None).guide(
            (slice(20, 280), slice(0, 400)), hole[..., 20:280, :]
        )
        for value in (-1.0, 1.0)
    ]
    assert torch.equal(*guides)


def test_a_large_photo_has_the_guide_of_its_copy() -> None:
    small, hole = with_ball(48, 64), holes((96, 128), (10, 10, 20, 20))
    large = small.pixels.repeat_interleave(10, 2).repeat_interleave(10, 3)
    tall = hole.repeat_interleave(10, 2).repeat_interleave(10, 3)
    guides = [
        Subject(photo, there, None).guide((slice(0, rows), slice(0, columns)), hole)
        for photo, there, rows, columns in ((small, hole, 96, 128), (Photo(large), tall, 960, 1280))
    ]
    assert (guides[0] - guides[1]).abs().mean() < 0.08
