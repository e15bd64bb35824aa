"""Callbacks that follow a training run, the plan that they receive at its start, and the log."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from internal_gan.files import write_error, write_text
from internal_gan.models.base import Model
from internal_gan.runs.records import read_metrics
from internal_gan.units import Size

# Losses and other measures by name, or None where they are not read.
Scalars = dict[str, float] | None


@dataclass(frozen=True)
class StagePlan:
    """The cost of a stage, such as ``scale 3``; ``seconds_per_step`` was measured in advance."""

    name: str
    size: Size
    steps: int
    seconds_per_step: float

    @property
    def seconds(self) -> float:
        return self.steps * self.seconds_per_step


@dataclass(frozen=True)
class TrainingPlan:
    """The expected cost of a run.

    Attributes:
        stages: every stage in order, including those a resumed run has finished.
        threads: CPU threads of the whole run.
        graph_memory: bytes that a stage's CUDA graphs hold, about.
    """

    stages: Sequence[StagePlan]
    threads: int
    graph_memory: int = 0

    @property
    def total_seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)


class Callback:
    """Follows a training run. Override the methods of interest; these do nothing.

    A run calls :meth:`on_start` once, then for each stage :meth:`on_step` after every step and
    :meth:`on_stage_end`, then :meth:`on_end`, and finally :meth:`close`.

    Calls come from the training thread, which waits for them, in the order of the callbacks. Move
    long work to a thread of your own that does not touch the model.

    A callback may read its arguments and call ``model.preview()``. To keep runs reproducible it
    must not change the model, ``scalars``, torch's number of threads or its deterministic mode.

    An exception ends the run and reaches the caller; only ``close`` of every callback is still
    called. The run can be resumed from its last saved state.

    A resumed run calls ``on_start`` again and continues from the last saved step, so an earlier
    process may already have reported some of its steps, or the end of a stage.

    >>> class LossPrinter(Callback):
    ...     def on_step(self, stage_index, step, steps, scalars):
    ...         if scalars:
    ...             print(f"stage {stage_index}, step {step} of {steps}: {scalars}")
    >>> LossPrinter().on_step(0, 25, 100, {"rec": 0.5})
    stage 0, step 25 of 100: {'rec': 0.5}
    """

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        """Called before the first step of this process, with a model prepared for its photo or
        restored by a resumed run, and a plan fitted to the time budget, if there is one."""

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        """Called between two stages when training is too slow for its time budget; the whole plan
        has fewer steps for the stages that have not begun."""

    def on_step(self, stage_index: int, step: int, steps: int, scalars: Scalars) -> None:
        """Called once for every step, even if a loss that was not finite made it run again.

        A GPU may not have finished the step yet. ``stage_index`` counts from 0, ``step`` from 1 to
        the stage's ``steps``. ``scalars`` are losses and other measures by name, each as it was
        computed last, every ``trainer.log_interval`` steps and after the last; otherwise None,
        because reading them waits for the device.
        """

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        """Called when a stage's weights are final and saved; ``model.finished`` counts it."""

    def on_end(self, model: Model) -> None:
        """Called when all stages are done, not when a run stops or fails."""

    def close(self) -> None:
        """Called once, last, however the run ended: release files, threads and the terminal."""


class MetricsLogger(Callback):
    """Writes ``metrics.jsonl``, one JSON object per line.

    * ``{"event": "plan", "stages": [{"name", "size", "steps", "seconds_per_step"}, ...],
      "threads", "graph_memory"}`` comes first; a later plan replaces it;
    * ``{"stage": 3, "step": 120, "seconds": 41.2, "<scalar>": ..., ...}`` for every logged step;
      ``seconds`` is the training time over all processes of the run.

    Values that are not finite become null. A resumed run first removes lines of repeated steps.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._plan: TrainingPlan | None = None

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        self._start = monotonic()
        self._plan = plan

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        self._append({"event": "plan", **asdict(plan)})

    def on_step(self, stage_index: int, step: int, steps: int, scalars: Scalars) -> None:
        if self._plan is not None:
            # Before this process's first line, remove what an earlier one wrote from this step on.
            old = [row for row in read_metrics(self._path) if "stage" in row]
            kept = [row for row in old if (row["stage"], row["step"]) < (stage_index, step)]
            rows = {"event": "plan", **asdict(self._plan)}, *kept
            write_text(self._path, "".join(map(_line, rows)))
            if kept:
                self._start -= kept[-1]["seconds"]
            self._plan = None
        if scalars:
            seconds = round(monotonic() - self._start, 3)
            self._append({"stage": stage_index, "step": step, "seconds": seconds, **scalars})

    def _append(self, row: dict[str, Any]) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(row))
        except OSError as error:
            raise write_error(self._path, error) or error from error


def _line(row: dict[str, Any]) -> str:
    # JSON has no number that is not finite.
    return json.dumps(json.loads(json.dumps(row), parse_constant=lambda name: None)) + "\n"
