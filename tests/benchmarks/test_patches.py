"""The patch search benchmark on small pictures."""

import pytest

from tests.benchmarks.conftest import Run


@pytest.mark.slow
def test_the_search_is_measured_against_an_exact_one(benchmark: Run) -> None:
    found = benchmark("patches", "--sizes", "60", "--rounds", "1")
    search = found["search"]["60"]
    assert search["exact"]["seconds"]["median"] > 0
    assert search["coherent"]["seconds"]["runs"] == len(found["photos"])
    assert search["coherent"]["distance_ratio"]["lowest"] >= 0.999
    figures = found["finished"]["60"]
    assert 0 < figures["largest_piece"] <= 1
    assert figures["swd1"] >= 0
