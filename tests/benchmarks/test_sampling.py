"""The sampling benchmark with a tiny model."""

from typing import Any

import pytest


def test_throughput_is_reported_for_every_size(benchmark: Any) -> None:
    found = benchmark(
        *("sampling", "--sizes", "30x40", "60x90", "--photo-size", "40x56"),
        *("--rounds", "1", "--threads", "1"),
    )
    small, large = found["results"]
    assert (small["size"], large["size"]) == ([30, 40], [60, 90])
    for result in (small, large):
        seconds = result["seconds"]["median"]
        megapixels = result["size"][0] * result["size"][1] / 1e6
        assert result["images_per_second"]["median"] == pytest.approx(1 / seconds, rel=1e-3)
        speed = result["megapixels_per_second"]["median"]
        assert speed == pytest.approx(megapixels / seconds, rel=1e-3)
