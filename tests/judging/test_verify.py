"""Where the pixels of a result come from: words and a map."""

import numpy as np
import pytest

from internal_gan.finishing.origin import BLENDED, EXACT, OTHER, Origin
from internal_gan.judging.verify import MAP_SIDE, origin_map, shares_in_words


def of(kinds: list[int], places: list[tuple[int, int]] | None = None) -> Origin:
    where = np.array([places or [(0, 0)] * len(kinds)], np.int32)
    return Origin(where, np.array([kinds], np.uint8), (100, 100))


@pytest.mark.parametrize(
    ("blended", "words"),
    [
        (0, "100 % exact copies of the photo, 0 % blended at seams"),
        (1, "more than 99.9 % exact copies of the photo, less than 0.1 % blended at seams"),
        (440, "97.8 % exact copies of the photo, 2.2 % blended at seams"),
    ],
)
def test_shares_are_never_rounded_to_0_or_100_percent(blended: int, words: str) -> None:
    kinds = [BLENDED] * blended + [EXACT] * (20_000 - blended)
    assert shares_in_words(of(kinds)) == words


def test_pixels_of_no_photo_are_named() -> None:
    words = shares_in_words(of([EXACT, OTHER]))
    assert words == "50 % exact copies of the photo, 0 % blended at seams, 50 % from no photo"


def test_the_map_shows_positions_and_kinds_in_different_colours() -> None:
    origin = of([EXACT, EXACT, EXACT, BLENDED, OTHER], [(0, 0), (0, 0), (99, 99), (0, 0), (0, 0)])
    colours = origin_map(origin)[0, :, 0].T.tolist()
    assert colours[0] == colours[1]
    assert len({tuple(colour) for colour in colours}) == 4


def test_the_map_of_a_large_picture_is_small() -> None:
    origin = Origin(np.zeros((10, 3000, 2), np.int32), np.zeros((10, 3000), np.uint8), (5000, 9))
    assert max(origin_map(origin).shape) <= MAP_SIDE
