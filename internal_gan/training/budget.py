"""What every stage costs on this machine, and a schedule that fits a time budget."""

import copy
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from internal_gan.models.base import Model, Stage
from internal_gan.training.callbacks import StagePlan, TrainingPlan

if sys.platform != "win32":
    import resource

# Kept back from a budget: steps may turn out slower, and the pictures at the end take time too.
RESERVE_FRACTION = 0.08
RESERVE_SECONDS = 4.0
# What is not done in every step recurs within so many.
PROBE_STEPS = 8
# Stages whose first step takes longer are measured by fewer steps.
SLOW_STEP_SECONDS = 0.5
VERY_SLOW_STEP_SECONDS = 2.0
SLOW_PROBE_STEPS = 4


def measure(model: Model, run_steps: Callable[[Stage, int], None], seed: int) -> TrainingPlan:
    """Try a few steps of every stage on a copy of ``model`` and throw the copy away.

    Args:
        model: a prepared model, not yet trained; left as it is.
        run_steps: trains a stage for that many steps and waits for the device.
    """
    if model.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(model.device)  # of an earlier run in this process
    scratch = copy.deepcopy(model)
    rng = torch.Generator(scratch.device).manual_seed(seed)
    plans: list[StagePlan] = []
    previous: Stage | None = None
    for index, steps in enumerate(model.steps):
        stage = scratch.stage(index, previous, rng)
        if previous is None:
            run_steps(stage, 1)  # the first step of a process also sets up the libraries
        seconds = _seconds_per_step(run_steps, stage)
        plans.append(StagePlan(stage.name, stage.size, steps, seconds))
        stage.finish()
        previous = stage
    return TrainingPlan(plans, peak_memory(scratch.device))


def _seconds_per_step(run_steps: Callable[[Stage, int], None], stage: Stage) -> float:
    # Everything is due in the first step, so that alone it would be too dear.
    first = _time(run_steps, stage, 1)
    if first > VERY_SLOW_STEP_SECONDS:
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
