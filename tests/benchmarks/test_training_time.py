"""The training time benchmark on a tiny photo."""

from typing import Any

import pytest


def test_two_schedules_are_timed_per_scale_and_projected(benchmark: Any) -> None:
    found = benchmark(
        *("training_time", "--size", "40x56", "--rounds", "1", "--steps", "1", "--threads", "1"),
        *(
            "--baseline",
            "experiment=singan_paper",
            "model.num_scales=2",
            "model.min_size=25",
            "model.scale_count=fewest",
        ),
        *("--candidate", "trainer=fast", "model.num_scales=1", "model.drawings=1"),
        "trainer.max_steps=70",
    )
    baseline, candidate = found["baseline"], found["candidate"]
    assert [stage["size"] for stage in baseline["stages"]] == [[32, 44], [40, 56]]
    assert [stage["steps"] for stage in baseline["stages"]] == [2000, 2000]
    assert [stage["size"] for stage in candidate["stages"]] == [[40, 56]]
    assert [stage["steps"] for stage in candidate["stages"]] == [70]
    for contender in (baseline, candidate):
        costs = [stage["seconds_per_step"]["median"] for stage in contender["stages"]]
        steps = [stage["steps"] for stage in contender["stages"]]
        total = sum(n * cost for n, cost in zip(steps, costs, strict=True))
        assert min(costs) > 0
        assert contender["projected_seconds"]["median"] == pytest.approx(total, rel=1e-3)
