"""Photos of 16 bits that use a small part of their range are searched as if they used all of it."""

import numpy as np
import pytest
import torch

from internal_gan.finishing.drawing import Octaves, finish
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.finisher import Finisher
from internal_gan.images.files.memory import to_photo
from internal_gan.images.levels import ALL, in_eight_bits, levels_of, spread, used_range
from internal_gan.images.photo import Margins
from internal_gan.shapes import Levels
from tests.tiny import holes, picture

LOW, STEP = 29056, 2


@pytest.fixture
def wide() -> Levels:
    """A picture of 8 bits that uses all of them."""
    levels = levels_of(picture(48, 64), 255)
    levels[0, :2] = [[0] * 3, [255] * 3]
    return levels


def narrow(levels: Levels) -> Levels:
    """The same but for an offset and a factor."""
    return (LOW + STEP * levels.astype(np.uint16)).astype(np.uint16)


def test_the_range_is_that_of_all_but_a_few_values(wide: Levels) -> None:
    low, high = (2 * level / 65535 - 1 for level in (LOW, LOW + STEP * 255))
    assert used_range(to_photo(narrow(wide))) == pytest.approx((low, high), abs=2e-4)
    stars = narrow(np.tile(wide, (4, 4, 1)))
    stars[::90, ::90] = 65535
    assert used_range(to_photo(stars)) == pytest.approx((low, high), abs=2e-4)


def test_a_photo_that_uses_its_range_and_a_flat_one_are_left_alone(wide: Levels) -> None:
    flat = np.full((48, 64), LOW, np.uint16)
    for photo in map(to_photo, (wide, wide // 20, wide.astype(np.uint16) * 257, flat)):
        assert used_range(photo) == ALL
        assert spread(photo) is photo


def test_the_search_sees_the_same_picture(wide: Levels) -> None:
    used = 2 * LOW / 65535 - 1, 2 * (LOW + STEP * 255) / 65535 - 1
    thermal = narrow(wide)
    assert np.array_equal(in_eight_bits(thermal, used), wide)
    drawing = levels_of(picture(24, 32, seed=3), 255)
    of_wide, of_narrow = (
        finish(drawing, octaves, (48, 64)) for octaves in (Octaves(wide), Octaves(thermal, used))
    )
    assert np.array_equal(of_wide.origin.places, of_narrow.origin.places)
    # Seams are hidden, too, in levels of the file's own.
    assert of_narrow.origin.shares == pytest.approx(of_wide.origin.shares, abs=0.1)
    assert LOW - 300 < of_narrow.pixels.min() <= of_narrow.pixels.max() < LOW + 800


def test_a_film_has_the_photos_own_levels(wide: Levels) -> None:
    photo = to_photo(narrow(wide))
    learnt = spread(photo).pixels
    finisher = Finisher(learnt, lambda longest: photo)
    first, second = finisher.film([learnt, (learnt + 0.2).clamp(-1, 1)], True, None, False)
    assert torch.allclose(first.pixels, photo.pixels, atol=1e-6)
    low, high = used_range(photo)
    assert 0.1 < (second.pixels - first.pixels).mean() * 2 / (high - low) < 0.2


def test_holes_and_margins_are_drawn_alike(wide: Levels) -> None:
    hole, margins = holes((48, 64), (20, 24, 12, 16)), Margins(0, 12, 0, 0)
    part, frame = margins.part((48, 64)), margins.window((48, 64))
    thermal = narrow(wide)
    wide[2, 40], thermal[2, 40] = 255, 65535  # a star
    full, small = to_photo(wide), to_photo(thermal)
    for photos, where, inner in (
        ((full, small), hole, None),
        ((margins.around(full), margins.around(small)), part, frame),
    ):
        drawn = (draw_filling(one, where, None, None, inner)[0][0] for one in photos)
        expected, made = (one.pixels for one in drawn)
        low, high = used_range(photos[1])
        shown = ((made - low) / (high - low)).clamp(max=1)
        assert torch.allclose(shown, (expected + 1) / 2, atol=1e-4)
        assert made.max() == 1
