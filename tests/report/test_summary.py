"""Means and spread over the runs of a sweep."""

import math

import pytest

from internal_gan.report.table import Setting, as_rows, best_of, settings_of

ROWS: list[dict[str, str | float | None]] = [
    {"job": "a", "seed": "0", "model.min_size": "12", "swd1": 1.0, "psnr": 20.0},
    {"job": "b", "seed": "1", "model.min_size": "12", "swd1": 3.0, "psnr": None},
    {"job": "c", "seed": "0", "model.min_size": "25", "swd1": 4.0, "psnr": 26.0},
    {"job": "d", "seed": "1", "model.min_size": "25", "swd1": 4.0, "psnr": 22.0},
]
PERFECT = {"swd1": "0", "psnr": "high", "sharpness": "1"}


@pytest.fixture
def settings() -> list[Setting]:
    return settings_of(ROWS, ["seed", "model.min_size"], ["swd1", "psnr"])


def test_runs_that_differ_in_their_seed_are_one_setting(settings: list[Setting]) -> None:
    first, second = settings
    assert (first.name, first.runs) == ("model.min_size=12", 2)
    assert first.figures == {"swd1": (2.0, pytest.approx(math.sqrt(2))), "psnr": (20.0, None)}
    assert second.figures == {"swd1": (4.0, 0.0), "psnr": (24.0, pytest.approx(math.sqrt(8)))}


def test_a_sweep_of_seeds_alone_is_one_setting() -> None:
    (found,) = settings_of(ROWS[:2], ["seed"], ["swd1"])
    assert (found.name, found.runs) == ("all", 2)


def test_the_best_follows_the_direction_of_each_figure(settings: list[Setting]) -> None:
    low, high = settings
    assert best_of(settings, "swd1", "0") is low
    assert best_of(settings, "psnr", "high") is high
    assert best_of(settings, "psnr", "not near 0") is None
    assert best_of(settings[:1], "swd1", "0") is None
    near = [Setting("a", 1, {"s": (0.7, None)}), Setting("b", 1, {"s": (1.2, None)})]
    assert best_of(near, "s", "1") is near[1]


def test_rows_have_arrows_spread_and_the_best_in_bold(settings: list[Setting]) -> None:
    assert as_rows(settings, PERFECT) == [
        {
            "setting": "model.min_size=12",
            "runs": "2",
            "swd1 ↓": "**2.00 ± 1.41**",
            "psnr ↑": "20.0",
        },
        {
            "setting": "model.min_size=25",
            "runs": "2",
            "swd1 ↓": "4.00 ± 0.00",
            "psnr ↑": "**24.0 ± 2.8**",
        },
    ]
