"""Nearest-neighbour fields against an exact search."""

import numpy as np
import pytest
import torch

from internal_gan.patches import fast
from internal_gan.patches.exact import lattice, nearest, patches_at
from internal_gan.patches.fast import PATCH, grid, search, touching
from internal_gan.patches.origins import own_places
from internal_gan.shapes import Image, Places
from tests.patches.pictures import noise, picture


def rows_of(image: Image) -> torch.Tensor:
    pixels = torch.tensor(image).movedim(-1, 0)[None].double()
    return patches_at(pixels, lattice(pixels, PATCH), PATCH)


def exact(target: Image, source: Image) -> np.ndarray:
    queries, keys = rows_of(target), rows_of(source)
    found = (queries - keys[nearest(queries, keys)]).square().sum(dim=1)
    return found.view(grid(target.shape[:2])).numpy()


def measured(target: Image, source: Image, places: Places) -> np.ndarray:
    rows, columns = grid(source.shape[:2])
    place = torch.from_numpy(places[..., 0].astype(np.int64) * columns + places[..., 1]).flatten()
    assert place.max() < rows * columns
    distance = (rows_of(target) - rows_of(source)[place]).square().sum(dim=1)
    return distance.view(places.shape[:2]).numpy()


@pytest.mark.parametrize("pairs", [1e8, 2e6])
@pytest.mark.parametrize("name", ["gravel", "mountains"])
def test_all_patches_are_compared(name: str, pairs: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or some of them, where there are many."""
    monkeypatch.setattr(fast, "MAX_PAIRS", pairs)
    photo = picture(name, (72, 96))
    source, target = photo[:, :60].copy(), photo[:, 36:].copy()
    found, best = search(target, source).distances, exact(target, source)
    assert np.array_equal(found, best) == (pairs == 1e8)
    assert np.sqrt(found).mean() < 1.1 * np.sqrt(best).mean()


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_reported_distances_match_the_patches_found(channels: int) -> None:
    target, source = noise((20, 90), channels), noise((80, 17), channels, 1)
    found = search(target, source)
    assert np.array_equal(found.distances, measured(target, source, found.places))


@pytest.mark.parametrize("sweeps", [0, 2])
def test_a_photo_is_found_where_it_is(sweeps: int) -> None:
    """Even a white one."""
    for photo in (picture("gravel", (60, 81)), np.full((60, 81, 3), 255, np.uint8)):
        found = search(photo, photo, sweeps=sweeps)
        assert np.array_equal(found.places, own_places((54, 75)))
        assert not found.distances.any()


@pytest.mark.parametrize("pairs", [1e8, 10.0])
def test_forbidden_patches_are_not_taken(pairs: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if only few are compared."""
    monkeypatch.setattr(fast, "MAX_PAIRS", pairs)
    photo = picture("gravel", (60, 80))
    shares = np.random.default_rng(0).random(grid(photo.shape[:2]))
    for allowed in (shares < 0.9, shares < 0.01):
        for sweeps in (0, 4):
            found = search(photo, photo, allowed=allowed, sweeps=sweeps).places
            assert allowed[found[..., 0], found[..., 1]].all()


def test_patches_that_hold_a_flag_are_found() -> None:
    flags = np.random.default_rng(0).random((50, 60)) < 0.01
    windows = np.lib.stride_tricks.sliding_window_view(flags, (5, 5))
    assert np.array_equal(touching(flags, 5), windows.any(axis=(2, 3)))
    for size, places in {(5, 5): (0, 0), (3, 20): (0, 14), (9, 4): (3, 0)}.items():
        assert touching(np.zeros(size, np.bool_)).shape == places


def test_weights_choose_among_patches() -> None:
    """Of two identical patches, the search takes the one with the smaller weight."""
    half = noise((30, 30))
    twice = np.concatenate([half, half], axis=1)
    target = np.clip(half.astype(int) + noise((30, 30), seed=3) // 16, 0, 255).astype(np.uint8)
    weights = np.ones(grid(twice.shape[:2]), np.float32)
    weights[:, :30] = 9.0
    start = own_places(grid(target.shape[:2]))
    start[::5, ::5, 1] += 30
    assert (search(target, twice, start=start, weights=weights).places[..., 1] >= 30).mean() > 0.95


def test_inactive_places_keep_their_matches() -> None:
    target, source = picture("peaks", (40, 50)), picture("mountains", (45, 40))
    height, width = grid(target.shape[:2])
    start = np.zeros((height, width, 2), np.int32)
    active = np.zeros((height, width), np.bool_)
    active[10:20, 5:25] = True
    places = search(target, source, start=start, active=active).places
    assert not places[~active].any()
    assert places[active].any(axis=1).mean() > 0.9


def test_a_seam_price_gives_fewer_pieces() -> None:
    target, source = picture("peaks", (60, 80)), picture("mountains", (60, 80))

    def pieces(price: float) -> int:
        places = search(target, source, price=price, sweeps=4).places
        return int(((places[1:] - places[:-1]) != (1, 0)).any(axis=2).sum())

    assert pieces(20000.0) < 0.85 * pieces(0.0)


def test_a_wrapping_target_is_matched_across_its_border() -> None:
    photo = picture("gravel", (48, 56))
    found = search(np.roll(photo, (11, 17), (0, 1)), photo, wrap=(True, True), sweeps=4)
    assert found.places.shape == (48, 56, 2)
    # The photo contains all patches except those across its own border, 6 rows and 6 columns.
    assert (found.distances == 0).mean() > 0.76


@pytest.mark.parametrize("shifts", [0, 2])
def test_matches_wrong_by_a_few_pixels_are_shifted(shifts: int) -> None:
    """Every match is wrong by the same offset, so propagation from neighbours cannot help."""
    source = noise((40, 50), 3)
    target = source[18:, 20:].copy()
    places = own_places((16, 24), (18, 20))
    wrong = places - np.array([1, 2], np.int32)
    found = search(target, source, start=wrong, sweeps=1, shifts=shifts)
    right = (found.places == places).all(axis=2)
    assert right.all() if shifts else not right.any()
