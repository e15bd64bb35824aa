"""The benchmark of memory with a tiny model."""

import sys
from typing import Any

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="needs os.wait4")
def test_peak_memory_grows_with_the_output(benchmark: Any) -> None:
    found = benchmark(
        *("memory", "--max-sizes", "40", "--model-size", "40", "--sizes", "30x40", "700x900"),
        *("--rounds", "1", "--threads", "1"),
    )
    baseline = found["baseline_mib"]["median"]
    (training,) = found["training"]
    small, large = (entry["peak_mib"]["median"] for entry in found["sampling"])
    assert training["max_size"] == 40
    assert 50 < baseline < training["peak_mib"]["median"]
    # 32 channels of 700 x 900 floats are 77 MiB.
    assert large > small + 70
