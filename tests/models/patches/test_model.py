"""A photo's patches as a model."""

import math

import pytest
import torch
from torch import Tensor

from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.finishing.filling import DETECTOR
from internal_gan.images.files.image import read_image
from internal_gan.images.periodic import Tileable
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import wider_limit
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Motion
from internal_gan.models.patches.model import Patches
from internal_gan.units import Size
from tests.commands import ROOT
from tests.tiny import holes, picture
from tests.tiny import sample as drawn


@pytest.fixture(scope="module")
def model() -> Patches:
    return Patches.of(read_image(ROOT / "examples" / "photos" / "gravel.jpg").shrunk_to((36, 48)))


@pytest.mark.parametrize("size", [(30, 40), (90, 120), (300, 300), (60, 160), (41, 14)])
def test_its_sizes_are_those_of_singans_default_pyramid(size: Size) -> None:
    model, given = Patches.of(Photo(picture(*size))), compose(["model=singan"]).model
    longest = wider_limit(size, given["max_size"], given["max_aspect"]) or given["max_size"]
    assert model.sizes == build({**given, "max_size": longest}).prepare(picture(*size)).sizes
    assert model.finished == len(model.sizes)
    assert not model.is_trained
    assert not [*model.parameters()]


def test_samples_depend_on_their_seeds_alone(model: Patches) -> None:
    two = drawn(model, 2, seed=3)
    assert torch.equal(two[1:], drawn(model, seed=4))
    assert (two[0] - two[1]).abs().mean() > 0.05


def test_the_higher_the_start_scale_the_closer_to_the_photo(model: Patches) -> None:
    gaps = [
        float((drawn(model, start_scale=scale) - model.image).abs().mean())
        for scale in range(model.num_stages)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.5 * gaps[0]


@pytest.mark.parametrize("start_scale", [0, 1])
def test_a_sample_that_wraps_has_no_step_at_its_borders(model: Patches, start_scale: int) -> None:
    made = drawn(model, size=(28, 44), start_scale=start_scale, tileable=True)
    for axis in (2, 3):
        steps = (made - made.roll(1, axis)).abs().mean(dim=(0, 1, 5 - axis))
        assert steps[0] < 1.5 * steps[1:].mean()


@pytest.fixture(scope="module")
def landscape() -> Patches:
    """Sky above mountains."""
    peaks = read_image(ROOT / "examples" / "photos" / "peaks.jpg").pixels
    return Patches.of(Photo(resize(peaks, (24, 32)).clamp(-1, 1)))


@pytest.mark.parametrize("start_scale", [0, 1])
def test_height_counts_unless_the_top_meets_the_bottom(
    landscape: Patches, start_scale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(price: float, tileable: Tileable) -> Tensor:
        monkeypatch.setattr("internal_gan.models.patches.layout.PRICE", price)
        return drawn(landscape, start_scale=start_scale, tileable=tileable)

    assert torch.equal(made(300, "y"), made(0, "y"))
    assert not torch.equal(made(300, "x"), made(0, "x"))


def test_injected_height_counts_less(landscape: Patches, monkeypatch: pytest.MonkeyPatch) -> None:
    def injected(price: float, share: float) -> Tensor:
        monkeypatch.setattr("internal_gan.models.patches.layout.PRICE", price)
        monkeypatch.setattr("internal_gan.models.patches.model.INJECTED_PRICE", share)
        return landscape.inject(landscape.image.flip(2), 1)

    assert torch.allclose(injected(300, 0.5), injected(150, 1.0), atol=1e-3)
    assert not torch.allclose(injected(300, 0.5), injected(300, 1.0), atol=1e-2)


def test_an_injected_picture_is_held_the_more_the_higher_the_scale(model: Patches) -> None:
    given = resize(picture(60, 80, seed=5), model.sizes[-1])
    made = [model.inject(given, scale, seed=1) for scale in range(1, model.num_stages)]
    assert {image.shape for image in made} == {(1, 3, *model.sizes[-1])}
    gaps = [float((given - image).abs().mean()) for image in made]
    assert gaps == sorted(gaps, reverse=True)
    assert torch.equal(made[0], model.inject(given, 1, seed=1))
    assert not torch.equal(made[0], model.inject(given, 1, seed=2))


def test_a_film_is_a_round(landscape: Patches) -> None:
    def frames(count: int, seconds: float = 2.0) -> Tensor:
        return torch.cat([*landscape.animate(count, Motion(count / seconds, 0.1), seed=2)])

    film = frames(12)
    assert torch.allclose(film[::3], frames(4), atol=1e-5)
    steps = (film.roll(-1, 0) - film).abs().mean(dim=(1, 2, 3))
    assert steps[-1] < 1.5 * steps[:-1].mean()
    assert (film[6] - film[0]).abs().mean() > 0.02
    assert torch.allclose(frames(8, 8.0)[:4], frames(4, 4.0), atol=1e-5)


def test_a_filling_is_random_only_with_a_seed(model: Patches) -> None:
    photo, hole = Photo(picture(60, 80)), holes((60, 80), (20, 30, 20, 20))
    made = [model.fill(photo, hole, None, hole, seed) for seed in (None, None, 1)]
    images = [photo.with_drawn(one.drawn).colours for one in made]
    assert torch.equal(images[0], images[1])
    assert not torch.equal(images[0], images[2])
    assert torch.equal(images[2] * (1 - hole), photo.colours * (1 - hole))
    assert math.isclose(made[0].scale, 1.0)


def test_a_filling_follows_lines(model: Patches) -> None:
    """A plain has a ditch in the hole; steps as deep are elsewhere in the photo."""
    rows, ground = torch.arange(96)[:, None], torch.full((128,), 40)
    for start in (10, 52, 96):
        ground[start : start + 24] = 54
    photo = 0.1 * picture(96, 128) + torch.where(rows < ground, 0.8, -0.8)
    hole = holes((96, 128), (28, 46, 38, 36))
    lines = None, DETECTOR(photo) * hole
    drawn = (model.fill(Photo(photo), hole, edges, hole, None).drawn for edges in lines)
    made = [Photo(photo).with_drawn(one).colours for one in drawn]
    free, led = (float(((image - photo).abs() * hole).sum()) for image in made)
    assert led < 0.75 * free


def test_a_film_holds_the_photo_at_its_start_scale(model: Patches) -> None:
    for scale in (1, 2):
        [first] = model.animate(1, Motion(8, 0.1, scale))
        real = model.real(scale - 1)
        assert (resize(first, size_of(real)) - real).abs().mean() < 0.02
