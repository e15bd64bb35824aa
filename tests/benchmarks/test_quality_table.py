"""The table of the quality benchmark."""

import math
from typing import Any

import pytest

from benchmarks._quality_table import markdown, summarise, tables

GPNN = {"c2st": 0.7, "c2st_jpeg": 0.5, "blockiness": 1.25}


def result(
    photo: str, seed: int, swd: float, sharpness: float, seconds: float | None
) -> dict[str, Any]:
    return {
        "photo": photo,
        "seed": seed,
        "seconds": seconds,
        "ratio": {"swd1": swd, "copy": 2 - swd},
        "ours": {"swd1": 9.0, "sharpness": sharpness},
        "published": {"swd2": 3.0},
        "others": {"gpnn": GPNN | {"swd1": 4.0 + seed}} if photo == "2" else {},
        "environment": {"commit": "0123456789abcdef"},
    }


RESULTS = [
    result("2", 0, 1.0, 0.9, 100),
    result("2", 1, 2.0, 0.9, None),
    result("10", 0, 0.5, 1.05, 200),
    result("10", 1, 0.7, 1.05, 400),
]


def test_mean_median_and_worst_are_over_the_photos() -> None:
    row = summarise(RESULTS)["figures"]["swd1 ratio"]
    assert row["mean"] == row["median"] == pytest.approx(1.05)
    assert (row["worst"], row["worst_photo"], row["worst_run"]) == (1.5, "2", 2.0)


def test_markdown_has_a_row_for_each_figure_and_each_photo() -> None:
    text = markdown(summarise(RESULTS), {"overrides": [], "samples": 5})
    assert "2 photos, seeds 0, 1, 4 trainings; overrides none, samples 5" in text
    row = "| swd1 ratio | 1.05 | 0.6 to 1.5 | 0.636 | 0.51 | 1.05 | 1.5 (2) | 2 | mean <= 0.8 |"
    assert row in text.splitlines()
    assert any(line.startswith("| 10 | 0.6 |") for line in text.splitlines())


def test_samples_of_several_methods_are_compared() -> None:
    summary = summarise(RESULTS)
    assert summary["sources"] == {
        "ours": {"swd1": 9.0, "sharpness": pytest.approx(0.975)},
        "published": {"swd2": 3.0},
        "gpnn": GPNN | {"swd1": 4.5},
    }
    assert "| gpnn | 4.5 |" in markdown(summary, {})
    head, _, *lines = tables(summary)["samples"].splitlines()
    assert head == "| samples | swd1 | swd2 | sharpness | c2st | c2st_jpeg | blockiness |"
    assert "| gpnn | 4.5 |  |  | 0.7 | 0.5 | 1.25 |" in lines


def test_spread_is_reported_over_photos_and_over_seeds() -> None:
    row = summarise(RESULTS)["figures"]["swd1 ratio"]
    assert row["std"] == pytest.approx(0.9 / math.sqrt(2))
    # The seeds deviate by .5 and .1 from the means of the two photos, two seeds each. Estimating
    # two means takes two degrees of freedom.
    assert row["std_of_seeds"] == pytest.approx(math.sqrt((2 * 0.25 + 2 * 0.01) / 2))
    low, high = row["interval"]
    assert (low, high) == (pytest.approx(0.6), 1.5)
