"""The benchmark of line continuation on a tiny photo, and its figures."""

import math
from pathlib import Path

import pytest
import torch

from benchmarks._continuity import continuity
from internal_gan.images.edges import Canny
from tests.benchmarks.conftest import Given, Run
from tests.tiny import EDGECONNECT

CANNY = Canny(sigma=2.0, low=0.1, high=0.2)


@pytest.mark.slow
def test_every_guide_fills_holes(benchmark: Run, given: Given, tmp_path: Path) -> None:
    options = [*given(60, 96, "house.png"), "--size", "96"]
    options += ["--overrides", *EDGECONNECT, "device=cpu", "model.max_size=96"]
    (result,) = benchmark("lines", *options)["results"]
    assert len(result["holes"]) == 2
    assert "| finished | own |" in (tmp_path / "output/summary.md").read_text()
    assert (tmp_path / "output/sheets/house-seed0.png").is_file()


def test_a_continued_line_has_no_gap_and_the_gap_grows_with_its_shift() -> None:
    photo, hole = torch.full((1, 3, 48, 64), -0.6), torch.zeros(1, 1, 48, 64)
    photo[..., 24:, :] = 0.6
    hole[..., 12:36, 20:44] = 1
    same = continuity(CANNY, photo, photo, hole)
    assert (same["gap"], same["lines"]) == (0, 1)
    assert same["angle"] < 5
    near, far = (
        continuity(CANNY, photo, torch.where(hole > 0, photo.roll(shift, dims=-2), photo), hole)
        for shift in (4, 7)
    )
    assert 0 < near["gap"] < far["gap"] < 8
    assert max(near["lines"], far["lines"]) < 0.5
    flat = torch.zeros_like(photo)
    assert all(math.isnan(value) for value in continuity(CANNY, flat, flat, hole).values())
