"""Each metric is written once, whatever happens to the run."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from internal_gan.models.base import Model
from internal_gan.runs.records import read_metrics
from internal_gan.training.callbacks import MetricsLogger, StagePlan, TrainingPlan
from tests.toy import Clock

ALL_STEPS = [(stage, step) for stage in range(3) for step in (1, 3, 5, 7, 9, 10)]
PLAN = TrainingPlan([StagePlan(f"scale {i}", (8 * (i + 1), 8), 10, 0.1) for i in range(3)], 1)


MODEL = cast(Model, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.jsonl"


def train(logger: MetricsLogger, first: Any, last: Any, clock: Clock | None = None) -> None:
    """Call `logger` as the engine does, from step `first` to `last`, both (stage, step)."""
    logger.on_start(MODEL, PLAN)
    for stage in range(3):
        for step in range(1, 11):
            if first <= (stage, step) <= last:
                if clock is not None:
                    clock.now += 1.0
                scalars = {"rec": stage + step / 100} if step % 2 or step == 10 else None
                logger.on_step(stage, step, 10, scalars)


def steps(path: Path) -> list[tuple[int, int]]:
    return [(row["stage"], row["step"]) for row in read_metrics(path) if "step" in row]


def test_a_new_plan_is_appended(path: Path) -> None:
    logger = MetricsLogger(path)
    train(logger, (0, 1), (0, 10))
    logger.on_replan(MODEL, TrainingPlan([StagePlan("scale", (8, 8), 5, 0.1)] * 3, 1))
    logger.on_step(1, 1, 5, {"rec": 0.5})
    plans = [row for row in read_metrics(path) if row.get("event") == "plan"]
    assert [plan["stages"][1]["steps"] for plan in plans] == [10, 5]
    assert steps(path)[-1] == (1, 1)


@pytest.mark.parametrize(
    ("again", "torn"),
    [((0, 1), ""), ((1, 1), ""), ((1, 4), ""), ((2, 6), '{"stage": 2, "step": 7')],
)
def test_a_resumed_run_has_each_step_once(path: Path, again: tuple[int, int], torn: str) -> None:
    """Also if the last line was torn by a kill."""
    train(MetricsLogger(path), (0, 1), (2, 5))
    path.write_text(path.read_text() + torn)
    train(MetricsLogger(path), again, (2, 10))
    assert steps(path) == ALL_STEPS
    plan, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert (plan["event"], plan["stages"][2]["size"]) == ("plan", [24, 8])
    assert not any("event" in row for row in rows)
    assert rows[0]["rec"] == 0.01


def test_seconds_continue_after_an_interruption(path: Path, clock: Clock) -> None:
    train(MetricsLogger(path), (0, 1), (1, 5), clock)
    clock.now += 5000.0
    train(MetricsLogger(path), (1, 6), (2, 10), clock)
    seconds = [row["seconds"] for row in read_metrics(path) if "seconds" in row]
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(30.0)


def test_a_value_that_is_not_finite_is_null_and_the_file_stays_json(path: Path) -> None:
    logger = MetricsLogger(path)
    logger.on_start(MODEL, PLAN)
    logger.on_step(0, 1, 10, {"rec": float("nan"), "d_loss": float("inf")})
    row = json.loads(path.read_text().splitlines()[-1], parse_constant=pytest.fail)
    assert (row["rec"], row["d_loss"]) == (None, None)
