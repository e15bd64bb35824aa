"""Bootstrap intervals: how far a mean could be from the true one.

Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics, 1979
(percentile intervals).
"""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.95
REPEATS = 10_000
AT_ONCE = 2**22


def mean_interval(
    values: Sequence[float], level: float = LEVEL, repeats: int = REPEATS, seed: int = 0
) -> tuple[float, float] | None:
    """An interval for the mean of the distribution that the values are drawn from.

    Args:
        values: independent of each other, such as one for each photo.
        level: the share of such intervals that hold the true mean, approximately.
        repeats: how often the values are drawn anew.

    Returns:
        Its two ends, the same in every run; None for fewer than two values.

    >>> mean_interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    if len(values) < 2:
        return None
    known = np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    rows = max(1, AT_ONCE // len(known))
    means = [
        known[rng.integers(len(known), size=(min(rows, repeats - done), len(known)))].mean(axis=1)
        for done in range(0, repeats, rows)
    ]
    return ends(np.concatenate(means), level)


def ends(
    repeated: "np.ndarray[tuple[int], np.dtype[np.float64]]", level: float
) -> tuple[float, float]:
    """The interval that holds ``level`` of the repeated figures, with equal rests on both sides."""
    low, high = np.quantile(repeated, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
