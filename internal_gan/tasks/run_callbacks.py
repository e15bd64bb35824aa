"""The callback that keeps a run's folder up to date during training."""

import math
from dataclasses import replace
from time import monotonic
from typing import Any

from internal_gan.config.catalogue import ending_of
from internal_gan.config.compose import save_options
from internal_gan.config.options import Options
from internal_gan.finishing.layers import NO_LAYERS
from internal_gan.models.base import Model
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import read_results
from internal_gan.tasks.base import Task, aside
from internal_gan.tasks.reporting import STATUS_SECONDS, write_left, write_page
from internal_gan.tasks.runner import mark_of, write, write_run
from internal_gan.training.callbacks import TrainingPlan
from internal_gan.training.progress import ProgressReports, TrainingProgress


class Upkeep(ProgressReports):
    """Keeps the schedule, the time left, the pictures and the page of a run up to date.

    Args:
        options: of the run. The planned steps are saved in place of a time limit, so that the run
            can be repeated exactly.
        task: that the training ends with.
    """

    def __init__(self, folder: RunFolder, options: Options, task: Task[Any]) -> None:
        super().__init__(self._write_left)
        self._folder, self._options, self._task = folder, options, task
        self._like = task.context.given.like
        self._previews = [r for r in read_results(folder.path) if r.kind == "preview"]
        self._written = -math.inf

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        super().on_start(model, plan)
        write_page(self._folder)

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        super().on_replan(model, plan)
        options = self._options
        learnt = {**options.model, "steps": [stage.steps for stage in plan.stages]}
        trainer = replace(options.trainer, time=None, max_steps=None, steps_factor=1.0)
        save_options(replace(options, model=learnt, trainer=trainer), self._folder.config_path)

    def _write_left(self, at: TrainingProgress) -> None:
        if monotonic() - self._written >= STATUS_SECONDS:
            write_left(self._folder, at.fraction, at.seconds_left)
            self._written = monotonic()

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        super().on_stage_end(model, stage_index)
        picture = aside(f"scales/{stage_index:02d}.png", model.preview(), "preview")
        mark = mark_of(self._task, model)
        self._previews += write([picture], self._folder.path, self._like, mark)
        if model.finished < model.num_stages and self._task.name == ending_of(model.family):
            self.draw(model, preview=True)
        write_page(self._folder)

    def draw(self, model: Model, preview: bool = False) -> None:
        """Draw with the task that the training ends with; ``preview`` as in :class:`Task`."""
        # A preview has no origin that layers could follow.
        layers = NO_LAYERS if preview else self._task.read_layers()
        drawn = self._task.draw(model, preview)
        write_run(self._task, model, drawn, self._like, layers, monotonic(), self._previews)
