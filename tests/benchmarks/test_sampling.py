"""The sampling benchmark with a tiny model."""

from typing import Any

import pytest

from benchmarks.sampling import tables


def test_seconds_are_reported_for_every_size(benchmark: Any) -> None:
    found = benchmark(
        *("sampling", "--sizes", "30x40", "60x90", "--photo-size", "40x56"),
        *("--rounds", "1", "--threads", "1", "--largest", "1200"),
    )
    small, large = found["results"]
    assert (small["size"], large["size"]) == ([30, 40], [60, 90])
    for result in (small, large):
        seconds = result["seconds"]["median"]
        megapixels = result["size"][0] * result["size"][1] / 1e6
        speed = result["megapixels_per_second"]["median"]
        assert speed == pytest.approx(megapixels / seconds, rel=1e-3)
    assert small["formula_seconds"] > 0
    assert "formula_seconds" not in large
    table = tables(found)["sizes"].splitlines()
    drawings = small["formula_seconds"] / small["seconds"]["median"]
    assert float(table[2].split("|")[-2]) == pytest.approx(drawings, rel=0.01)
    assert "nan" not in table[3]
