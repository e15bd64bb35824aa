"""The quality benchmark on tiny photos, and its tables."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks._quality_table import summarise, tables
from tests.benchmarks.conftest import Run

ONE_SCALE = ["trainer=debug", "model.num_scales=1"]


@pytest.mark.slow
def test_a_photo_is_trained_and_evaluated(benchmark: Run, tmp_path: Path) -> None:
    """One of two photos of 64 x 72 with a published sample of each."""
    rng, output = np.random.default_rng(0), tmp_path / "output"
    real, published = (tmp_path / folder for folder in ("real", "published"))
    for folder in (real, published):
        folder.mkdir()
        for name in ("9", "10"):
            coarse = rng.integers(0, 256, (16, 18, 3), np.uint8)
            Image.fromarray(coarse.repeat(4, 0).repeat(4, 1)).save(folder / f"{name}.png")
    options = ["--real", str(real), "--published", str(published), "--output", str(output)]
    options += ["--photos", "9", "--seeds", "3", "--samples", "2"]
    options += ["--others", f"gpnn={published}", "--overrides", *ONE_SCALE]
    options += ["finish.detail=patches", "finish.resolution=auto", "--compressed", "gpnn"]
    assert list(benchmark("quality", *options)["by_photo"]) == ["9"]
    result = json.loads((output / "results" / "9-seed3.json").read_text())
    ours, theirs, others = result["ours"], result["published"], result["others"]
    assert result["ratio"]["swd4"] == pytest.approx(ours["swd4"] / theirs["swd4"])
    # As it is, and through JPEG.
    assert others["gpnn"]["c2st"] == theirs["c2st"]
    assert others["gpnn"]["c2st_jpeg"] != theirs["c2st_jpeg"]
    assert others["ours, JPEG 70"]["c2st_jpeg"] == ours["c2st_jpeg"]
    assert others["ours, JPEG 70"]["c2st"] != ours["c2st"]
    assert "| swd1 ratio |" in (output / "summary.md").read_text()


GPNN = {"c2st": 0.7, "c2st_jpeg": 0.5, "blockiness": 1.25}


def row(photo: str, seed: int, swd: float, sharpness: float, seconds: float | None) -> Any:
    return {
        "photo": photo,
        "seed": seed,
        "seconds": seconds,
        "ratio": {"swd1": swd, "copy": 2 - swd},
        "ours": {"swd1": 9.0, "sharpness": sharpness},
        "published": {"swd2": 3.0},
        "others": {"gpnn": GPNN | {"swd1": 4.0 + seed}} if photo == "2" else {},
    }


RESULTS = [row("2", 0, 1.0, 0.9, 100), row("2", 1, 2.0, 0.9, None), row("10", 0, 0.5, 1.05, 200)]


def test_a_photo_is_the_mean_of_its_seeds() -> None:
    summary = summarise(RESULTS)
    assert summary["by_photo"]["2"]["swd1 ratio"] == 1.5
    assert summary["by_photo"]["2"]["seconds"] == 100
    head, _, *lines = tables(summary)["photos"].splitlines()
    assert head == "| photo | swd1 ratio | copy ratio | sharpness | seconds |"
    assert lines[-1] == "| **mean** | 1.00 | 1.00 | 0.98 | 150 |"


def test_samples_of_several_methods_are_compared() -> None:
    summary = summarise(RESULTS)
    assert summary["sources"] == {
        "ours": {"swd1": 9.0, "sharpness": pytest.approx(0.975)},
        "published": {"swd2": 3.0},
        "gpnn": GPNN | {"swd1": 4.5},
    }
