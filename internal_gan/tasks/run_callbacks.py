"""Callbacks that keep a run's folder up to date during training."""

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from internal_gan.config.compose import save_options
from internal_gan.config.families import ending_of
from internal_gan.config.options import Options
from internal_gan.finishing.layers import NO_LAYERS
from internal_gan.models.base import Model
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import Result, read_results
from internal_gan.tasks.base import Task, aside
from internal_gan.tasks.reporting import STATUS_SECONDS, Reports, write_left, write_page
from internal_gan.tasks.runner import mark_of, write
from internal_gan.training.callbacks import Callback, TrainingPlan
from internal_gan.training.progress import ProgressReports, TrainingProgress


class Schedule(Callback):
    """Saves the planned steps in place of a time limit, so that a run can be repeated exactly."""

    def __init__(self, options: Options, path: Path) -> None:
        self._options = options
        self._path = path

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        options = self._options
        learnt = {**options.model, "steps": [stage.steps for stage in plan.stages]}
        trainer = replace(options.trainer, time=None, max_steps=None, steps_factor=1.0)
        save_options(replace(options, model=learnt, trainer=trainer), self._path)

    on_replan = on_start


class TimeLeft(ProgressReports):
    """Keeps the share of the training that is done, and the seconds left, in ``status.json``."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(self._write)
        self._folder, self._written = folder, -math.inf

    def _write(self, at: TrainingProgress) -> None:
        if monotonic() - self._written >= STATUS_SECONDS:
            write_left(self._folder, at.fraction, at.seconds_left)
            self._written = monotonic()


class Pictures(Callback):
    """Updates pictures, status and page after every stage."""

    def __init__(self, folder: RunFolder, task: Task[Any]) -> None:
        self._folder = folder
        self._task = task
        self._like = task.context.given.like
        self._previews = [r for r in read_results(folder.path) if r.kind == "preview"]

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        write_page(self._folder)

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        picture = aside(f"scales/{stage_index:02d}.png", model.preview(), "preview")
        mark = mark_of(self._task, model)
        self._previews += write([picture], self._folder.path, self._like, mark)
        if model.finished < model.num_stages and self._task.name == ending_of(model.family):
            self.draw(model, preview=True)
        self._folder.write_status(
            "running", stages_finished=model.finished, stages=model.num_stages
        )
        write_page(self._folder)

    def draw(self, model: Model, preview: bool = False) -> None:
        """Draw with the task that the training ends with; ``preview`` as in :class:`Task`."""
        context = self._task.context
        reports = Reports(self._folder, context.console, lambda: context.expected, monotonic())
        # A preview has no origin that layers could follow.
        layers = NO_LAYERS if preview else self._task.read_layers()
        items, mark = self._task.draw(model, preview), mark_of(self._task, model)

        def report(results: Sequence[Result]) -> None:
            if not preview:
                reports([*results, *self._previews])

        with closing(reports):
            drawn = write(items, self._folder.path, self._like, mark, layers, report)
        context.tell_seams(layers)
        self._folder.write_status("running", results=[*drawn, *self._previews], **context.facts)
