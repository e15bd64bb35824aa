"""The quality benchmark on tiny photos, and its tables."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from benchmarks import quality
from benchmarks._quality_table import summarise, tables

ONE_SCALE = ["trainer=debug", "model.num_scales=1"]


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """Two photos of 64 x 72, a published sample of each, and the options that name them."""
    rng = torch.Generator().manual_seed(0)
    for folder in ("real", "published"):
        (tmp_path / folder).mkdir()
        for name in ("9", "10"):
            coarse = torch.rand(3, 16, 18, generator=rng).repeat_interleave(4, 1)
            pixels = (coarse.repeat_interleave(4, 2) * 255).to(torch.uint8).permute(1, 2, 0)
            Image.fromarray(pixels.numpy()).save(tmp_path / folder / f"{name}.png")
    output = str(tmp_path / "output")
    real, published = (str(tmp_path / folder) for folder in ("real", "published"))
    return ["--real", real, "--published", published, "--output", output]


@pytest.mark.slow
def test_a_photo_is_trained_evaluated_and_tabulated(
    benchmark: Any, folders: list[str], tmp_path: Path, reused: Any
) -> None:
    options = [*folders, "--photos", "9", "--seeds", "3", "--samples", "2"]
    options += ["--others", f"gpnn={tmp_path / 'published'}", "--overrides", *ONE_SCALE]
    options += ["finish.detail=patches", "finish.resolution=auto", "--compressed", "gpnn"]
    found = benchmark("quality", *options)
    output = tmp_path / "output"
    assert list(found["by_photo"]) == ["9"]
    assert found["by_photo"]["9"]["swd1 ratio"] > 0
    assert found["by_photo"]["9"]["seconds"] > 0
    result = json.loads((output / "results" / "9-seed3.json").read_text())
    ours, published = result["ours"], result["published"]
    assert {"coherence", "completeness", "diversity"} <= set(ours)
    assert result["ratio"]["swd4"] == pytest.approx(ours["swd4"] / published["swd4"])
    assert "sharpness" not in result["ratio"]
    assert {"largest_piece", "seams", "c2st"} <= set(ours)
    others = result["others"]
    gpnn = others["gpnn"]
    as_jpeg = {"c2st_jpeg", "c2st_32_jpeg"}
    assert all(gpnn[name] == published[name] for name in set(gpnn) - as_jpeg)
    assert gpnn["c2st_jpeg"] != published["c2st_jpeg"]  # as it is, and through JPEG
    assert list(others) == [
        *("ours, JPEG 70", "photo, JPEG 70", "gpnn", "half against half", "patches"),
        "ours, as drawn",
    ]
    assert others["photo, JPEG 70"]["copy"] < ours["copy"]
    assert not as_jpeg & set(others["photo, JPEG 70"])
    for name in as_jpeg:
        assert others["ours, JPEG 70"][name] == ours[name]
    assert others["ours, JPEG 70"]["c2st"] != ours["c2st"]
    assert "| swd1 ratio |" in (output / "summary.md").read_text()
    reused(quality.main, options)


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
