"""The colours of one picture are matched to those of another, or to a few of its own."""

import torch

from internal_gan.images.colours import match_colours, nearest_colours, palette_of
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


def test_an_image_of_few_colours_has_those_colours() -> None:
    colours = torch.tensor([[-1, -1, 1], [1, 0.2, 0.2], [0.2, 1, -0.2]])
    places = torch.randint(3, (20, 30), generator=torch.Generator().manual_seed(0))
    image = colours[places].permute(2, 0, 1).unsqueeze(0)
    palette = palette_of(image, 8)
    assert palette.shape == (3, 3)
    assert torch.allclose(nearest_colours(image, palette), image, atol=0.01)


def test_more_colours_are_closer_to_the_image() -> None:
    image = picture()
    errors = []
    for count in (2, 8, 32):
        palette = palette_of(image, count)
        assert palette.shape == (count, 3)
        reduced = nearest_colours(image, palette)
        assert len({tuple(colour) for colour in reduced[0].flatten(1).T.tolist()}) == count
        errors.append(float((reduced - image).square().mean()))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_a_pixel_gets_the_nearest_colour() -> None:
    palette = torch.tensor([[-1.0, -1, -1], [1, 1, 1], [1, -1, -1]])
    pixels = torch.tensor([[0.9, -0.4, -0.5], [-0.2, 0.1, -0.5]]).T.reshape(1, 3, 1, 2)
    assert nearest_colours(pixels, palette)[0, :, 0].T.tolist() == [[1, -1, -1], [-1, -1, -1]]
