"""Strips over the borders of a tile."""

from itertools import product
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from internal_gan.finishing import quilting
from internal_gan.finishing.quilting import quilted
from internal_gan.images.resize import resize
from internal_gan.patches.fast import over_rows
from internal_gan.patches.kernels import cheapest, unfit
from internal_gan.patches.origins import own_places
from tests.tiny import picture


@pytest.mark.parametrize("wrap", [(True, True), (False, True), (True, False)])
def test_only_the_band_changes_and_is_the_photo_s_own(wrap: tuple[bool, bool]) -> None:
    given = np.moveaxis(picture(60, 90)[0].numpy(), 0, -1)
    made, places = quilted(given, (9.0, 14.0), wrap, None)
    assert (made == given[places[..., 0], places[..., 1]]).all()
    own = own_places((60, 90))
    kept = np.s_[9 * wrap[0] : 60 - 9 * wrap[0], 14 * wrap[1] : 90 - 14 * wrap[1]]
    assert (places[kept] == own[kept]).all()
    assert (places != own).any()
    if wrap == (False, True):
        assert (places[..., 0] == own[..., 0]).all()  # its top and bottom do not meet
    # Side by side in the photo, except along the cuts: so are opposite borders.
    for axis in range(2):
        if wrap[axis]:
            step = np.take(places, 0, axis) - np.take(places, -1, axis)
            assert np.mean((step == np.eye(2, dtype=int)[axis]).all(axis=-1)) > 0.9


def test_the_second_strip_is_of_what_the_first_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    given, ends = np.moveaxis(picture(60, 90)[0].numpy(), 0, -1), Mock(side_effect=quilting._ends)
    monkeypatch.setattr(quilting, "_ends", ends)
    quilted(given, (9.0, 14.0), (True, True), None)
    joined, _ = quilted(given, (9.0, 14.0), (False, True), None)
    assert (ends.call_args_list[1].args[0] == joined.swapaxes(0, 1)).all()


def test_a_strip_finds_the_rows_where_a_pattern_goes_on() -> None:
    """The picture is periodic, but cut at the wrong place."""
    rows, columns = np.indices((64, 100))
    waves = np.sin(2 * np.pi * columns / 16) + np.sin(2 * np.pi * rows / 16)
    given = np.repeat(waves[..., None] / 2, 3, axis=2).astype(np.float32)
    made, _ = quilted(given, (10.0, 15.0), (False, True), None)
    inside = np.abs(np.diff(given, axis=1)).max()
    assert np.abs(np.roll(made, -1, 1) - made).max() <= 1.5 * inside
    assert np.abs(given[:, 0] - given[:, -1]).max() > 2 * inside


@pytest.mark.parametrize(
    ("height", "bands"), [(100, 1), pytest.param(200, 50, marks=pytest.mark.slow)]
)
def test_the_widest_bands_fit_into_any_width(height: int, bands: int) -> None:
    """Strips are compared in a copy whose sides are rounded, and so are theirs."""
    for width in range(16, 201):
        given = np.zeros((height, width, 1), np.float32)
        for reach in range(max(2, width // 4 + 1 - bands), width // 4 + 1):
            _, places = quilted(given, (0.0, reach), (False, True), None)
            assert 0 <= places[..., 1].min() <= places[..., 1].max() < width


@pytest.mark.parametrize(("down", "left"), [(0, 0), (3, 7), (19, 12)])
def test_strips_cost_what_they_differ_where_they_differ_least(down: int, left: int) -> None:
    given = np.moveaxis(picture(20, 30)[0].numpy(), 0, -1).copy()
    strip = np.roll(given, -down, 0)[:, left : left + 16]
    expected = 0.0
    for part, end in ((strip[:, :8], given[:, -8:]), (strip[:, 8:], given[:, :8])):
        error = np.square(part - end).sum(axis=2)
        for y in range(20):
            expected += error[max(0, y - 4) : y + 1].sum(axis=0).min()
    prices = np.empty(1)
    over_rows(unfit, 1, given, 8, np.array([(down, left)]), 5, prices)
    assert prices[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_cheapest_path_by_trying_all(seed: int) -> None:
    error = np.random.default_rng(seed).random((5, 4)).astype(np.float32)
    rows, steps = range(5), range(4)
    paths = [path for path in product(steps, repeat=5) if max(abs(np.diff(path)), default=0) <= 1]
    best = min(paths, key=lambda path: sum(float(error[y, path[y]]) for y in rows))
    assert tuple(cheapest(error)) == best


def test_the_strip_of_a_large_picture_is_found_to_the_pixel() -> None:
    """Coarse to fine: it is looked for in a copy, and moved by a few pixels at each larger size."""
    size, half, at = (240, 420), 30, 171
    rough = torch.rand(1, 3, 24, 42, generator=torch.Generator().manual_seed(0))
    picture = resize(rough, size)[0].permute(1, 2, 0).numpy().copy()
    picture[:, at : at + 2 * half] = np.concatenate([picture[:, -half:], picture[:, :half]], 1)
    _, places = quilted(picture, (0, half), (False, True), None)
    assert (places[:, -half:, 1] == at + np.arange(half)).all()
    assert (places[:, 0, 1] == at + half).all()
