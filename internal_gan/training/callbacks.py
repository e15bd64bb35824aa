"""Callbacks, which follow a training run, and the plan that they receive first."""

from collections.abc import Sequence
from dataclasses import dataclass

from internal_gan.models.base import Model
from internal_gan.units import Size


@dataclass(frozen=True)
class StagePlan:
    """What a stage is expected to take.

    Attributes:
        name: such as ``scale 3``.
        size: (height, width) in pixels at which it trains.
        steps: how many it takes.
        seconds_per_step: measured on this machine before training began; 0 where it was not.
        threads: of the CPU, which it starts with; 0 where they do not matter.
    """

    name: str
    size: Size
    steps: int
    seconds_per_step: float
    threads: int = 0

    @property
    def seconds(self) -> float:
        """Expected duration of the stage in seconds."""
        return self.steps * self.seconds_per_step


@dataclass(frozen=True)
class TrainingPlan:
    """What a run is expected to take.

    Attributes:
        stages: all stages in order, in a resumed run those that are done too.
        peak_memory_bytes: the most memory in use so far, by when every stage was tried for a few
            steps; None where it is unknown. The run may still need more.
    """

    stages: Sequence[StagePlan]
    peak_memory_bytes: int | None = None

    @property
    def total_seconds(self) -> float:
        """Expected duration of the whole run in seconds."""
        return sum(stage.seconds for stage in self.stages)


class Callback:
    """Follows a training run. Override the methods of interest; here they do nothing.

    In order, a run calls :meth:`on_start` once, then for each stage :meth:`on_step` after every
    step and :meth:`on_stage_end` when it is done, then :meth:`on_end`, and last :meth:`close`.

    Every call comes from the thread that trains, and training waits until it returns. Long work
    belongs in a thread of the callback's own, which must not touch the model. Several callbacks are
    called one after another, in the order in which they were given.

    A callback may read its arguments and ask the model for pictures, by ``model.preview()`` and
    ``model.example()``. It must not change the model, ``scalars``, torch's number of threads or its
    deterministic mode: otherwise the run does not give the same result every time.

    An exception ends the run and reaches the caller; the run can be resumed from the state that was
    saved last. After an exception only ``close`` is called, of every callback.

    A resumed run calls ``on_start`` again and continues after the last step that was saved, so that
    an earlier process may have reported some of its steps, or the end of a stage, already.

    >>> class LossPrinter(Callback):
    ...     def on_step(self, stage_index, step, steps, scalars):
    ...         if scalars:
    ...             print(f"stage {stage_index}, step {step} of {steps}: {scalars}")
    >>> LossPrinter().on_step(0, 25, 100, {"rec": 0.5})
    stage 0, step 25 of 100: {'rec': 0.5}
    """

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        """Called before the first step of this process.

        Args:
            model: prepared for its photo, or as far trained as a resumed run has it.
            plan: with the steps fitted to a time budget where there is one.
        """

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        """Called between two stages that took too long for the time budget.

        Args:
            plan: the whole plan, with fewer steps for the stages that have not begun.
        """

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        """Called after every step of training.

        Called once a step, also where a step was computed anew because its losses were not
        finite. A GPU may not have finished the step yet.

        Args:
            stage_index: from 0.
            step: from 1.
            steps: of this stage.
            scalars: losses and other measures by name, every ``trainer.log_interval`` steps and
                after the last one; otherwise None, since reading them waits for the device.
        """

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        """Called when a stage is done: its weights are final, and the model file holds them.

        Args:
            model: on the device of the training; ``model.finished`` counts this stage.
            stage_index: from 0.
        """

    def on_end(self, model: Model) -> None:
        """Called when all stages are done; not called by a run that stops or fails."""

    def close(self) -> None:
        """Called last, once, however the run ended: release files, threads and the terminal."""
