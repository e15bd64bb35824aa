import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from internal_gan.finishing.plans import (
    EASY,
    MOST_SQUEEZED,
    Plan,
    cheapest,
    importance_of,
    is_texture,
    plans,
)
from internal_gan.images.photo import Photo
from tests.tiny import picture

HARD = 4 * (1.0,)
SIZE = 600, 900


def thing(left: int, right: int, width: int = 90, height: int = 60) -> torch.Tensor:
    """The importance of a photo with one thing between two columns."""
    found = torch.zeros(1, 1, height, width)
    found[..., 15:45, left:right] = 1
    return found


def ends(plan: Plan) -> tuple[float, float]:
    return plan.start, plan.start + plan.kept


@pytest.mark.parametrize(("left", "right"), [(0, 20), (10, 40), (35, 60), (70, 88)])
def test_a_crop_keeps_the_thing_with_air_around_it(left: int, right: int) -> None:
    plan = cheapest(thing(left, right), SIZE, 1.0, HARD)[0]
    first, last = ends(plan)
    assert plan.axis == 1
    assert first <= max(0, left - 5) / 90
    assert last >= min(90, right + 5) / 90
    assert plan.kept == pytest.approx(2 / 3)


def test_the_larger_of_two_things_is_kept_unless_it_matters_little() -> None:
    """Of what matters, a little more or less does not count."""
    small = thing(2, 14)
    for importance, kept in (
        (torch.maximum(small, 0.85 * thing(62, 88)), (1 / 3, 1.0)),
        (torch.maximum(0.8 * small, 0.4 * thing(40, 90)), (0.0, 2 / 3)),
    ):
        assert ends(cheapest(importance, SIZE, 1.0, HARD)[0]) == pytest.approx(kept, abs=0.01)


def test_the_longer_side_is_shortened() -> None:
    for size, ratio, axis, kept in (
        ((600, 900), 1.0, 1, 2 / 3),
        ((900, 600), 1.0, 0, 2 / 3),
        ((600, 900), 3.0, 0, 0.5),
        ((600, 900), 1.5, 0, 1.0),
    ):
        plan = cheapest(torch.rand(1, 1, size[0] // 10, size[1] // 10), size, ratio, HARD)[0]
        assert plan.axis == axis
        assert plan.kept == pytest.approx(kept, abs=1e-6)


def test_a_photo_without_anything_important_is_cropped_evenly() -> None:
    plan = cheapest(torch.zeros(1, 1, 60, 90), SIZE, 1.0, HARD)[0]
    assert ends(plan) == pytest.approx((1 / 6, 5 / 6), abs=0.01)


def test_turned_and_mirrored_photos_have_turned_and_mirrored_plans() -> None:
    found = thing(12, 44)
    plan = cheapest(found, SIZE, 1.0, HARD)[0]
    turned = cheapest(found.mT, SIZE[::-1], 1.0, HARD)[0]
    assert (turned.axis, ends(turned)) == (0, ends(plan))
    mirrored = cheapest(found.flip(3), SIZE, 1.0, HARD)[0]
    assert ends(mirrored) == pytest.approx((1 - ends(plan)[1], 1 - ends(plan)[0]), abs=0.01)


def test_what_is_kept_is_squeezed_only_where_it_is_scaled_anyway_or_much_is_lost() -> None:
    # Two things, which a crop would have to choose between.
    found = thing(4, 30) + thing(62, 88)
    assert not cheapest(thing(30, 60), SIZE, 1.2, HARD)[0].is_squeezed
    exact, scaled = (cheapest(found, SIZE, 1.2, HARD, scales=s)[0] for s in (False, True))
    assert scaled.is_squeezed
    assert scaled.kept > exact.kept or exact.is_squeezed
    # Less where something is.
    factors = np.array(scaled.factors)
    start = round(scaled.start * 90)
    between, inside = factors[40 - start : 52 - start], factors[10 - start : 25 - start]
    assert between.mean() < inside.mean() - 0.05
    assert factors.min() >= 1 - MOST_SQUEEZED - 1e-6
    # The result has the width that was asked for.
    assert factors.mean() * scaled.kept == pytest.approx(1.2 / 1.5, rel=1e-3)


@pytest.mark.parametrize(
    ("hard", "new"),
    [
        ((0.02, 1, 1, 1), "before"),
        ((1, 1, 0.02, 1), "after"),
        ((1.1 * EASY, 1, 1, 1), ""),
        ((1, 0.02, 1, 0.02), ""),  # those at the sides are no use
    ],
)
def test_new_canvas_is_where_the_border_continues(
    hard: tuple[float, float, float, float], new: str
) -> None:
    plan = cheapest(thing(2, 80), SIZE, 0.8, hard)[0]
    assert (plan.before > 0, plan.after > 0) == (new == "before", new == "after")
    # It makes room for more of the photo.
    assert plan.kept == pytest.approx(0.8 / 1.5 * (1 + plan.before + plan.after))


def test_the_more_matters_the_more_is_new_in_small_steps() -> None:
    things = (thing(2, right) for right in range(30, 84, 3))
    news = [cheapest(found, SIZE, 1.0, (0, 1, 1, 1))[0].before for found in things]
    assert news[-1] == 0.3
    assert np.abs(np.diff(news)).max() < 0.06


def test_the_harder_a_border_is_to_continue_the_less_is_new() -> None:
    news = [
        cheapest(thing(10, 70), SIZE, 1.0, (hard, 1, 1, 1))[0].before for hard in (0.0, 0.03, 0.055)
    ]
    assert all(less <= more for more, less in pairwise(news))
    assert news[0] > news[-1]


def test_plans_differ_and_the_first_is_the_cheapest() -> None:
    found = cheapest(thing(10, 30) + thing(60, 85), SIZE, 0.8, (0.03, 1, 1, 1))
    assert len(found) >= 3
    prices = [plan.price for plan in found]
    assert prices == sorted(prices)
    for number, plan in enumerate(found):
        for other in found[:number]:
            apart = abs(sum(ends(plan)) - sum(ends(other))) / 2
            assert max(apart, abs(plan.kept - other.kept)) > 0.07


def test_what_is_protected_is_kept_and_never_squeezed() -> None:
    found = thing(60, 85)
    protect = torch.zeros(1, 1, 60, 90)
    protect[..., 20:30, 3:40] = 1
    for scales in (False, True):
        for plan in cheapest(found, SIZE, 0.8, HARD, scales=scales, protect=protect):
            first, last = ends(plan)
            assert first <= 3 / 90 + 1e-9
            assert last >= 40 / 90 - 1e-9
            if plan.is_squeezed:
                start = round(plan.start * 90)
                assert set(plan.factors[3 - start : 40 - start]) == {1.0}


def test_what_is_protected_gets_new_canvas_if_it_does_not_fit() -> None:
    protect = torch.zeros(1, 1, 60, 90)
    protect[..., 10:80] = 1
    plan = cheapest(thing(20, 30), SIZE, 1.0, HARD, protect=protect)[0]
    assert plan.kept >= 70 / 90 - 1e-6
    assert max(plan.before, plan.after) == pytest.approx(70 / 60 - 1, abs=0.01)


@pytest.mark.parametrize(("size", "ratio"), [((301, 200), 0.7), ((200, 301), 1.1), ((99, 70), 1.3)])
def test_a_photo_that_is_protected_from_end_to_end_gets_canvas_alone(
    size: tuple[int, int], ratio: float
) -> None:
    importance = torch.rand(1, 1, size[0] // 2, size[1] // 2)
    (plan, *_) = cheapest(importance, size, ratio, HARD, protect=torch.ones_like(importance))
    assert plan.kept == pytest.approx(1)


def test_what_is_said_is_what_is_done() -> None:
    assert Plan(1, 0.12, 0.8, before=0.2).in_words() == (
        "cropped 12 % on the left, cropped 8 % on the right, 20 % new above"
    )
    assert Plan(0, 0.0, 0.9, (0.9, 0.8), after=0.1).in_words() == (
        "cropped 10 % below, squeezed by 15 %, 10 % new on the right"
    )
    assert Plan(1, 0.0, 1.0).in_words() == "the whole photo"


def test_a_photo_is_planned_by_what_is_found_in_it_or_given() -> None:
    colours = torch.full((1, 3, 120, 240), -0.2) + 0.05 * torch.randn(1, 3, 120, 240)
    colours[..., 40:80, 20:60] = torch.tensor([0.9, -0.9, -0.9])[:, None, None]
    photo = Photo(colours.clamp(-1, 1))
    found = plans(photo, 1.0)[0]
    assert ends(found)[0] < 20 / 240
    given = torch.zeros(1, 1, 120, 240)
    given[..., 190:230] = 1
    assert ends(plans(photo, 1.0, importance=given)[0])[1] > 0.95
    protect = torch.zeros(1, 1, 120, 240)
    protect[..., 60:62, 236:239] = 1
    assert ends(plans(photo, 1.0, protect=protect)[0])[1] > 238 / 240


def test_what_is_transparent_does_not_matter() -> None:
    colours = picture(100, 200)
    alpha = torch.ones(1, 1, 100, 200)
    alpha[..., :120] = 0
    found = importance_of(Photo(colours, alpha))
    width = found.shape[-1]
    assert found[..., : width // 2].max() < 0.05 < found[..., 2 * width // 3 :].max()


@pytest.mark.parametrize("size", [(8, 8), (9, 300), (2000, 20)])
def test_any_size_has_a_plan(size: tuple[int, int]) -> None:
    for ratio in (0.05, 1.0, 21 / 9):
        found = plans(Photo(torch.rand(1, 3, *size) * 2 - 1), ratio)
        assert found
        assert all(0 < plan.kept <= 1 + 1e-9 and math.isfinite(plan.price) for plan in found)


def test_a_texture_is_recognised() -> None:
    rng = torch.Generator().manual_seed(0)
    grains = torch.rand(1, 3, 24, 24, generator=rng).repeat_interleave(8, 2).repeat_interleave(8, 3)
    assert is_texture(Photo(2 * grains - 1))
    scene = grains.clone()
    scene[..., :60, :] = 0.9
    assert not is_texture(Photo(2 * scene - 1))
    flat_part = grains.clone()
    flat_part[..., :70, :70] = grains.mean()
    assert not is_texture(Photo(2 * flat_part - 1))
