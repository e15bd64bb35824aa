"""Percentile bootstrap intervals.

Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics, 1979.
"""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.95
REPEATS = 10_000
AT_ONCE = 2**22


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % bootstrap interval of the mean of independent values.

    Returns:
        Both ends, the same in every run; None for fewer than two values.

    >>> mean_interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    if len(values) < 2:
        return None
    known = np.asarray(values, dtype=float)
    rng = np.random.default_rng(0)
    rows = max(1, AT_ONCE // len(known))
    means = [
        known[rng.integers(len(known), size=(min(rows, REPEATS - done), len(known)))].mean(axis=1)
        for done in range(0, REPEATS, rows)
    ]
    return ends(np.concatenate(means))


def ends(repeated: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> tuple[float, float]:
    """The central interval that contains ``LEVEL`` of the resampled figures."""
    low, high = np.quantile(repeated, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
