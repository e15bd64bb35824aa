"""Drawings are finished with a photo's own pixels, at any size."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from internal_gan.finishing import drawing as finishing
from internal_gan.finishing.drawing import Octaves, Rebuilt, finish, up_to
from internal_gan.finishing.origin import BLENDED, EXACT
from internal_gan.finishing.seams import HOLD, Hiding, seam_figure
from internal_gan.finishing.sizes import SHORTEST, resized
from internal_gan.finishing.walker import Fixed, Level
from internal_gan.images.periodic import Wrap
from internal_gan.patches import fast
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Image
from internal_gan.training.threads import restored
from tests.patches.pictures import noise, picture

SIZE = (150, 200)


@pytest.fixture(autouse=True)
def octaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes small pictures use octaves too."""
    monkeypatch.setattr(finishing, "LAYOUT_SIDE", 96)


def seams(done: Rebuilt, photo: Image, window: Any = ...) -> list[float]:
    """How much seams show in a finished picture, and in a bare copy of the photo's pixels."""
    places = done.origin.places
    both = done.pixels, taken(photo, places)
    return [seam_figure(pixels[window], places[window], photo) for pixels in both]


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


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_shrunk_photo_comes_back_as_the_photo(kind: type) -> None:
    size, levels = (121, 163), picture("gravel", (121, 163))
    photo = levels if kind is np.uint8 else levels.astype(kind) * 257 + 3
    done = finish(resized(levels, (40, 54)), Octaves(photo), size)
    check(done, photo, size)
    assert (done.pixels == photo).all(axis=2).mean() > 0.95


def test_fixed_pixels_are_exact_and_no_seam_shows_around_them() -> None:
    photo, drawing = picture("mountains", SIZE), picture("peaks", (45, 60))
    where = np.zeros(SIZE, np.bool_)
    where[60:110, 30:90] = True
    done = finish(drawing, Octaves(photo), SIZE, fixed=Fixed(where, own_places(SIZE)))
    check(done, photo, SIZE)
    assert np.array_equal(done.pixels[where], photo[where])
    assert (done.origin.kinds[55:60, 30:90] == BLENDED).any()
    hidden, bare = seams(done, photo, np.s_[56:114, 26:94])
    assert hidden < 0.7 * bare


def test_what_is_given_is_found_nowhere_else() -> None:
    photo, where = picture("mountains", SIZE), np.zeros(SIZE, np.bool_)
    where[60:110, 30:90] = True
    drawing = photo.copy()
    drawing[60:110, 110:170] = photo[where].reshape(50, 60, 3)
    given = Fixed(where, own_places(SIZE))
    done = finish(resized(drawing, (45, 60)), Octaves(photo), SIZE, fixed=given)
    assert taken(where, done.origin.places)[~where].mean() < 0.01


def test_another_layout_is_composed_with_hidden_seams() -> None:
    photo, drawing = picture("mountains", SIZE), picture("peaks", (45, 60))
    done = finish(drawing, Octaves(photo), SIZE)
    check(done, photo, SIZE)
    assert 0 < done.origin.shares[EXACT] < 1
    # The correction hides seams: they are more visible in the bare copy.
    hidden, bare = seams(done, photo)
    assert hidden < min(bare, 1.3)
    assert 0 < done.largest_piece < 1


@pytest.mark.parametrize(
    ("photo_size", "size"),
    [
        ((1, 1), (1, 1)),
        ((3, 90), (5, 40)),  # smaller than a patch
        ((8, 8), (30, 5)),
        ((25, 25), (25, 25)),
        ((97, 51), (31, 203)),
        ((193, 260), (3, 10)),  # smaller than a patch even two octaves up
    ],
)
@pytest.mark.parametrize("wrap", [(False, False), (False, True), (True, True)])
def test_sizes(photo_size: tuple[int, int], size: tuple[int, int], wrap: Wrap) -> None:
    photo = picture("gravel", photo_size)
    check(finish(picture("gravel", (8, 9)), Octaves(photo), size, wrap=wrap), photo, size)


def test_a_flat_photo() -> None:
    photo = np.full((60, 80, 3), 77, np.uint8)
    done = finish(picture("gravel", (20, 30)), Octaves(photo), (60, 80))
    check(done, photo, (60, 80))
    assert (done.pixels == 77).all()


def test_a_wrapping_result_is_seamless_at_full_size() -> None:
    photo = picture("gravel", (160, 200))
    done = finish(resized(photo, (40, 50)), Octaves(photo), (160, 200), wrap=(True, True))
    check(done, photo, (160, 200))
    # Colours are held as far as at the size of the layout, an octave below.
    assert done.origin.hiding == Hiding(HOLD / 2, (True, True))
    pixels = done.pixels.astype(float)
    for axis in range(2):
        steps = np.abs(np.roll(pixels, -1, axis) - pixels).mean(axis=(1 - axis, 2))
        assert steps[-1] < 1.25 * steps[:-1].mean()


def test_any_number_of_threads_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """All patches are compared only at the smallest size: once both ways."""
    compared, pool = Mock(wraps=fast._nearest), fast._pool
    backwards = Mock(map=lambda run, bands: [run(band) for band in reversed(bands)])
    monkeypatch.setattr(fast, "_nearest", compared)
    photo, drawing = picture("mountains", (220, 110)), picture("peaks", (73, 36))
    found = list[Rebuilt]()
    with restored():
        for threads, kind in ((1, pool), (3, pool), (3, lambda _: backwards)):
            torch.set_num_threads(threads)
            monkeypatch.setattr(fast, "_pool", kind)
            found.append(finish(drawing, Octaves(photo), (220, 110)))
    for other in found[1:]:
        assert np.array_equal(found[0].origin.places, other.origin.places)
        assert np.array_equal(found[0].pixels, other.pixels)
    assert [len(call.args[0]) for call in compared.call_args_list] == 6 * [73]


def test_a_near_copy_is_made_again_from_a_larger_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, when one piece covers more than allowed, and only then."""
    watched, decided = Mock(wraps=up_to), Mock(wraps=Level.decided)
    monkeypatch.setattr(finishing, "up_to", watched)
    monkeypatch.setattr(Level, "decided", lambda *given: decided(*given))
    photo = picture("mountains", (90, 120))
    assert finish(resized(photo, (45, 60)), Octaves(photo), (90, 120)).largest_piece > 0.9
    assert [call.args[2] for call in watched.call_args_list] == [SHORTEST, finishing.CAREFUL]
    sides = [call.args[0].size[0] for call in decided.call_args_list]
    assert sides == sorted(set(sides))
    watched.reset_mock()
    made = finish(noise((45, 60), seed=2), Octaves(photo), (90, 120))
    assert made.largest_piece < finishing.LARGEST_PIECE
    assert [call.args[2] for call in watched.call_args_list] == [SHORTEST]
