"""Bootstrap intervals of the mean."""

import numpy as np
import pytest

from internal_gan.evaluation.bootstrap import mean_interval


def test_a_single_value_has_no_interval() -> None:
    assert mean_interval([3.0]) is None


def test_the_interval_of_many_values_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = mean_interval(list(values)) or (0.0, 0.0)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)


def test_the_interval_is_reproducible_and_independent_of_chunking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    once = mean_interval(values)
    assert once == mean_interval(values)
    monkeypatch.setattr("internal_gan.evaluation.bootstrap.AT_ONCE", 40)
    assert mean_interval(values) == once
