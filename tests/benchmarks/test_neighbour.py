"""The benchmark of training next to busy processes, run briefly."""

import pytest

from tests.benchmarks.conftest import Run


@pytest.mark.slow
def test_every_setting_is_measured_with_every_number_of_neighbours(benchmark: Run) -> None:
    options = ("--ways", "default", "one_thread", "--neighbours", "0", "1")
    found = benchmark("neighbour", *options, "--seconds", "2", "--rounds", "1")
    assert found["steps_per_second"].keys() == {"0", "1"}
    for rates in found["steps_per_second"].values():
        assert rates.keys() == {"default", "one_thread"}
        assert all(rate["median"] > 0 for rate in rates.values())
