"""The benchmark of training on many photos, on a few tiny ones, and its arithmetic."""

import importlib.util

import pytest

from benchmarks.scaling import project
from tests.benchmarks.conftest import Run


def test_projection() -> None:
    found = project(1_000_000, 36, 2, 5e6, 20)
    assert found == {
        "photos": 1_000_000,
        "core_hours": 20_000,
        "days_on_1000_cores": 0.83,
        "terabytes": 5.0,
        "files": 20_000_000,
    }


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("joblib") is None, reason="needs joblib")
def test_every_number_of_workers_is_measured(benchmark: Run) -> None:
    options = ("--photos", "2", "--size", "48x64", "--workers", "1", "2")
    record = benchmark("scaling", *options, "--overrides", "trainer=debug", "model.num_scales=1")
    assert record["workers"].keys() == {"1", "2"}
    assert record["workers"]["1"]["times_faster"]["median"] == 1
    one = record["workers"]["2"]
    assert one["times_faster"]["median"] > 0
    assert one["seconds_a_job"]["median"] < one["seconds"]["median"]
    assert record["projection"]["files"] > 5_000_000
