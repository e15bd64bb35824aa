"""Few colours are counted, and those of one picture are matched to those of another."""

import pytest
import torch

from internal_gan.images.colours import has_few_colours, in_floats, match_colours
from tests.tiny import picture


def test_the_part_gets_the_mean_and_at_most_the_contrast_of_the_reference() -> None:
    image, reference = picture(seed=1) * 0.8, picture(seed=2) * 0.2 + 0.3
    whole = torch.ones(1, 1, *image.shape[-2:])
    matched = match_colours(image, whole, reference)
    assert torch.allclose(matched.mean((2, 3)), reference.mean((2, 3)), atol=1e-3)
    assert torch.allclose(matched.std((2, 3)), reference.std((2, 3)), rtol=0.02)
    flat = match_colours(image * 0.05, whole, reference)
    assert torch.allclose(flat.std((2, 3)), (image * 0.05).std((2, 3)), rtol=0.02)
    assert torch.allclose(flat.mean((2, 3)), reference.mean((2, 3)), atol=1e-3)


def test_only_the_part_is_measured_and_changed() -> None:
    image = picture()
    mask = torch.zeros(1, 1, *image.shape[-2:])
    mask[..., 10:20, 10:30] = 1
    matched = match_colours(image, mask, torch.full_like(image, 0.25))
    assert torch.equal(matched[..., :10, :], image[..., :10, :])
    assert torch.allclose(matched[..., 10:20, 10:30], torch.tensor(0.25), atol=1e-5)


@pytest.mark.parametrize(("count", "few"), [(256, True), (257, False)])
def test_few_colours_are_counted_in_the_whole_picture(count: int, few: bool) -> None:
    """Most of them are in one of its last rows, which a first look does not see."""
    colours = torch.zeros(1, 3, 700, 700, dtype=torch.uint8)
    other = torch.arange(count - 1)
    colours[0, ::2, -9, : count - 1] = torch.stack([other % 16 + 1, other // 16 + 1]).to(
        torch.uint8
    )
    assert has_few_colours(colours) == has_few_colours(in_floats(colours)) == few
