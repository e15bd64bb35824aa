"""Where the pixels of a result come from: a check, words and a map."""

from pathlib import Path

import numpy as np
import pytest

from internal_gan.finishing.origin import BLENDED, EXACT, OTHER, Origin, write_origin
from internal_gan.images.files.memory import to_photo
from internal_gan.judging.verify import MAP_SIDE, origin_map, shares_in_words, verify


def of(kinds: list[int], places: list[tuple[int, int]] | None = None) -> Origin:
    where = np.array([places or [(0, 0)] * len(kinds)], np.int32)
    return Origin(where, np.array([kinds], np.uint8), (100, 100))


def test_each_kind_of_pixel_is_counted_and_compared(tmp_path: Path) -> None:
    """Three exact copies and one that is none, two blended pixels, and two from no photo."""
    photo = np.arange(0, 240, 10).astype(np.uint8).reshape(1, 8, 3)
    picture = photo[:, ::-1] + np.array([0, 0, 0, 1, 3, 9, 50, 60], np.uint8)[:, None]
    origin = of([EXACT] * 4 + [BLENDED] * 2 + [OTHER] * 2, [(0, 7 - n) for n in range(8)])
    write_origin(tmp_path / "o.png", Origin(origin.places, origin.kinds, (1, 8)))
    found = verify(to_photo(picture), to_photo(photo), tmp_path / "o.png")
    assert (found.exact, found.blended, found.other) == (3 / 8, 2 / 8, 2 / 8)
    assert np.flatnonzero(found.wrong).tolist() == [3]
    assert found.change == pytest.approx((6, 9))
    assert found.in_words("a.jpg") == (
        "37.5 % of the pixels are exact copies of a.jpg, 25 % are blended at seams (changed by 6.0 "
        "levels of 255 on average, 9 at most), 25 % are from no photo, wrongly claimed to be exact "
        "copies: 1 pixel"
    )


@pytest.mark.parametrize(
    ("blended", "other", "words"),
    [
        (0, 0, "100 % exact copies of the photo, 0 % blended at seams"),
        (1, 0, "more than 99.9 % exact copies of the photo, less than 0.1 % blended at seams"),
        (440, 0, "97.8 % exact copies of the photo, 2.2 % blended at seams"),
        (0, 10_000, "50 % exact copies of the photo, 0 % blended at seams, 50 % from no photo"),
    ],
)
def test_shares_are_never_rounded_to_0_or_100_percent(blended: int, other: int, words: str) -> None:
    kinds = [BLENDED] * blended + [OTHER] * other + [EXACT] * (20_000 - blended - other)
    assert shares_in_words(of(kinds)) == words


def test_the_map_shows_positions_and_kinds_in_different_colours() -> None:
    origin = of([EXACT, EXACT, EXACT, BLENDED, OTHER], [(0, 0), (0, 0), (99, 99), (0, 0), (0, 0)])
    colours = origin_map(origin)[0, :, 0].T.tolist()
    assert colours[0] == colours[1]
    assert len({tuple(colour) for colour in colours}) == 4


def test_the_map_of_a_large_picture_is_small() -> None:
    origin = Origin(np.zeros((10, 3000, 2), np.int32), np.zeros((10, 3000), np.uint8), (5000, 9))
    assert max(origin_map(origin).shape) <= MAP_SIDE
