"""Stages are timed, and schedules fitted to a time budget."""

import copy
from dataclasses import replace
from functools import partial
from unittest.mock import Mock

import pytest
import torch

from internal_gan.training import budget
from internal_gan.training.budget import RESERVE_FRACTION, RESERVE_SECONDS, fastest, fit
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from internal_gan.training.stage_trainer import StageTrainer
from tests.tiny import picture, recipe_of, same_weights

pytestmark = pytest.mark.usefixtures("measured")
FP32 = torch.float32


def plan_of(*stages: tuple[int, float]) -> TrainingPlan:
    return TrainingPlan([StagePlan("s", (8, 8), steps, cost) for steps, cost in stages], 3)


def test_fitted_steps_have_a_closed_form() -> None:
    plan = plan_of((4000, 0.01), (2000, 0.05), (1000, 0.1))
    assert plan.total_seconds == pytest.approx(40 + 100 + 100)
    factor = (120 * (1 - RESERVE_FRACTION) - RESERVE_SECONDS) / 240
    fitted = fit(plan, 120)
    assert [s.steps for s in fitted.stages] == [int(n * factor) for n in (4000, 2000, 1000)]
    assert fitted.total_seconds <= 120 * (1 - RESERVE_FRACTION) - RESERVE_SECONDS
    assert fitted.threads == 3


def test_measuring_covers_every_stage_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, timed = recipe_of(), Mock(wraps=budget.timed)
    model = recipe.prepare(picture())
    before = copy.deepcopy(model)
    monkeypatch.setattr(budget, "timed", timed)
    monkeypatch.setattr(budget, "PROBE_SECONDS", 1e9)
    plan = budget.measure(recipe, model, [30, 20, 5], 0, partial(StageTrainer, precision=FP32))
    # A first step, and for each stage one step, then a few, but at most a third of its own.
    assert [call.args[1] for call in timed.call_args_list] == [1, 1, 8, 1, 6, 1]
    assert model.finished == 0
    assert same_weights(model, before)
    assert [(s.name, s.size, s.steps) for s in plan.stages] == [
        ("scale 0", (14, 20), 30),
        ("scale 1", (17, 23), 20),
        ("scale 2", (20, 28), 5),
    ]
    assert all(s.seconds_per_step > 0 for s in plan.stages)


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        *(({1: 1.0, 2: 0.6, 4: 0.4}, 4), ({1: 1.0, 2: 0.95}, 1), ({1: 1.0, 2: 4.0}, 1)),
        ({1: 1.0, 2: 0.6, 4: 0.58}, 2),
    ],
)
def test_the_fastest_thread_count_is_used_if_clearly_faster(
    seconds: dict[int, float], best: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = [1]
    monkeypatch.setattr("internal_gan.training.threads.use", used.append)
    plan = fastest([1, 2, 4], lambda: replace(plan_of((10, seconds[used[-1]])), threads=used[-1]))
    assert (plan.threads, used[-1]) == (best, best)
    assert plan.stages[0].seconds_per_step == seconds[best]
