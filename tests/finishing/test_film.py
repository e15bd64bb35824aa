"""Films: the photo, moved as drawings are."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from internal_gan.finishing.film import LARGEST_CHANGE, Motion, between, motions, turns
from internal_gan.finishing.finisher import Finisher
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.origin import BLENDED, Origin
from internal_gan.images.files.memory import to_photo
from internal_gan.images.flow import warped
from internal_gan.images.levels import pixels_of
from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Pixels
from internal_gan.units import Size
from tests.patches.pictures import blobs, picture

SIZE = (160, 200)
SMALL = (48, 60)


@pytest.fixture(scope="module")
def photo() -> Photo:
    return to_photo(picture("mountains", SIZE))


@pytest.fixture(scope="module")
def drawing(photo: Photo) -> Pixels:
    return resize(photo.pixels, SMALL).clamp(-1, 1)


def film(photo: Photo, *drawings: Pixels, size: Size | None = None) -> Any:
    finisher = Finisher(drawings[0], lambda longest: photo, size)
    return list(finisher.film(iter(drawings), size is None, None, traced=True))


def shift(rows: float, columns: float, size: Size) -> Tensor:
    return torch.tensor([rows, columns]).view(1, 2, 1, 1).expand(1, 2, *size)


def moved(drawing: Pixels, rows: float, columns: float) -> Pixels:
    return warped(drawing, shift(rows, columns, size_of(drawing)), "bicubic").clamp(-1, 1)


def sharpness(pixels: Pixels) -> float:
    return sum(float(pixels.diff(dim=axis).abs().mean()) for axis in (-1, -2))


def test_it_begins_with_the_photo_bit_for_bit(photo: Photo, drawing: Pixels) -> None:
    """Whatever the network loses of it."""
    levels = np.random.default_rng(0).integers(0, 65536, (*SIZE, 4)).astype(np.uint16)
    for given in (photo, to_photo(levels)):
        first, second = film(given, drawing, moved(drawing, 0.5, 0.5))
        assert torch.allclose(first.pixels, given.pixels, atol=1e-6)
        if given.alpha is not None:
            assert torch.equal(first.alpha, given.alpha)
        assert not torch.equal(second.pixels, given.pixels)


def test_a_motion_of_the_drawing_moves_the_photo_as_far(photo: Photo, drawing: Pixels) -> None:
    first, second = film(photo, drawing, moved(drawing, 1.2, -1.5))
    inside = (..., slice(20, -20), slice(20, -20))
    expected = moved(photo.pixels, 4.0, -5.0)[inside]
    off = (second.pixels[inside] - expected).abs().mean()
    assert off < 0.25 * (first.pixels[inside] - expected).abs().mean()
    assert sharpness(second.pixels) > 0.9 * sharpness(first.pixels)


def test_light_changes_colours_and_moves_nothing(photo: Photo, drawing: Pixels) -> None:
    light = 0.14 * torch.linspace(-1, 1, SMALL[1]).view(1, 1, 1, -1)
    light = light * torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1)  # as bright as before
    first, second = film(photo, drawing * 0.5, drawing * 0.5 + light)
    added = second.pixels - first.pixels
    expected = resize(light.expand(1, 3, *SMALL), SIZE)
    assert (added - expected)[second.pixels.abs() < 1].abs().mean() < 0.01


def test_a_large_change_is_a_new_thing_and_shown_as_a_shadow() -> None:
    black, white = (torch.full((1, 3, 24, 32), level) for level in (-1.0, 1.0))
    changes = [motion.change for motion in motions([black, white, black])]
    for change, expected in zip(changes, (0.0, LARGEST_CHANGE, 0.0), strict=True):
        assert torch.allclose(change, torch.tensor(expected))
    [_, change] = (motion.change for motion in motions([white, black]))
    assert torch.allclose(change, torch.tensor(-LARGEST_CHANGE))


@pytest.mark.parametrize(
    ("photo_size", "size"), [((3, 90), (9, 90)), ((3, 90), (130, 97)), ((97, 130), (31, 103))]
)
def test_another_size_begins_with_its_first_drawing(photo_size: Size, size: Size) -> None:
    photo = to_photo(picture("gravel", photo_size))
    drawings = [pixels_of(picture(name, (9, 12))) for name in ("gravel", "peaks")]
    first, second = film(photo, *drawings, size=size)
    whole = Finisher(drawings[0], lambda longest: photo, size)(drawings[0])
    assert torch.equal(first.pixels, whole.pixels)
    assert second.pixels.shape == (1, 3, *size)


def test_layers_and_opacity_move_with_the_colours(drawing: Pixels) -> None:
    """A disk that moves to the right by 10 pixels."""
    rows, columns = np.indices(SIZE)

    def disk(left: int) -> NDArray[np.bool_]:
        return np.asarray((rows - 80) ** 2 + (columns - left) ** 2 < 40**2)

    def drawn(left: int) -> Tensor:
        colours = np.where(disk(left)[..., None], (250, 200, 40), (30, 60, 90))
        return pixels_of(colours.astype(np.uint8))

    colours = drawn(90)
    alpha = torch.from_numpy(disk(90)[None, None].astype(np.float32))
    photo = Photo(colours, alpha=alpha, mode="RGBA")
    labels = Layer("labels", disk(90).astype(np.uint8), "P")
    _, second = film(photo, *[resize(drawn(left), SMALL).clamp(-1, 1) for left in (90, 100)])
    there = disk(100)
    assert (second.alpha[0, 0].numpy() > 0.5)[there].mean() > 0.97
    assert ((second.alpha[0, 0].numpy() > 0.5) == there).mean() > 0.98
    assert (second.origin.kinds == BLENDED).all()
    assert (labels.along(second.origin).values == there).mean() > 0.98


def test_a_few_drawings_make_a_film_of_any_length() -> None:
    """Which has them at their times, begins at rest, and closes as smoothly as it goes."""
    angles = torch.arange(8) * 2 * torch.pi / 8
    waves = [1 - angles.cos(), angles.sin() - (2 * angles).sin()]
    values = torch.stack(waves, 1).view(8, 1, 2, 1, 1)
    keys = [Motion(value, 3 * value[:, :1]) for value in values]
    for rounds in (1, 2):
        made = torch.cat([motion.flow for motion in between(keys, rounds, 80)])[..., 0, 0]
        assert made[0].abs().max() < 1e-6
        assert torch.allclose(made[:: 10 // rounds][:8], values[:, 0, :, 0, 0], atol=1e-5)
        steps = (made.roll(-1, 0) - made).abs().amax(dim=1)
        assert steps[-1] < 1.2 * steps[:-1].max()
    assert torch.allclose(next(between(keys, 1, 3)).change, keys[0].change)
    assert [turns(seconds) for seconds in (0.5, 4, 7, 12)] == [1, 1, 2, 3]


def test_a_change_of_light_has_nothing_of_the_drawings_noise(drawing: Pixels) -> None:
    noise = 0.1 * torch.randn(drawing.shape, generator=torch.Generator().manual_seed(0))
    _, motion = motions([drawing, drawing + noise + torch.full_like(drawing, 0.1)])
    assert motion.change.mean() > 0.03
    assert sharpness(motion.change) < 0.25 * sharpness(noise)


def test_borders_that_meet_do_so_in_every_frame() -> None:
    """What leaves a tile on one side comes in at the other."""
    photo = to_photo(blobs(96, 128))
    small = resize(photo.pixels, (48, 64)).clamp(-1, 1)
    drawings = [small, small.roll((1, -2), (-2, -1))]
    finisher = Finisher(small, lambda longest: photo)
    _, done = finisher.film(iter(drawings), True, None, True, (True, True))
    off = (done.pixels - photo.pixels.roll((2, -4), (-2, -1))).abs()
    assert off.mean() < 0.05
    for axis in (-2, -1):
        over = done.pixels.narrow(axis, 0, 1) - done.pixels.narrow(axis, -1 % off.shape[axis], 1)
        assert over.abs().mean() < 1.2 * done.pixels.diff(dim=axis).abs().mean()


@pytest.mark.parametrize("rows", [-6.0, 0.0, 4.0])
@pytest.mark.parametrize("columns", [-5.0, 3.0])
@pytest.mark.parametrize("wrap", [NO_WRAP, (False, True)])
def test_an_origin_names_pixels_beyond_borders(
    photo: Photo, rows: float, columns: float, wrap: Wrap
) -> None:
    """By whole pixels, each of which is a pixel of the photo, mirrored at the borders, or at the
    other one if they meet."""
    motion = Motion(shift(rows, columns, SIZE), torch.zeros(1, 3, *SIZE), wrap)
    origin = motion.origin(Origin(own_places(SIZE), np.zeros(SIZE, np.uint8), SIZE))
    made, given = (x[0].movedim(0, -1).numpy() for x in (motion.moved(photo.pixels), photo.pixels))
    assert np.allclose(made, taken(given, origin.places), atol=1e-4)
