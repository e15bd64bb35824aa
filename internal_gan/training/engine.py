"""The loop that trains any family: stage after stage, discriminator then generator."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from internal_gan.config.options import TrainerOptions
from internal_gan.errors import UserError
from internal_gan.models.base import Model, Recipe, Stage
from internal_gan.process_settings import shared
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import save_model
from internal_gan.training import budget, saver, threads
from internal_gan.training.callbacks import Callback, StagePlan, TrainingPlan
from internal_gan.training.recovery import Recovery
from internal_gan.training.saver import Saver
from internal_gan.training.signals import StopRequest
from internal_gan.training.threads import Pacemaker, Threads
from internal_gan.training.trainee import NotFiniteError, Trainee


class TrainingStopped(Exception):  # noqa: N818 (an outcome, not an error)
    """The run stopped on request; its state is saved, so it can be resumed.

    Attributes:
        reason: what requested the stop, and the stage and step that were reached.
        folder: the run folder.
    """

    def __init__(self, reason: str, folder: Path) -> None:
        super().__init__(reason, folder)
        self.reason = reason
        self.folder = folder

    def __str__(self) -> str:
        return self.reason


def train(
    recipe: Recipe,
    model: Model,
    *,
    options: TrainerOptions,
    precision: torch.dtype,
    seed: int,
    folder: RunFolder,
    architecture: Mapping[str, Any],
    callbacks: Sequence[Callback] = (),
    stop: Callable[[], bool] | None = None,
    resume: bool = False,
) -> None:
    """Train every stage of ``model``, saving its state to ``folder`` so that the run can resume.

    Args:
        model: prepared by ``recipe``, on the training device.
        precision: dtype of convolutions; losses and weights stay float32.
        architecture: see :func:`internal_gan.runs.model_file.save_model`.
        stop: called after every step; returning true ends the run like Ctrl-C.
        resume: continue from the saved state. On the CPU, with the same number of threads, the
            resulting weights are those of an uninterrupted run, bit for bit.

    Raises:
        TrainingStopped: after saving, on Ctrl-C, SIGTERM or ``stop``.
        UserError: a loss is not finite even in float32, or a file cannot be written.
    """
    started = time.monotonic()
    rng = torch.Generator(model.device).manual_seed(seed)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = saver.load_state(folder, model) if resume else None
    if state:
        precision = saver.precision_of(state)
    with StopRequest(stop) as request, threads.restored(), _repeatable(model.device):
        choice = Threads(options.threads, model.device)
        plan, ends = budget.plan(recipe, model, options, precision, seed, choice, state, started)
        if state:
            saver.restore_model(folder, model, state)
        for callback in callbacks:
            callback.on_start(model, plan)

        trained = 0.0
        previous: Stage | None = None
        for index in range(model.finished, model.num_stages):
            if index and math.isfinite(ends):
                left = ends - time.monotonic()
                if shorter := budget.shortened(plan, index, trained, left):
                    plan = shorter
                    for callback in callbacks:
                        callback.on_replan(model, plan)
            began = time.monotonic()
            if state:
                rng.set_state(state["stage_rng"].cpu())
            stage_rng = rng.get_state()
            # With a fixed number of threads, a resumed run builds the same stage.
            threads.use(choice.counts[0])
            steps = plan.stages[index].steps
            stage = recipe.stage(model, index, steps, previous, rng)
            trainee = Trainee(stage, steps, precision)
            keeper = Saver(folder, model, plan, index, trainee, rng, stage_rng)
            first = keeper.load(state) if state else 0
            recovery = Recovery(trainee, rng, first, keeper.note_repeat)
            pacemaker = Pacemaker(recovery, choice, plan.stages[index], keeper.note_threads)
            pacemaker.begin(state.get("threads") if state else None)
            state = None

            with _ends_in_good_state(recovery, keeper):
                for step, scalars in recovery.steps(options.log_interval):
                    for callback in callbacks:
                        callback.on_step(index, step, steps, scalars)
                    due = keeper.age >= options.checkpoint_interval or step == steps
                    reason = request.reason
                    if (due or reason) and recovery.confirm():
                        keeper.save(step)
                        if reason:
                            where = f"{stage.name}, step {step}"
                            raise TrainingStopped(f"{reason} at {where}", folder.path)
                    pacemaker.keep_up()

            precision = trainee.precision
            trainee.finish()
            # Measured without the callbacks' images below, which slow down no step.
            trained += time.monotonic() - began
            previous = stage
            save_model(model, folder.model_path, architecture)
            for callback in callbacks:
                callback.on_stage_end(model, index)
    for callback in callbacks:
        callback.on_end(model)


def train_stage(
    model: Model,
    stage: Stage,
    steps: int,
    rng: torch.Generator,
    *,
    precision: torch.dtype,
    callbacks: Sequence[Callback] = (),
    log_interval: int = 25,
) -> None:
    """Train one more stage on a finished model, without saving intermediate states.

    Args:
        stage: built on ``model``; changes it when the stage is finished.
        rng: the stage's random number generator.
        precision: see :func:`train`.

    Raises:
        UserError: a loss is not finite even in float32.
    """
    plan = TrainingPlan([StagePlan(stage.name, stage.size, steps, 0.0)])
    for callback in callbacks:
        callback.on_start(model, plan)
    trainee = Trainee(stage, steps, precision)
    recovery = Recovery(trainee, rng)
    with _repeatable(model.device), _ends_in_good_state(recovery):
        for step, scalars in recovery.steps(log_interval):
            for callback in callbacks:
                callback.on_step(0, step, steps, scalars)
    trainee.finish()
    for callback in callbacks:
        callback.on_stage_end(model, 0)
        callback.on_end(model)


@contextmanager
def _ends_in_good_state(recovery: Recovery, keeper: Saver | None = None) -> Iterator[None]:
    """Save the last good state of a stage that cannot continue, and report the failure."""
    try:
        yield
    except NotFiniteError:
        kept = ""
        if keeper is not None:
            keeper.save(recovery.step)
            kept = f"; the state after step {recovery.step} is saved"
        raise UserError(
            f"{recovery.trainee.stage.name}: a loss is not finite at step {recovery.failed}, even "
            f"when repeated in float32{kept} (smaller learning rates may help)"
        ) from None


def _repeatable(device: torch.device) -> AbstractContextManager[None]:
    """Make results on the CPU repeatable for a fixed number of threads, at no measurable cost.

    Some operations on a GPU have no deterministic version.
    """
    return _deterministic() if device.type == "cpu" else nullcontext()


@shared
@contextmanager
def _deterministic() -> Iterator[None]:
    """Fix the order of parallel sums, such as the gradient of indexing."""
    memory: Any = torch.utils.deterministic
    before = torch.get_deterministic_debug_mode(), memory.fill_uninitialized_memory
    # "warn", since the setting is process-wide and must not fail another thread's GPU operations.
    torch.set_deterministic_debug_mode("warn")
    # Filling fresh memory with NaN would provoke the very faults that it is meant to reveal.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before[0])
        memory.fill_uninitialized_memory = before[1]
