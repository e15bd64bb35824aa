"""The soak benchmark of many trainings, on tiny ones."""

import pytest

from tests.benchmarks.conftest import Run


@pytest.mark.slow
def test_every_training_is_reported_with_its_outcome(benchmark: Run) -> None:
    found = benchmark("soak", "--trainings", "2", "--overrides", "trainer=debug")
    assert (found["trainings"], found["failures"]) == (2, 0)
    assert [one["seed"] for one in found["each"]] == [0, 1]
    assert all(one["threads"] >= 1 and not one["fell_to_float32"] for one in found["each"])
