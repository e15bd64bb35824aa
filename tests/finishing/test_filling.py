"""Margins, holes and borders filled with the photo's own patches: where these come from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from internal_gan.finishing.filling import draw_filling, extend, make_tileable
from internal_gan.finishing.origin import EXACT, OTHER
from internal_gan.finishing.subject import Subject
from internal_gan.images.files.memory import to_photo
from internal_gan.images.periodic import Wrap
from internal_gan.images.photo import Margins, Photo
from internal_gan.patches.origins import taken
from tests.patches.pictures import picture
from tests.tiny import holes


def test_margins_above_and_below_take_nothing_from_those_at_the_sides() -> None:
    """They are as if the photo had the others already, and the user excluded them."""
    photo, excluded = to_photo(picture("gravel", (40, 44))), torch.zeros(1, 1, 40, 44)
    excluded[..., :10] = 1
    sides, rest = Margins(0, 20, 0, 12), Margins(12, 0, 8, 0)
    both = extend(photo, Margins(12, 20, 8, 12), excluded)
    first = extend(photo, sides, excluded)
    second = extend(replace(photo, colours=first.pixels), rest, sides.padded(excluded, 1.0))
    assert torch.equal(both.pixels, second.pixels)
    places = [done.origin.places for done in (first, second, both) if done.origin]
    assert np.array_equal(taken(*places[:2]), places[2])
    outside = np.ones((60, 76), np.bool_)
    outside[12:52, 12:56] = False
    assert places[2][outside][:, 1].min() >= 10


def test_margins_of_a_photo_from_which_nothing_may_be_taken_come_from_nowhere() -> None:
    photo = to_photo(picture("gravel", (40, 44)))
    made: Any = extend(photo, Margins(9, 8, 7, 6), torch.ones(1, 1, 40, 44))
    expected = np.full((56, 58), OTHER)
    expected[9:49, 6:50] = EXACT
    assert np.array_equal(made.origin.kinds, expected)


def test_a_map_of_32_bits_gets_no_new_values() -> None:
    regions = torch.rand(1, 1, 5, 6, generator=torch.Generator().manual_seed(0)).sub(0.5)
    pixels = regions.repeat_interleave(9, 2).repeat_interleave(9, 3).expand(-1, 3, -1, -1)
    made = extend(
        Photo(pixels, mode="L", bit_depth=32), Margins(0, 8, 0, 8), torch.zeros(1, 1, 45, 54)
    )
    assert np.array_equal(np.unique(made.pixels), np.unique(pixels))


@pytest.mark.parametrize(
    ("reach", "wrap", "fades"),
    [((9, 40), (False, True), 20), ((25, 40), (True, True), 12.5), ((9, 9), (True, True), 7.07)],
)
def test_corrections_fade_in_the_band(reach: tuple[float, float], wrap: Wrap, fades: float) -> None:
    """And within at most 7 pixels in a narrow one."""
    made: Any = make_tileable(to_photo(picture("gravel", (110, 170))), reach, wrap)
    assert made.origin.hiding.hold**-0.5 == pytest.approx(fades, rel=1e-3)


def test_a_hole_continues_what_was_drawn_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last one is filled again, it stays as it is."""
    monkeypatch.setattr(Subject, "guide", lambda self, window, hole: torch.zeros_like(hole))
    photo = to_photo(picture("gravel", (64, 140)))
    photo = replace(photo, colours=photo.pixels)  # not rounded
    first, last = (holes(photo.size, (16 + i, 20 + 68 * i, 30, 30)) for i in range(2))
    made = photo.with_drawn(draw_filling(photo, first + last, None, None)[0])
    again = made.with_drawn(draw_filling(made, last, first, None)[0])
    assert torch.equal(again.pixels, made.pixels)
    assert not torch.equal(made.pixels, photo.pixels)


@pytest.mark.parametrize("ends", [(0, 3), (2, 0), (2, 2)])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_line_along_a_border_that_is_to_meet_goes(ends: tuple[int, int], axis: int) -> None:
    """It stayed between two sides of unlike brightness, and tinted both."""
    noise = np.random.default_rng(0).normal(0, 6, (80, 120, 1))
    given = (noise + np.linspace(40, 220, 120)[:, None]).clip(0, 255).repeat(3, 2).astype(np.uint8)
    given[:, : ends[0]] = given[:, 120 - ends[1] :] = 250 * (ends[0] > 0)
    turned = np.moveaxis(given, 1, axis)
    made: Any = make_tileable(to_photo(turned.copy()), (18.0, 18.0), (axis == 0, axis == 1))
    along = made.origin.places[..., axis]
    assert along.min() >= ends[0]
    assert along.max() < 120 - ends[1]
    pixels = np.moveaxis(made.pixels[0].mean(dim=0).numpy(), axis, 1)
    assert pixels[:, [0, -1]].mean() == pytest.approx(0, abs=0.15)
    kept = np.moveaxis(to_photo(turned.copy()).pixels[0].mean(dim=0).numpy(), axis, 1)
    assert np.array_equal(pixels[:, 18:-18], kept[:, 18:-18])


def test_what_may_not_be_taken_is_not_drawn_either() -> None:
    """Half of the hole's surroundings are red."""
    pixels = picture("gravel", (60, 80))
    pixels[:, :40] = (255, 0, 0)
    photo, hole, red = to_photo(pixels), torch.zeros(1, 1, 60, 80), torch.zeros(1, 1, 60, 80)
    hole[..., 20:40, 30:50] = 1
    red[..., :40] = 1
    shares = []
    for unknown in (None, red):
        drawn, scale = draw_filling(photo, hole, unknown, None)
        inside = photo.with_drawn(drawn).pixels[..., 20:40, 30:50]
        shares.append(float((inside[:, 0] - inside[:, 1] > 1).float().mean()))
        assert scale == 1
    assert shares[0] > 0.2
    assert shares[1] == 0
