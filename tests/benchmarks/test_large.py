"""The benchmark of large photos."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import large
from tests.commands import ROOT

PHOTO = ROOT / "examples" / "photos" / "peaks.jpg"


@pytest.mark.slow
def test_a_sample_is_measured_and_judged(benchmark: Any, tmp_path: Path, reused: Any) -> None:
    with Image.open(PHOTO) as photo:
        photo.resize((600, 400)).save(tmp_path / "a.png")
    options = ["--photos", str(tmp_path / "a.png"), "--output", str(tmp_path / "out")]
    options += ["--overrides", "trainer=debug", "finish.detail=patches"]
    found = benchmark("large", *options)
    assert found["failures"] == []
    (result,) = found["results"]
    assert result["size"] == [400, 600]
    assert result["bytes_a_pixel"] > 0
    assert 0 < result["figures"]["largest_piece"] <= 1
    assert len(result["figures"]["window_sharpness"]) == 3
    assert "| a | 0.2 |" in large.tables(found)["photos"]
    reused(large.main, options)
