"""The memory benchmark with a tiny model."""

import sys
from typing import Any

import pytest


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs os.wait4")
def test_peak_memory_grows_by_output_images_not_by_feature_maps(benchmark: Any) -> None:
    found = benchmark(
        *("memory", "--max-sizes", "40", "--model-size", "40", "--sizes", "30x40", "1600x2000"),
        *("--rounds", "1", "--threads", "1"),
    )
    baseline = found["baseline_mib"]["median"]
    (training,) = found["training"]
    small, large = (entry["peak_mib"]["median"] for entry in found["sampling"])
    assert training["max_size"] == 40
    assert 50 < baseline < training["peak_mib"]["median"]
    # At 3.2 megapixels, an RGB image takes 37 MiB; the 64 channels of one layer would take 780.
    assert small + 2 * 37 < large < small + 780
