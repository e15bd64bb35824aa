"""A change made in a small copy is transferred to the full-size photo."""

import torch

from internal_gan.images.resize import resize
from internal_gan.models.redrawing import Change, bring_back
from tests.tiny import holes, picture


def photo(height: int = 120, width: int = 160) -> torch.Tensor:
    """Blots with grain too fine for a copy at a quarter of the size."""
    grain = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) - 0.5
    return (picture(height, width) * 0.6 + 0.3 * grain).clamp(-1, 1)


def middle(height: int = 120, width: int = 160) -> torch.Tensor:
    return holes((height, width), (height // 3, width // 3, height // 3, width // 3))


def test_nothing_changes_outside_the_mask_bit_for_bit() -> None:
    image, mask = photo(), middle() * 0.5
    small = resize(image, (30, 40))
    result = bring_back(image, Change(small, -small), mask)
    outside = (mask == 0).expand_as(image)
    assert torch.equal(result[outside], image[outside])
    assert not torch.equal(result, image)


def test_at_the_same_size_the_change_is_pasted_unchanged() -> None:
    image, other, mask = photo(), photo().flip(3), middle()
    result = bring_back(image, Change(image, other), mask)
    assert torch.equal(result, torch.where(mask > 0, other, image))
    soft = bring_back(image, Change(image, other), mask * 0.25)
    assert torch.allclose(soft, torch.where(mask > 0, 0.75 * image + 0.25 * other, image))


def test_a_change_of_colour_keeps_the_grain() -> None:
    image = photo() * 0.7
    small = resize(image, (30, 40))
    result = bring_back(image, Change(small, small + 0.2), torch.ones(1, 1, 120, 160))
    assert torch.allclose(result, image + 0.2, atol=1e-4)


def test_an_edge_that_was_smoothed_away_does_not_come_back() -> None:
    image = torch.full((1, 3, 120, 160), -0.5)
    image[..., 81:] = 0.5
    small = resize(image, (30, 40))
    flat = torch.zeros_like(small)
    result = bring_back(image, Change(small, flat), torch.ones(1, 1, 120, 160))
    steps = (result[..., 1:] - result[..., :-1]).abs()
    assert steps.max() < 0.1
