"""The table of the quality benchmark."""

from typing import Any

import pytest

from benchmarks._quality_table import markdown, summarise


def result(
    photo: str, seed: int, swd: float, sharpness: float, seconds: float | None
) -> dict[str, Any]:
    return {
        "photo": photo,
        "seed": seed,
        "seconds": seconds,
        "ratio": {"swd1": swd, "copy": 2 - swd},
        "ours": {"swd1": 9.0, "sharpness": sharpness},
        "environment": {"commit": "0123456789abcdef"},
    }


RESULTS = [
    result("2", 0, 1.0, 0.9, 100),
    result("2", 1, 2.0, 0.9, None),
    result("10", 0, 0.5, 1.05, 200),
    result("10", 1, 0.7, 1.05, 400),
]


def test_a_photo_is_the_mean_of_its_seeds() -> None:
    photos = summarise(RESULTS)["by_photo"]
    assert list(photos) == ["2", "10"]
    assert photos["2"]["swd1 ratio"] == 1.5
    assert photos["10"]["swd1 ratio"] == pytest.approx(0.6)


def test_mean_median_and_worst_are_over_the_photos() -> None:
    row = summarise(RESULTS)["figures"]["swd1 ratio"]
    assert row["mean"] == row["median"] == pytest.approx(1.05)
    assert (row["worst"], row["worst_photo"], row["worst_run"]) == (1.5, "2", 2.0)


def test_worst_is_the_highest_ratio_but_the_lowest_of_copy_and_the_farthest_sharpness() -> None:
    figures = summarise(RESULTS)["figures"]
    assert figures["copy ratio"]["worst"] == pytest.approx(0.5)
    assert figures["sharpness"]["worst"] == pytest.approx(0.9)


def test_an_interrupted_training_has_no_time() -> None:
    summary = summarise(RESULTS)
    assert summary["by_photo"]["2"]["seconds"] == 100
    assert summary["figures"]["seconds"]["worst"] == 300
    assert "seconds" not in summarise(RESULTS[1:2])["figures"]


def test_markdown_has_a_row_for_each_figure_and_each_photo() -> None:
    text = markdown(summarise(RESULTS), {"overrides": [], "samples": 5})
    assert "2 photos, seeds 0, 1, 4 trainings; overrides none, samples 5" in text
    row = "| swd1 ratio | 1.05 | 1.05 | 1.5 (2) | 2 | mean <= 1.1, worst photo <= 1.5 |"
    assert row in text.splitlines()
    assert any(line.startswith("| 10 | 0.6 |") for line in text.splitlines())
