"""The benchmark of training on many photos, on a few tiny ones, and its arithmetic."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.scaling import make_photos, project
from tests.benchmarks.conftest import Run


def test_photos_differ_and_have_the_size(tmp_path: Path) -> None:
    make_photos(tmp_path, 6, (20, 30))
    files = sorted(tmp_path.iterdir())
    assert len({path.read_bytes() for path in files}) == 6
    with Image.open(files[0]) as photo:
        assert photo.size == (30, 20)


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
