"""The loop that trains any family: stage after stage, discriminator then generator."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.options import TrainerOptions
from internal_gan.errors import UserError
from internal_gan.models.base import FailedStageError, Model, Recipe, Stage
from internal_gan.process_settings import shared, temporary
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import save_model
from internal_gan.stopping import Stopped, stopping
from internal_gan.training import budget, threads
from internal_gan.training.callbacks import Callback
from internal_gan.training.saver import fitting, load_state, restore_model, save_state
from internal_gan.training.signals import StopRequest
from internal_gan.training.stage_trainer import NotFiniteError, StageTrainer

_log = logging.getLogger(__name__)
# Filling fresh memory with NaN would provoke the very faults that it is meant to reveal.
_unfilled = temporary(torch.utils.deterministic, "fill_uninitialized_memory", False)


class TrainingStopped(Exception):  # noqa: N818 (an outcome, not an error)
    """The run stopped on request; what it has learnt is saved in ``folder``, to be resumed.

    ``by`` is what requested the stop: SIGINT, SIGTERM or stop(). ``reason`` also has the stage and
    the step that were reached, if any.
    """

    def __init__(self, by: str, when: str, folder: Path) -> None:
        super().__init__(by, when, folder)
        self.by = by
        self.reason = f"{by} {when}"
        self.folder = folder

    def __str__(self) -> str:
        return self.reason


def train(  # noqa: C901, PLR0913, PLR0915 (a whole training in one sight)
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
    """Train every stage of ``model``, saving its state to ``folder`` so that the run can resume. A
    stage that fails is trained once more, with other random numbers.

    Args:
        model: prepared by ``recipe``, on the training device.
        precision: dtype of convolutions; losses and weights stay float32.
        architecture: see :func:`internal_gan.runs.model_file.save_model`.
        stop: called at least once a step, also of those timed at first; true stops as Ctrl-C does.
        resume: continue from the saved state. On the CPU, with the same number of threads, the
            resulting weights are those of an uninterrupted run, bit for bit.

    Raises:
        TrainingStopped: on Ctrl-C, SIGTERM or ``stop``, after saving what was learnt.
        UserError: a loss is not finite even in float32, or a file cannot be written.
    """
    started = time.monotonic()
    rng = torch.Generator(model.device).manual_seed(seed)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = load_state(folder, model) if resume else None
    if state:
        precision = state["precision"]
    # On the CPU results are repeatable for a fixed number of threads, at no measurable cost. Some
    # operations on a GPU have no deterministic version.
    repeatable = _deterministic() if model.device.type == "cpu" else nullcontext()
    with StopRequest(stop) as request, threads.restored(), repeatable:
        try:
            with stopping(lambda: request.reason is not None):
                plan, ends = budget.plan(recipe, model, options, precision, seed, state, started)
        except Stopped:
            if state:
                restore_model(folder, model, rng, state)
            by = str(request.reason)
            raise TrainingStopped(by, "while steps were timed", folder.path) from None
        folder.write_status("running", threads=plan.threads)
        if state:
            restore_model(folder, model, rng, state)
        for callback in callbacks:
            callback.on_start(model, plan)
        trained = 0.0
        failed = None
        previous: Stage | None = None
        while (index := model.finished) < model.num_stages:
            began = time.monotonic()
            if index and (shorter := budget.shortened(plan, index, trained, ends - began)):
                plan = shorter
                for callback in callbacks:
                    callback.on_replan(model, plan)
            stage_rng = rng.get_state()
            stage = recipe.stage(model, index, plan.stages[index].steps, previous, rng)
            trainer = StageTrainer(stage, precision, options.graphs == "auto")
            if state:
                with fitting(folder):
                    trainer.load_state_dict(state)
                state = None
            save = partial(save_state, folder, model, plan, trainer, stage_rng)
            if reason := _take_steps(trainer, save, options, callbacks, request):
                when = f"at {stage.name}, step {trainer.step}"
                raise TrainingStopped(reason, when, folder.path)
            took = time.monotonic() - began
            precision = trainer.precision
            try:
                trainer.finish()
            except FailedStageError as error:
                if failed == index:
                    raise
                failed = index
                _log.warning("%s; trained again with another seed", error.problem)
                ends += time.monotonic() - began  # a failure does not make what follows shorter
                continue
            previous = stage
            trained += took  # without the callbacks' images, which slow down no step
            save_model(model, folder.model_path, architecture)
            for callback in callbacks:
                callback.on_stage_end(model, index)
        for callback in callbacks:
            callback.on_end(model)


def _take_steps(
    trainer: StageTrainer,
    save: Callable[[], None],
    options: TrainerOptions,
    callbacks: Sequence[Callback],
    request: StopRequest,
) -> str | None:
    """Train a stage to its end or until a stop is requested; the reason for the stop."""
    stage = trainer.stage
    if trainer.graphs.refused:
        _log.info("%s: without CUDA graphs, as too few of its steps are alike", stage.name)
    trainer.keep()
    reported = trainer.step
    saved = time.monotonic()
    latest: dict[str, Tensor] = {}  # terms that are not due in each step are logged as well
    while (step := trainer.step + 1) <= stage.steps:
        last = step == stage.steps
        logs = last or step % options.log_interval == 0
        try:
            latest |= trainer.take_step()
            if logs:
                trainer.check_finite()
            if step > reported:  # a repeated step is not reported again
                reported = step
                values = {n: float(v) for n, v in latest.items()} if logs else None
                for callback in callbacks:
                    callback.on_step(stage.index, step, stage.steps, values)

            reason = request.reason
            if reason or last or time.monotonic() - saved >= options.checkpoint_interval:
                trainer.check_finite()
                trainer.keep()
                save()
                saved = time.monotonic()
                if reason:
                    return reason
        except NotFiniteError:
            _recover(trainer, save, step)
    return None


def _recover(trainer: StageTrainer, save: Callable[[], None], failed: int) -> None:
    """Return to the last good state, and continue from there in float32; if the step that failed
    was in float32 already, save that state and raise a UserError."""
    name = trainer.stage.name
    trainer.go_back()
    if trainer.precision == torch.float32:
        save()
        raise UserError(
            f"{name}: a loss is not finite at step {failed}, even in float32; the state after "
            f"step {trainer.step} is saved (smaller learning rates may help)"
        ) from None
    _log.warning(
        "%s: step %d is not finite in bfloat16; continuing in float32 after step %d",
        *(name, failed, trainer.step),
    )
    trainer.precision = torch.float32


@shared
@contextmanager
def _deterministic() -> Iterator[None]:
    """Fix the order of parallel sums, such as the gradient of indexing."""
    before = torch.get_deterministic_debug_mode()
    # "warn", since the setting is process-wide and must not fail another thread's GPU operations.
    torch.set_deterministic_debug_mode("warn")
    try:
        with _unfilled():
            yield
    finally:
        torch.set_deterministic_debug_mode(before)
