"""Paint-to-image, editing and harmonization on a model of three scales."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.config.build import build
from internal_gan.images.masks import soften
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize
from internal_gan.models import redrawing
from internal_gan.models.redrawing import Change, bring_back, foreign, redraw, soft_mask
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.training import SinGANRecipe
from internal_gan.units import Size
from tests.tiny import holes, noise, picture, tiny_options, untrained


@pytest.fixture(scope="module")
def model() -> SinGAN:
    return untrained()


@pytest.mark.parametrize("size", [(20, 28), (39, 57), (400, 560)])
def test_a_photo_of_the_models_shape_is_worked_on_at_its_size(model: SinGAN, size: Size) -> None:
    assert redrawing.working_size(model, size) == (20, 28)


@pytest.mark.parametrize("size", [(200, 100), (30, 300), (7, 7)])
def test_other_shapes_keep_their_aspect_and_number_of_pixels(model: SinGAN, size: Size) -> None:
    height, width = redrawing.working_size(model, size)
    assert height * width == pytest.approx(20 * 28, rel=0.1)
    assert height / width == pytest.approx(size[0] / size[1], rel=0.12)
    made = redraw(model, Photo(picture(*size)), None, 2, seed=0, match=False).after
    assert made.shape == (1, 3, height, width)


@pytest.mark.parametrize(
    ("finest", "num_scales", "expected"),
    [
        # The default's pyramid: 12x16, 17x22, 23x31, 32x43, 45x60.
        ((45, 60), 5, (2, 2, 4)),
        ((188, 250), 9, (2, 2, 4)),
        ((188, 250), 2, (1, 1, 1)),
        ((12, 16), 3, (1, 1, 1)),
    ],
)
def test_default_start_scales_inject_the_same_number_of_pixels_into_every_pyramid(
    finest: Size, num_scales: int, expected: tuple[int, int, int]
) -> None:
    model = build(SinGANRecipe.architecture(tiny_options().model))
    ratios = [(12 / finest[0]) ** (1 - n / (num_scales - 1)) for n in range(num_scales)]
    sizes = [(round(finest[0] * r), round(finest[1] * r)) for r in ratios]
    model.restore({"sizes": sizes, "finished": num_scales})
    sides = (redrawing.PAINT, redrawing.EDIT, redrawing.HARMONIZE)
    assert tuple(redrawing.start_scale_for(model, side) for side in sides) == expected


@pytest.mark.parametrize("size", [(20, 28), (90, 130)])
def test_editing_changes_nothing_outside_of_the_soft_mask(model: SinGAN, size: Size) -> None:
    image, mask = picture(*size), holes(size, (5, 4, 6, 6))
    change = redraw(model, Photo(image), mask, 1, seed=0, match=False)
    for used in (soft_mask(model, mask, 2, 1), soft_mask(model, mask, 1, 0), mask):
        redrawn = brought_back(image, change, used)
        outside = (used == 0).expand_as(image)
        assert 0.1 < outside.float().mean() < 0.999
        assert torch.equal(redrawn[outside], image[outside])
        assert (redrawn - image)[~outside].abs().mean() > 0.002
        assert redrawn.abs().max() <= 1


def test_mask_lengths_are_in_pixels_of_the_models_size(model: SinGAN) -> None:
    """In a photo three times the model's size, a radius of 4 reaches 12 pixels."""
    grown = soft_mask(model, holes((60, 84), (30, 42, 3, 3)), 4, 0)
    reach = (grown[0, 0, 31] > 0.5).nonzero().flatten()
    assert (int(reach[0]), int(reach[-1])) == (42 - 12, 44 + 12)


def test_a_dab_grows_before_it_is_softened(model: SinGAN) -> None:
    """Softened first, it would fade away."""
    grown = soft_mask(model, holes((20, 28), (10, 14, 1, 1)), 6, 2)
    disk = torch.hypot(torch.arange(20.0)[:, None] - 10, torch.arange(28.0) - 14) <= 6
    assert torch.allclose(grown[0, 0], soften(disk.float()[None, None], 2)[0, 0], atol=0.002)
    assert grown[0, 0, 10, 14] > 0.9


def test_an_object_gets_the_photos_colours_unless_told_otherwise(model: SinGAN) -> None:
    image = picture(20, 28) * 0.3
    image[..., 5:13, 6:16] = torch.tensor([1.0, -1.0, 1.0]).view(1, 3, 1, 1)
    mask = F.pad(torch.ones(1, 1, 8, 10), (6, 12, 5, 7))
    photo = Photo(image)
    matched, plain = (redraw(model, photo, mask, 2, seed=0, match=m).after for m in (True, False))
    wanted = model.image.mean(dim=(2, 3))
    distances = [float((x[..., 7:11, 9:13].mean((2, 3)) - wanted).norm()) for x in (matched, plain)]
    assert distances[0] < 0.4 * distances[1]


def test_what_is_drawn_takes_the_given_colours_and_keeps_its_detail() -> None:
    detail = 0.2 * torch.sin(torch.arange(60.0) * 3).expand(1, 3, 40, 60)
    given = torch.linspace(-0.5, 0.5, 60).expand(1, 3, 40, 60)
    found = redrawing.with_colours(given, detail - 0.6, redrawing.EDIT)
    assert (found - given - detail).abs().mean() < 0.03


def test_a_place_that_the_photo_has_nothing_like_is_found() -> None:
    photo, given = picture(40, 60), picture(40, 60)
    assert foreign(photo, Photo(given))[0] < 0.02
    given[..., 20:30, 40:52] = torch.tensor([1.0, -1.0, 1.0]).view(3, 1, 1)
    share, row, column = foreign(photo, Photo(given))
    assert 0.02 < share < 0.2
    assert 18 <= row <= 31
    assert 38 <= column <= 53
    assert foreign(photo, Photo(given), holes((40, 60), (20, 40, 10, 12)))[0] > 0.9
    assert foreign(photo, Photo(given), torch.zeros(1, 1, 40, 60))[0] == 0


def grainy() -> torch.Tensor:
    """Blots with grain too fine for a copy at a quarter of the size."""
    return (picture(120, 160) * 0.6 + 0.15 * noise(120, 160, seed=1)).clamp(-1, 1)


def brought_back(image: Tensor, change: Change, mask: Tensor) -> Tensor:
    photo = Photo(image)
    return photo.with_drawn(bring_back(photo, change, mask)).colours


def test_at_the_same_size_the_change_is_pasted_unchanged() -> None:
    image, other, mask = grainy(), grainy().flip(3), holes((120, 160), (40, 53, 40, 53))
    result = brought_back(image, Change(image, other), mask)
    assert torch.equal(result, torch.where(mask > 0, other, image))
    soft = brought_back(image, Change(image, other), mask * 0.25)
    assert torch.allclose(soft, torch.where(mask > 0, 0.75 * image + 0.25 * other, image))


def test_a_change_of_colour_keeps_the_grain() -> None:
    image = grainy() * 0.7
    small = resize(image, (30, 40))
    result = brought_back(image, Change(small, small + 0.2), torch.ones(1, 1, 120, 160))
    assert torch.allclose(result, image + 0.2, atol=1e-4)


def test_an_edge_that_was_smoothed_away_does_not_come_back() -> None:
    image = torch.full((1, 3, 120, 160), -0.5)
    image[..., 81:] = 0.5
    small = resize(image, (30, 40))
    result = brought_back(image, Change(small, small * 0), torch.ones(1, 1, 120, 160))
    assert result.diff(dim=-1).abs().max() < 0.1
