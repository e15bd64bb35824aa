"""The patch search benchmark on small pictures."""

import pytest

from tests.benchmarks.conftest import Run


@pytest.mark.slow
def test_both_methods_are_measured_against_the_exact_search(benchmark: Run) -> None:
    found = benchmark("patches", "--sizes", "60", "--rounds", "1")
    search = found["search"]["60"]
    assert search["exact"]["seconds"]["median"] > 0
    for name in ("coherent", "patchmatch_4"):
        assert search[name]["seconds"]["runs"] == len(found["photos"])
        assert search[name]["distance_ratio"]["lowest"] >= 0.999
    for method in ("coherent", "patchmatch"):
        figures = found["finished"]["60"][method]
        assert 0 < figures["largest_piece"] <= 1
        assert figures["swd1"] >= 0
