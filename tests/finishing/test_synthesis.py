"""A drawing is rebuilt from a photo's patches, from coarse to fine."""

from itertools import product

import numpy as np
import pytest
import torch

from internal_gan.finishing.seams import breaks, largest_piece
from internal_gan.finishing.synthesis import resized, synthesise
from internal_gan.patches.field import PATCH, Places, Wrap, grid
from internal_gan.patches.origins import (
    CENTRE_WEIGHTS,
    UNIFORM_WEIGHTS,
    carry,
    field_of,
    taken,
    vote,
)
from tests.patches.pictures import identity, picture

WRAPS: list[Wrap] = [(False, False), (True, False), (False, True), (True, True)]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("weights", [UNIFORM_WEIGHTS, CENTRE_WEIGHTS])
def test_vote_agrees_with_a_plain_count(wrap: Wrap, weights: np.ndarray) -> None:
    """Every pixel comes from a source pixel with the most votes."""
    size = (9, 11)
    height, width = grid(size, wrap)
    # Few offsets, so that some patches agree and some do not.
    rng = np.random.default_rng(1)
    field = identity(height, width) + rng.integers(0, 3, (height, width, 2)).astype(np.int32)
    origins = vote(field, size, weights, wrap)
    for y, x in product(*map(range, size)):
        votes = dict[tuple[int, ...], float]()
        for i, j in product(range(PATCH), repeat=2):
            fy, fx = y - i, x - j
            if (0 <= fy < height or wrap[0]) and (0 <= fx < width or wrap[1]):
                named = tuple(field[fy % height, fx % width] + (i, j))
                votes[named] = votes.get(named, 0.0) + float(weights[i, j])
        assert votes[tuple(origins[y, x])] == pytest.approx(max(votes.values()))


def test_inactive_pixels_keep_their_origins() -> None:
    before = np.zeros((20, 20, 2), np.int32)
    active = np.zeros((20, 20), np.bool_)
    active[4:9, 3:12] = True
    after = vote(identity(14, 14), (20, 20), active=active, origins=before)
    assert not before.any()
    assert not after[~active].any()
    assert np.array_equal(after[active], identity(20, 20)[active])


@pytest.mark.parametrize("wrap", WRAPS)
def test_the_field_of_a_copy_votes_for_the_copy(wrap: Wrap) -> None:
    origins = identity(15, 18) + np.array([4, 6], np.int32)
    source = (40, 40)
    found = vote(field_of(origins, grid(source), wrap), (15, 18), CENTRE_WEIGHTS, wrap)
    inner = (slice(PATCH, -PATCH), slice(PATCH, -PATCH))
    assert np.array_equal(found[inner], origins[inner])
    if not any(wrap):
        assert np.array_equal(found, origins)


@pytest.mark.parametrize("ratio", [1.5, 2.0, 1.37])
def test_carrying_to_a_larger_size_keeps_pieces_whole(ratio: float) -> None:
    """Two pieces side by side: each keeps a single offset, multiplied by the ratio."""
    origins = identity(20, 30) + np.array([3, 1], np.int32)
    origins[:, 12:] += np.array([5, 20], np.int32)
    size, source = (round(20 * ratio), round(30 * ratio)), (60, 130)
    carried = carry(origins, ratio, size, source)
    assert carried.shape == (*size, 2)
    assert not breaks(carried, 0).any()
    seams = breaks(carried, 1).nonzero()[1]
    assert np.array_equal(np.unique(seams), [round(12 * ratio) - 1])
    offsets = carried - identity(*size)
    assert offsets[0, 0].tolist() == np.rint(np.array([3, 1]) * ratio).tolist()
    assert offsets[0, -1].tolist() == np.rint(np.array([8, 21]) * ratio).tolist()


def test_carried_origins_stay_inside_the_source() -> None:
    origins = identity(10, 10)[::-1, ::-1]
    carried = carry(np.ascontiguousarray(origins), 2.0, (19, 20), (19, 20))
    assert carried.min() >= 0
    assert carried[..., 0].max() <= 18
    assert carried[..., 1].max() <= 19


def test_a_copy_is_carried_to_a_copy() -> None:
    assert np.array_equal(carry(identity(13, 7), 2.0, (25, 14), (25, 14)), identity(25, 14))


@pytest.mark.parametrize("name", ["gravel", "mountains"])
def test_a_shrunk_photo_comes_back_as_the_photo(name: str) -> None:
    photo = picture(name, (96, 120))
    origins = synthesise(resized(photo, (32, 40)), photo, (96, 120))
    assert (taken(photo, origins) == photo).all(axis=2).mean() > 0.99


def test_the_drawing_decides_the_layout() -> None:
    """The drawing is the photo upside down; the result has the photo's pieces in that order."""
    photo = picture("mountains", (96, 128))
    drawing = np.ascontiguousarray(resized(photo, (48, 64))[::-1])
    result = taken(photo, synthesise(drawing, photo, (96, 128)))
    difference = np.abs(resized(result, (12, 16)).astype(float) - resized(drawing, (12, 16)))
    unlike = np.abs(resized(photo, (12, 16)).astype(float) - resized(drawing, (12, 16)))
    assert difference.mean() < 0.5 * unlike.mean()


def test_a_larger_first_size_keeps_closer_to_the_drawing() -> None:
    photo, drawing = picture("mountains", (96, 128)), picture("peaks", (48, 64))

    def off(shortest: int) -> float:
        result = taken(photo, synthesise(drawing, photo, (96, 128), shortest=shortest))
        return float(np.abs(resized(result, (48, 64)).astype(float) - drawing).mean())

    assert off(64) < off(20)


def test_any_number_of_threads() -> None:
    photo, drawing = picture("mountains", (150, 100)), picture("peaks", (60, 40))
    before, found = torch.get_num_threads(), list[Places]()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(synthesise(drawing, photo, (150, 100)))
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize(
    ("photo_size", "size"),
    [
        ((7, 7), (7, 7)),  # one patch
        ((9, 200), (9, 50)),
        ((25, 25), (7, 90)),
        ((61, 83), (143, 8)),
        ((100, 75), (33, 34)),
    ],
)
def test_sizes(photo_size: tuple[int, int], size: tuple[int, int]) -> None:
    photo = picture("gravel", photo_size)
    origins = synthesise(picture("gravel", (8, 8)), photo, size)
    assert origins.shape == (*size, 2)
    assert origins.dtype == np.int32
    assert origins.min() >= 0
    assert (origins.reshape(-1, 2).max(axis=0) < photo_size).all()


@pytest.mark.parametrize("size", [(64, 80), (33, 41), (5, 3)])
def test_a_wrapping_result_is_seamless(size: tuple[int, int]) -> None:
    """The step across the border is no larger than steps inside."""
    photo = picture("gravel", (64, 80))
    result = taken(photo, synthesise(photo, photo, size, wrap=(True, True))).astype(float)
    assert result.shape == (*size, 3)
    if min(size) < PATCH:
        return
    for axis in range(2):
        steps = np.abs(np.roll(result, -1, axis) - result).mean(axis=(1 - axis, 2))
        assert steps[-1] < 1.3 * steps[:-1].mean()


def test_a_photo_that_tiles_stays_mostly_one_piece() -> None:
    """A drawing that already wraps is mostly copied as one piece."""
    photo = picture("gravel", (96, 96))
    origins = synthesise(photo, photo, (96, 96), wrap=(True, True))
    assert largest_piece(origins) > 0.5


def test_a_white_background_is_not_slow() -> None:
    """A naive search would compare all identical patches with each other."""
    photo = np.full((240, 320, 3), 255, np.uint8)
    photo[100:180, 80:240] = picture("gravel", (80, 160))
    origins = synthesise(resized(photo, (45, 60)), photo, (240, 320))
    assert (taken(photo, origins) == photo).all(axis=2).mean() > 0.99
