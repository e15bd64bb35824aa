"""Origins: patches vote on them, and they are carried to larger sizes."""

from itertools import product

import numpy as np
import pytest

from internal_gan.finishing.seams import breaks
from internal_gan.images.periodic import Wrap
from internal_gan.patches.fast import PATCH, grid
from internal_gan.patches.origins import WEIGHTS, carry, field_of, own_places, vote
from tests.patches.pictures import WRAPS


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("even", [True, False])
def test_vote_agrees_with_a_plain_count(wrap: Wrap, even: bool) -> None:
    """Every pixel comes from a source pixel with the most votes."""
    size = (9, 11)
    height, width = grid(size, wrap)
    # Few offsets, so that some patches agree and some do not.
    rng = np.random.default_rng(1)
    field = own_places((height, width)) + rng.integers(0, 3, (height, width, 2)).astype(np.int32)
    origins = vote(field, size, wrap, even=even)
    weights = np.ones_like(WEIGHTS) if even else WEIGHTS
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
    after = vote(own_places((14, 14)), (20, 20), active=active, origins=before)
    assert not before.any()
    assert not after[~active].any()
    assert np.array_equal(after[active], own_places((20, 20))[active])


@pytest.mark.parametrize("wrap", WRAPS)
def test_the_field_of_a_copy_votes_for_the_copy(wrap: Wrap) -> None:
    origins = own_places((15, 18)) + np.array([4, 6], np.int32)
    found = vote(field_of(origins, (40, 40), wrap), (15, 18), wrap)
    inner = (slice(PATCH, -PATCH), slice(PATCH, -PATCH))
    assert np.array_equal(found[inner], origins[inner])
    if not any(wrap):
        assert np.array_equal(found, origins)


@pytest.mark.parametrize("ratio", [1.5, 2.0, 1.37])
def test_carrying_to_a_larger_size_keeps_pieces_whole(ratio: float) -> None:
    """Two pieces side by side: each keeps a single offset, multiplied by the ratio."""
    origins = own_places((20, 30)) + np.array([3, 1], np.int32)
    origins[:, 12:] += np.array([5, 20], np.int32)
    size, source = (round(20 * ratio), round(30 * ratio)), (60, 130)
    carried = carry(origins, ratio, size, source)
    assert carried.shape == (*size, 2)
    assert not breaks(carried, 0).any()
    assert np.array_equal(np.unique(breaks(carried, 1).nonzero()[1]), [round(12 * ratio) - 1])
    offsets = carried - own_places(size)
    assert offsets[0, 0].tolist() == np.rint(np.array([3, 1]) * ratio).tolist()
    assert offsets[0, -1].tolist() == np.rint(np.array([8, 21]) * ratio).tolist()


def test_carried_origins_stay_inside_the_source() -> None:
    carried = carry(own_places((10, 10))[::-1, ::-1].copy(), 2.0, (19, 20), (19, 20))
    assert carried.min() >= 0
    assert carried.max(axis=(0, 1)).tolist() == [18, 19]
