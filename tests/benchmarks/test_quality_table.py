"""The table of the quality benchmark."""

from typing import Any

import pytest

from benchmarks._quality_table import summarise, tables

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
    }


RESULTS = [
    result("2", 0, 1.0, 0.9, 100),
    result("2", 1, 2.0, 0.9, None),
    result("10", 0, 0.5, 1.05, 200),
    result("10", 1, 0.7, 1.05, 400),
]


def test_a_photo_is_the_mean_of_its_seeds() -> None:
    summary = summarise(RESULTS)
    assert summary["by_photo"]["2"]["swd1 ratio"] == 1.5
    assert summary["by_photo"]["2"]["seconds"] == 100
    head, _, *lines = tables(summary)["photos"].splitlines()
    assert head == "| photo | swd1 ratio | copy ratio | sharpness | seconds |"
    assert lines[-1] == "| **mean** | 1.05 | 0.95 | 0.98 | 200 |"


def test_samples_of_several_methods_are_compared() -> None:
    summary = summarise(RESULTS)
    assert summary["sources"] == {
        "ours": {"swd1": 9.0, "sharpness": pytest.approx(0.975)},
        "published": {"swd2": 3.0},
        "gpnn": GPNN | {"swd1": 4.5},
    }
    head, _, *lines = tables(summary)["samples"].splitlines()
    assert head == "| samples | swd1 | swd2 | sharpness | c2st | c2st_jpeg | blockiness |"
    assert "| gpnn | 4.5 |  |  | 0.7 | 0.5 | 1.25 |" in lines
