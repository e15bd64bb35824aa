"""A smooth filling keeps what is known, and continues it without waves or jumps."""

import pytest
import torch
from torch import Tensor

from internal_gan.images.fill import fill_smoothly
from tests.tiny import picture


def hole(height: int = 40, width: int = 56) -> Tensor:
    unknown = torch.zeros(1, 1, height, width)
    unknown[..., 10:25, 12:40] = 1
    return unknown


def test_known_pixels_stay_bit_for_bit() -> None:
    image, unknown = picture(), hole()
    filled = fill_smoothly(image, unknown)
    outside = (unknown == 0).expand_as(image)
    assert torch.equal(filled[outside], image[outside])


def test_what_is_inside_is_of_no_account() -> None:
    image, unknown = picture(), hole()
    emptied = torch.where(unknown > 0, torch.nan, image)
    assert torch.equal(fill_smoothly(emptied, unknown), fill_smoothly(image, unknown))


def test_a_constant_is_continued_exactly() -> None:
    assert torch.allclose(fill_smoothly(torch.full((2, 3, 40, 56), 0.3), hole()), torch.tensor(0.3))


def test_a_ramp_is_continued_nearly() -> None:
    ramp = torch.linspace(-1, 1, 56).expand(1, 3, 40, 56)
    assert (fill_smoothly(ramp, hole()) - ramp).abs().max() < 0.15


def test_nothing_is_brighter_or_darker_than_what_is_known() -> None:
    image, unknown = picture(), hole()
    known = image[(unknown == 0).expand_as(image)]
    filled = fill_smoothly(image, unknown)
    assert filled.min() >= known.min() - 1e-5
    assert filled.max() <= known.max() + 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (17, 33)])
def test_any_size_will_do_also_without_a_known_pixel(size: tuple[int, int]) -> None:
    image = torch.full((1, 3, *size), torch.nan)
    assert torch.equal(fill_smoothly(image, torch.ones(1, 1, *size)), torch.zeros(1, 3, *size))
