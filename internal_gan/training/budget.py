"""What every stage costs on this machine, and a schedule that fits a time budget."""

import copy
import logging
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from internal_gan.config.options import TrainerOptions
from internal_gan.models.base import Model, Recipe, Stage
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from internal_gan.training.threads import Threads
from internal_gan.training.trainee import NotFiniteError, Trainee
from internal_gan.units import duration, parse_duration

if sys.platform != "win32":
    import resource

_log = logging.getLogger(__name__)

# Kept back from a budget: steps may turn out slower, and the pictures at the end take time too.
RESERVE_FRACTION = 0.08
RESERVE_SECONDS = 4.0
# What is not done in every step recurs within so many.
PROBE_STEPS = 8
# Stages whose first step takes longer are measured by fewer steps.
SLOW_STEP_SECONDS = 0.5
VERY_SLOW_STEP_SECONDS = 2.0
SLOW_PROBE_STEPS = 4


def plan(
    recipe: Recipe,
    model: Model,
    options: TrainerOptions,
    precision: torch.dtype,
    seed: int,
    threads: Threads,
    state: Mapping[str, Any] | None,
    started: float,
) -> TrainingPlan:
    """Fix every stage's steps and measure what they cost on this machine.

    Args:
        state: of a training that goes on, whose steps are kept.
        started: when the run began, by ``time.monotonic``.
    """
    if state:
        steps = list(state["steps"])
    else:
        steps = [max(1, round(n * options.steps_factor)) for n in recipe.steps_of(model)]
        if options.max_steps is not None:
            steps = [min(n, options.max_steps) for n in steps]

    def run_steps(stage: Stage, count: int) -> None:
        trainee = Trainee(stage, count, precision)
        # What is not finite here may be the machine's passing fault; the training looks after that.
        with suppress(NotFiniteError):
            for step in range(count):
                trainee.step(step)
            trainee.check_finite()

    found = measure(recipe, model, steps, run_steps, seed, threads, brief=options.time is None)
    if options.time and not state:
        left = parse_duration(options.time) - (time.monotonic() - started)
        found = fit(found, left, options.max_steps or math.inf)
        if found.total_seconds > left:
            _log.warning(
                "trainer.time=%s is too short for this model on this machine: one step of every "
                "stage, the least there is, ends about %s after it",
                options.time,
                duration(found.total_seconds - left),
            )
    return found


def measure(
    recipe: Recipe,
    model: Model,
    steps: Sequence[int],
    run_steps: Callable[[Stage, int], None],
    seed: int,
    threads: Threads,
    *,
    brief: bool = False,
) -> TrainingPlan:
    """Try a few steps of every stage on a copy of ``model`` and throw the copy away.

    Args:
        model: a prepared model, not yet trained; left as it is.
        steps: that every stage is to be trained for.
        run_steps: trains a stage for that many steps and waits for the device.
        threads: of which each stage gets the fastest number.
        brief: try stages of few steps by one, which would take less time than measuring it well.
    """
    if model.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(model.device)  # of an earlier run in this process
    scratch = copy.deepcopy(model)
    rng = torch.Generator(scratch.device).manual_seed(seed)
    plans: list[StagePlan] = []
    previous: Stage | None = None
    for index, count in enumerate(steps):
        stage = recipe.stage(scratch, index, count, previous, rng)
        if previous is None:
            run_steps(stage, 1)  # the first step of a process also sets up the libraries
        single = brief and count <= PROBE_STEPS
        fastest, seconds = threads.fastest(partial(_seconds_per_step, run_steps, stage, single))
        plans.append(StagePlan(stage.name, stage.size, count, seconds, fastest))
        stage.finish()
        previous = stage
    return TrainingPlan(plans, peak_memory(scratch.device))


def _seconds_per_step(run_steps: Callable[[Stage, int], None], stage: Stage, single: bool) -> float:
    # Everything is due in the first step, so that alone it would be too dear.
    first = _time(run_steps, stage, 1)
    if single or first > VERY_SLOW_STEP_SECONDS:
        return first
    if first > SLOW_STEP_SECONDS:
        rest = SLOW_PROBE_STEPS - 1
        return (first + _time(run_steps, stage, rest)) / SLOW_PROBE_STEPS
    return _time(run_steps, stage, PROBE_STEPS) / PROBE_STEPS


def _time(run_steps: Callable[[Stage, int], None], stage: Stage, steps: int) -> float:
    start = time.perf_counter()
    run_steps(stage, steps)
    return time.perf_counter() - start


def peak_memory(device: torch.device) -> int | None:
    """Peak memory in bytes: of the device on CUDA, of the process elsewhere; None where the system
    does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def fit(plan: TrainingPlan, seconds: float, most: float = math.inf) -> TrainingPlan:
    """Scale a plan's steps, so that it takes ``seconds`` less the reserve: at least one and at
    most so many a stage."""
    usable = max(0.0, seconds * (1 - RESERVE_FRACTION) - RESERVE_SECONDS)
    factor = usable / plan.total_seconds
    stages = [replace(s, steps=int(max(1, min(s.steps * factor, most)))) for s in plan.stages]
    return replace(plan, stages=stages)


def shortened(plan: TrainingPlan, index: int, trained: float, left: float) -> TrainingPlan:
    """The plan with shorter stages from ``index`` on, if the earlier ones took longer than planned
    and the time would not do; else ``plan`` itself.

    Args:
        trained: seconds that the earlier stages' steps took.
        left: seconds that the budget has left for everything.
    """
    planned = sum(stage.seconds for stage in plan.stages[:index])
    slower = max(1.0, trained / planned)
    stages = [
        replace(stage, seconds_per_step=stage.seconds_per_step * slower)
        for stage in plan.stages[index:]
    ]
    rest = fit(replace(plan, stages=stages), left)
    if rest.stages[0].steps >= plan.stages[index].steps:
        return plan
    return replace(plan, stages=[*plan.stages[:index], *rest.stages])
