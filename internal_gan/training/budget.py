"""Measures what every stage costs on this machine, and fits the schedule to a time budget."""

import copy
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from internal_gan.config.options import TrainerOptions
from internal_gan.models.base import Model, Recipe, Stage
from internal_gan.stopping import check_stop
from internal_gan.training import threads
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from internal_gan.training.stage_trainer import NotFiniteError, StageTrainer
from internal_gan.units import counted, duration, parse_duration

_log = logging.getLogger(__name__)

# Held back from a budget for steps slower than measured and for the images at the end.
RESERVE_FRACTION = 0.08  # of the budget
RESERVE_SECONDS = 4.0  # besides that
# The largest share of a budget that measuring may use up. If it takes longer, as on a slow or busy
# machine, the excess is added to the budget, so that time is left to train.
MAX_MEASURING_FRACTION = 1 / 3
# More threads, which change results' last digits, must take less than this fraction of the time.
WORTHWHILE_FRACTION = 0.9
# A stage's cost is measured on a few steps, at most a third of its own.
PROBE_STEPS = 8  # enough to include all work that is not done in every step
PROBE_SECONDS = 2.0  # after these, no further step is begun


def plan(
    recipe: Recipe,
    model: Model,
    options: TrainerOptions,
    precision: torch.dtype,
    seed: int,
    state: Mapping[str, Any] | None,
    started: float,
) -> tuple[TrainingPlan, float]:
    """Choose the number of threads and of every stage's steps, and measure what they cost here.

    The run ``started`` at a ``time.monotonic()``; the plan comes with that at which the budget
    ends, infinite without one. A resumed training keeps the steps and threads of its ``state``.
    """
    limit = options.max_steps or math.inf
    earlier = state["threads"] if state else None
    planned = (max(1, round(n * options.steps_factor)) for n in recipe.steps_of(model))
    steps = state["steps"] if state else [int(min(n, limit)) for n in planned]
    pixels = max(map(math.prod, model.sizes))
    counts = threads.choices(options.threads, model.device, pixels, earlier)
    trained = partial(StageTrainer, precision=precision, graphs=options.graphs == "auto")
    found = fastest(counts, lambda: measure(recipe, model, steps, seed, trained))
    if earlier not in (None, found.threads):
        _log.warning(
            "Continuing with %s instead of %d: results may differ in their last digits",
            counted(found.threads, "thread"),
            earlier,
        )
    if not options.time or state:
        return found, math.inf
    seconds = parse_duration(options.time)
    measured = time.monotonic() - started
    most = max(seconds - measured, seconds * (1 - MAX_MEASURING_FRACTION))
    found = fit(found, most, limit)
    if (late := measured + found.total_seconds - seconds) > 0:
        _log.warning(
            "trainer.time=%s is too short for this model on this machine, whose speed took %s to "
            "measure; training ends about %s after the limit",
            *(options.time, duration(measured), duration(late)),
        )
    return found, started + measured + most


def fastest(counts: Sequence[int], measured: Callable[[], TrainingPlan]) -> TrainingPlan:
    """Measure with each number of threads, in ascending order, and use the fastest from now on."""
    best: TrainingPlan | None = None
    for count in counts:
        threads.use(count)
        found = measured()
        if best is not None and found.total_seconds > WORTHWHILE_FRACTION * best.total_seconds:
            break  # if two threads gain nothing, neither will four
        best = found
    assert best is not None
    threads.use(best.threads)
    return best


def measure(
    recipe: Recipe, model: Model, steps: list[int], seed: int, trained: Callable[..., StageTrainer]
) -> TrainingPlan:
    """Try a few of the planned ``steps`` of every stage, each with the trainer that ``trained``
    makes of it; ``model``, prepared but untrained, is not changed."""
    model = copy.deepcopy(model)
    rng = torch.Generator(model.device).manual_seed(seed)
    held = 0
    plans: list[StagePlan] = []
    previous: Stage | None = None
    for index, count in enumerate(steps):
        stage = recipe.stage(model, index, count, previous, rng)
        if previous is None:
            timed(trained(stage), 1)  # a process's first step also sets up the libraries
        few = min(PROBE_STEPS, count // 3)
        seconds = timed(trainer := trained(stage), 1)  # with all occasional work
        if few > 1 and seconds < PROBE_SECONDS:
            seconds = timed(trainer := trained(stage), few)
        held = max(held, trainer.graphs.held)
        plans.append(StagePlan(stage.name, stage.size, count, seconds))
        stage.finish()
        previous = stage
    return TrainingPlan(plans, torch.get_num_threads(), held)


def timed(trainer: StageTrainer, most: int) -> float:
    """Train a stage for ``most`` steps, fewer if they are slow; the mean seconds of a step."""
    start = time.perf_counter()
    seconds = 0.0
    graphs = trainer.graphs
    graphs.at_once = True
    with suppress(NotFiniteError):  # the training itself deals with it
        while trainer.step < most and seconds < PROBE_SECONDS:
            check_stop()
            trainer.take_step()
            trainer.check_finite()  # waits for the device
            seconds = time.perf_counter() - start - graphs.seconds
    # Steps that are not finite from the first on have no measured time.
    seconds = seconds / max(1, trainer.step) or 1e-3
    if graphs.captured:  # each key is captured once
        seconds += graphs.seconds / len(graphs.captured) * graphs.keys / trainer.stage.steps
    return seconds


def fit(plan: TrainingPlan, seconds: float, most: float = math.inf) -> TrainingPlan:
    """Scale a plan to take ``seconds`` less the reserve, with 1 to ``most`` steps per stage."""
    factor = max(0.0, seconds * (1 - RESERVE_FRACTION) - RESERVE_SECONDS) / plan.total_seconds
    stages = [replace(s, steps=int(max(1, min(s.steps * factor, most)))) for s in plan.stages]
    return replace(plan, stages=stages)


def shortened(plan: TrainingPlan, index: int, trained: float, left: float) -> TrainingPlan | None:
    """The plan with fewer steps from stage ``index`` on, after ``trained`` seconds of the earlier
    ones' steps; None if the time ``left``, infinite without a budget, suffices."""
    if left == math.inf:
        return None
    slower = max(1.0, trained / sum(stage.seconds for stage in plan.stages[:index]))
    done, rest = plan.stages[:index], plan.stages[index:]
    slowed = [replace(stage, seconds_per_step=stage.seconds_per_step * slower) for stage in rest]
    fitted = fit(replace(plan, stages=slowed), left).stages
    return replace(plan, stages=[*done, *fitted]) if fitted[0].steps < rest[0].steps else None
