"""The benchmark of every application."""

from typing import Any

import pytest
import torch

from benchmarks.applications import APPLICATIONS, FPS, motion, moved, tables
from tests.benchmarks.conftest import Given, Run


def test_the_figures_of_a_film_that_brightens() -> None:
    light = torch.arange(20.0).view(-1, 1, 1, 1).expand(-1, 3, 8, 10).clone() * 2 / 127.5
    light[..., 5:] = 0  # half of it stands still
    expected = {"frame": 1, "second": FPS, "move": 0.5, "flicker": 0, "joint": 19}
    assert motion(light) == pytest.approx(expected, abs=1e-4)


def test_what_moves_by_more_than_it_varies_is_told() -> None:
    def found(mean: float, spread: float | None = None) -> dict[str, Any]:
        return {"films": {"singan": {"second": {"mean": mean, "spread": spread}}}}

    assert [*moved(found(1.0, 0.2), found(1.5))] == []
    [line] = moved(found(1.0, 0.01), found(0.5))
    assert line.startswith("films by singan: second 0.5; landed: 1, up to 0.05 more or less")
    assert [*moved({}, found(1.0))] == []


@pytest.mark.slow
def test_every_application_is_measured(benchmark: Run, given: Given) -> None:
    options = [*given(48, 60), "--seeds", "0", "1", "--overrides", "trainer.max_steps=3"]
    found = benchmark("applications", *options)
    assert found["figures"].keys() == APPLICATIONS.keys()
    assert tables(found)["null"].count("\n") > len(APPLICATIONS)
