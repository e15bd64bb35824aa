"""What every family shares: numbers by stage, and learning rates by step."""

from typing import Any

import pytest

from internal_gan.models.base import Optimization, per_stage


def test_one_number_is_for_every_stage() -> None:
    assert per_stage(2000, 3) == [2000.0, 2000.0, 2000.0]


def test_a_list_has_one_number_for_each_stage() -> None:
    assert per_stage([3, 2, 1.5], 3) == [3.0, 2.0, 1.5]


def test_coarsest_and_finest_are_joined_geometrically() -> None:
    assert per_stage({"coarsest": 4000, "finest": 250}, 5) == pytest.approx(
        [4000, 2000, 1000, 500, 250]
    )


def test_coarsest_and_finest_are_joined_evenly_where_one_is_zero() -> None:
    assert per_stage({"coarsest": 0, "finest": 10}, 5) == pytest.approx([0, 2.5, 5, 7.5, 10])


def test_the_coarsest_may_differ_from_all_others() -> None:
    assert per_stage({"coarsest": 9, "others": 5}, 4) == [9, 5, 5, 5]


def test_a_single_stage_is_the_coarsest() -> None:
    assert per_stage({"coarsest": 7, "finest": 3}, 1) == [7.0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "2 numbers.*each of 3"),
        ({"coarsest": 1}, "allowed: coarsest with finest or others"),
        ({"coarsest": 1, "finest": 2, "middle": 3}, "allowed: coarsest with finest or others"),
    ],
)
def test_a_wrong_number_of_numbers_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        per_stage(value, 3)


def test_step_decay_multiplies_once_at_its_fraction() -> None:
    optimization = Optimization(decay="step", decay_start=0.8, final_lr=0.1)
    factors = [optimization.lr_factor(step, 2000) for step in range(2000)]
    assert factors == [1.0] * 1600 + [0.1] * 400


def test_linear_decay_goes_evenly_to_its_last_value() -> None:
    optimization = Optimization(decay="linear", decay_start=0.5, final_lr=0.2)
    factors = [optimization.lr_factor(step, 8) for step in range(9)]
    assert factors == pytest.approx([1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


@pytest.mark.parametrize("decay", ["step", "linear"])
@pytest.mark.parametrize("start", [0.0, 0.6, 1.0])
def test_every_schedule_of_one_step_has_a_rate(decay: Any, start: float) -> None:
    factor = Optimization(decay=decay, decay_start=start).lr_factor(0, 1)
    assert 0.1 <= factor <= 1.0
