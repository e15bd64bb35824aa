"""Intervals hold the mean as often as they say."""

import numpy as np
import pytest

from internal_gan.evaluation.bootstrap import mean_interval


def test_one_value_says_nothing() -> None:
    assert mean_interval([3.0]) is None


def test_it_is_the_interval_of_the_normal_distribution_for_many_values() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = mean_interval(list(values)) or (0.0, 0.0)
    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)


def test_it_is_the_same_in_every_run_and_does_not_depend_on_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [1.0, 2.0, 4.0, 8.0]
    once = mean_interval(values)
    assert once == mean_interval(values)
    monkeypatch.setattr("internal_gan.evaluation.bootstrap.AT_ONCE", 40)
    assert mean_interval(values) == once
