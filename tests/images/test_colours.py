"""The colours of one picture are matched to those of another."""

import torch

from internal_gan.images.colours import match_colours
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
