"""Drawings are finished with a photo's own pixels, at any size."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from internal_gan.finishing import drawing as finishing
from internal_gan.finishing.drawing import Indices, Rebuilt, finish, up_to
from internal_gan.finishing.origin import BLENDED, EXACT
from internal_gan.finishing.seams import HOLD, Hiding, seam_figure
from internal_gan.finishing.sizes import SHORTEST, resized
from internal_gan.finishing.walker import Fixed, Level
from internal_gan.images.periodic import Wrap
from internal_gan.patches.origins import own_places, taken
from tests.patches.pictures import noise, picture


@pytest.fixture
def octaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes small pictures use octaves too."""
    monkeypatch.setattr(finishing, "LAYOUT_SIDE", 96)


def check(done: Rebuilt, photo: NDArray[Any], size: tuple[int, int]) -> None:
    """Check what holds for every finished picture."""
    assert done.pixels.shape == (*size, 3)
    assert done.pixels.dtype == photo.dtype
    places = done.origin.places
    assert places.shape == (*size, 2)
    assert done.origin.kinds.shape == size
    assert places.min() >= 0
    assert (places.reshape(-1, 2).max(axis=0) < photo.shape[:2]).all()
    same = (done.pixels == taken(photo, places)).all(axis=2)
    assert np.array_equal(same, done.origin.kinds == EXACT)


@pytest.mark.usefixtures("octaves")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_shrunk_photo_comes_back_as_the_photo(kind: type) -> None:
    photo: NDArray[Any] = picture("gravel", (181, 243)).astype(kind)
    if kind is np.uint16:
        photo = photo * 257 + 3
    drawing = resized(picture("gravel", (181, 243)), (45, 60))
    done = finish(drawing, Indices(photo), (181, 243))
    check(done, photo, (181, 243))
    assert (done.pixels == photo).all(axis=2).mean() > 0.95


@pytest.mark.usefixtures("octaves")
def test_fixed_pixels_are_exact_and_no_seam_shows_around_them() -> None:
    photo, drawing = picture("mountains", (150, 200)), picture("peaks", (45, 60))
    where = np.zeros((150, 200), np.bool_)
    where[60:110, 30:90] = True
    fixed = Fixed(where, own_places((150, 200)))
    done = finish(drawing, Indices(photo), (150, 200), fixed=fixed)
    check(done, photo, (150, 200))
    assert np.array_equal(done.pixels[where], photo[where])
    assert (done.origin.kinds[55:60, 30:90] == BLENDED).any()
    around = (slice(56, 114), slice(26, 94))
    places = done.origin.places
    both = done.pixels, taken(photo, places)
    seams = [seam_figure(pixels[around], places[around], photo) for pixels in both]
    assert seams[0] < 0.7 * seams[1]


@pytest.mark.usefixtures("octaves")
def test_another_layout_is_composed_with_hidden_seams() -> None:
    photo, drawing = picture("mountains", (150, 200)), picture("peaks", (45, 60))
    done = finish(drawing, Indices(photo), (150, 200))
    check(done, photo, (150, 200))
    assert 0 < done.origin.shares[EXACT] < 1
    # The correction hides seams: they are more visible in the bare copy.
    places = done.origin.places
    both = done.pixels, taken(photo, places)
    seams = [seam_figure(pixels, places, photo) for pixels in both]
    assert seams[0] < min(seams[1], 1.3)
    assert 0 < done.largest_piece < 1


@pytest.mark.usefixtures("octaves")
@pytest.mark.parametrize(
    ("photo_size", "size"),
    [
        ((1, 1), (1, 1)),
        ((3, 90), (5, 40)),  # smaller than a patch
        ((8, 8), (30, 5)),
        ((25, 25), (25, 25)),
        ((97, 51), (31, 203)),
        ((193, 260), (3, 10)),  # smaller than a patch even two octaves up
        ((193, 260), (260, 193)),
    ],
)
@pytest.mark.parametrize("wrap", [(False, False), (False, True), (True, True)])
def test_sizes(photo_size: tuple[int, int], size: tuple[int, int], wrap: Wrap) -> None:
    photo = picture("gravel", photo_size)
    check(finish(picture("gravel", (8, 9)), Indices(photo), size, wrap=wrap), photo, size)


def test_a_flat_photo() -> None:
    photo = np.full((60, 80, 3), 77, np.uint8)
    done = finish(picture("gravel", (20, 30)), Indices(photo), (60, 80))
    check(done, photo, (60, 80))
    assert (done.pixels == 77).all()


@pytest.mark.usefixtures("octaves")
def test_a_wrapping_result_is_seamless_at_full_size() -> None:
    photo = picture("gravel", (160, 200))
    done = finish(resized(photo, (40, 50)), Indices(photo), (160, 200), wrap=(True, True))
    check(done, photo, (160, 200))
    # Colours are held as far as at the size of the layout, an octave below.
    assert done.origin.hiding == Hiding(HOLD / 2, (True, True))
    pixels = done.pixels.astype(float)
    for axis in range(2):
        steps = np.abs(np.roll(pixels, -1, axis) - pixels).mean(axis=(1 - axis, 2))
        assert steps[-1] < 1.25 * steps[:-1].mean()


@pytest.mark.usefixtures("octaves")
def test_any_number_of_threads() -> None:
    photo, drawing = picture("mountains", (170, 220)), picture("peaks", (45, 60))
    before, found = torch.get_num_threads(), list[Rebuilt]()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(finish(drawing, Indices(photo), (170, 220)))
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(found[0].origin.places, found[1].origin.places)
    assert np.array_equal(found[0].pixels, found[1].pixels)


def test_a_near_copy_is_synthesised_again_from_a_larger_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At once, when one piece covers more than allowed, and only then."""
    watched, decided = Mock(wraps=up_to), Mock(wraps=Level.decided)
    monkeypatch.setattr(finishing, "up_to", watched)
    monkeypatch.setattr(Level, "decided", lambda *given: decided(*given))
    photo = picture("mountains", (90, 120))
    assert finish(resized(photo, (45, 60)), Indices(photo), (90, 120)).largest_piece > 0.9
    assert [call.args[3] for call in watched.call_args_list] == [SHORTEST, finishing.CAREFUL]
    sides = [call.args[0].size[0] for call in decided.call_args_list]
    assert sides == sorted(set(sides))
    watched.reset_mock()
    assert finish(noise((45, 60)), Indices(photo), (90, 120)).largest_piece < finishing.LARGEST
    assert [call.args[3] for call in watched.call_args_list] == [SHORTEST]
