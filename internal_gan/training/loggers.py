"""The log of a training run, ``metrics.jsonl``."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from internal_gan.files import atomic_write, write_error
from internal_gan.models.base import Model
from internal_gan.runs.records import read_metrics
from internal_gan.training.callbacks import Callback, TrainingPlan


class MetricsLogger(Callback):
    """Writes ``metrics.jsonl``, one JSON object per line.

    * ``{"event": "plan", "stages": [{"name", "size", "steps", "seconds_per_step"}, ...],
      "threads", "graph_memory"}`` comes first; a later plan replaces it;
    * ``{"stage": 3, "step": 120, "seconds": 41.2, "<scalar>": ..., ...}`` for every logged step;
      ``seconds`` is the training time over all processes of the run.

    Values that are not finite become null. A resumed run first removes the lines of the steps that
    it repeats.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._plan: TrainingPlan | None = None
        self._start = 0.0

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        self._start = monotonic()
        self._plan = plan

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        self._append(_plan_row(plan))

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        self._begin(stage_index, step)
        if scalars:
            seconds = round(monotonic() - self._start, 3)
            self._append({"stage": stage_index, "step": step, "seconds": seconds, **scalars})

    def _begin(self, stage_index: int, step: int) -> None:
        """Before this process's first line, remove what an earlier one wrote from this step on."""
        if self._plan is None:
            return
        kept = [
            row
            for row in read_metrics(self._path)
            if "stage" in row and (row["stage"], row["step"]) < (stage_index, step)
        ]
        with atomic_write(self._path) as temporary:
            lines = map(_line, (_plan_row(self._plan), *kept))
            temporary.write_text("".join(lines), encoding="utf-8")
        if kept:
            self._start -= kept[-1]["seconds"]
        self._plan = None

    def _append(self, row: dict[str, Any]) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_line(row))
        except OSError as error:
            raise write_error(self._path, error) or error from error


def _plan_row(plan: TrainingPlan) -> dict[str, Any]:
    return {"event": "plan", **asdict(plan)}


def _line(row: dict[str, Any]) -> str:
    finite = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row.items()
    }
    return json.dumps(finite) + "\n"
