"""task=train: train on a photo, show pictures on the way, and end with the model's own task."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import torch
from rich.console import Console

from internal_gan.config.arguments import command
from internal_gan.config.build import build
from internal_gan.config.catalogue import SPECS, check_able, ending_of
from internal_gan.config.compose import load_options, save_options
from internal_gan.config.options import Options
from internal_gan.device import prepare_device, select_precision
from internal_gan.errors import UserError, refusing
from internal_gan.finishing.layers import NO_LAYERS
from internal_gan.images.levels import spread
from internal_gan.images.photo import Photo, check_trainable, output_format_of
from internal_gan.images.pyramid import wider_limit
from internal_gan.models.base import Model, Recipe
from internal_gan.runs.folder import RunFolder, new_run_path
from internal_gan.runs.learnt import IMAGE, write_learnt
from internal_gan.runs.records import read_metrics, read_results, seconds_of
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import begin
from internal_gan.tasks.crops import around_holes
from internal_gan.tasks.items import aside
from internal_gan.tasks.recorder import Recorder, enough_memory, new_console, recorded
from internal_gan.tasks.runner import Work, layers_of, write, write_run
from internal_gan.training.callbacks import Callback, MetricsLogger, TrainingPlan
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.engine import train as train_stages
from internal_gan.training.progress import Progress, ProgressReports, TrainingProgress

# Between two updates of the time left in a run's status.
STATUS_SECONDS = 2.0


@dataclass(frozen=True)
class Prepared:
    """A training that is ready to begin. It ends with ``work``; ``about`` are lines to print, and
    ``like`` has the format of the photo."""

    recipe: Recipe
    model: Model
    precision: torch.dtype
    work: Work
    about: list[str]
    like: Photo


@dataclass(frozen=True)
class Hooks:
    """What to call while a model is trained, after the run's own; see :func:`internal_gan.fit`."""

    callbacks: Sequence[Callback] = ()
    stop: Callable[[], bool] | None = None
    progress: bool | Callable[[TrainingProgress], object] | None = None


def train(source: Source, changed: Collection[str], hooks: Hooks) -> tuple[Model, RunFolder]:
    """Train a new model on the photo of ``source``, and write its pictures and its page; returns
    the model, on the device it was trained on, and the run's folder.

    ``changed`` names the options that the user set. Those of a task that the training does not run
    are UserErrors, as are a photo, an option or a folder that is not usable; no folder is left
    behind unless the training itself fails. A training that is stopped is a TrainingStopped.
    """
    options, training = source.options, _prepare(source)
    family, task = training.model.family, training.work.task
    for key in sorted(changed):
        group, dot, _ = key.partition(".")
        if dot and group in {*SPECS, "finish", "layers", "mask"} and not SPECS[task].allows(key):
            raise UserError(
                f"{key}: a training of {family} ends with task={task}, where this option has no "
                "effect"
            )
    folder = RunFolder.create(new_run_path(options, family))
    with recorded(folder):
        save_options(options, folder.config_path)
        # The saved options have absolute paths; they are saved again when the files may be gone.
        _learn(training, load_options(folder.config_path), folder, hooks)
    return training.model, folder


def resume(path: str, device: str, hooks: Hooks) -> tuple[Model, RunFolder]:
    """Continue the training in a run folder, with its options except, unless ``auto``, the device;
    see :func:`train`. A UserError if the folder holds no training, is damaged or in use."""
    folder = RunFolder.open(path)
    saved = load_options(folder.config_path)
    if not saved.trains:
        raise UserError(
            f"resume={folder.path}: a run of task={saved.task}; only a training can be resumed"
        )
    saved.device = saved.device if device == "auto" else device
    source = Source(saved, folder.path)
    has_state = folder.checkpoint_path.is_file()
    training = _prepare(source, as_learnt=has_state)
    training.about.extend(_about_source(source, training.work.task, has_state))
    folder.claim()
    with recorded(folder):
        _learn(training, saved, folder, hooks, has_state)
    return training.model, folder


def _prepare(source: Source, *, as_learnt: bool = False) -> Prepared:
    """Check all that can be checked before training, and prepare the model on its device;
    ``as_learnt`` takes the photo as saved for training, to resume it."""
    options = source.options
    device, device_reason = prepare_device(options.device)
    precision, precision_reason = select_precision(options.precision, device)
    chosen = _as_begun(options.model) if as_learnt else options.model
    recipe: Recipe = build(chosen)
    task = ending_of(recipe.model_class.family) if options.task == "train" else options.task
    max_size = options.model.get("max_size")
    note = list[str]()
    if as_learnt:
        part = photo = source.learnt()
    else:
        longest = None if SPECS[task].whole or not isinstance(max_size, int) else max_size
        part = photo = source.photo(longest=longest)
        if task == "fill":
            part, note = around_holes(source, photo, max_size)
    finished = SPECS[task].allows("finish.detail") and options.finish.detail != "network"
    # Results of patches keep the photo's levels, whatever the drawings have.
    learnt = spread(part) if finished and not SPECS[task].whole else part
    if wider := wider_limit(learnt.full_size, max_size, recipe.max_aspect):
        recipe, max_size = build({**chosen, "max_size": wider}), wider
    check_trainable(learnt, recipe.min_side, max_size)
    hole = None if learnt.unknown is None else learnt.unknown.to(device)
    with refusing("the model's options do not fit this photo"), enough_memory("model.max_size"):
        model = recipe.prepare(learnt.pixels.to(device), hole).to(device)
        model.heed(learnt)
    check_able(model.family, task, "model")
    work = Work(task, source, model, Recorder())
    begin(task, source, model)  # refuses what the training could not end with
    name = "bf16" if precision == torch.bfloat16 else "fp32"
    about = [f"Device {device} ({device_reason}), precision {name} ({precision_reason})"]
    layers_of(task, source)  # refuses those that do not fit
    lost = [] if SPECS[task].whole else output_format_of(photo, finished)[1]
    about += _about_photo(model, photo, part, note, lost)
    return Prepared(recipe, model, precision, work, about, output_format_of(photo)[0])


def _as_begun(model: dict[str, Any]) -> dict[str, Any]:
    """A model's options when its training is resumed: ``scale_count: released`` follows from the
    size of the original photo, so the recorded steps tell how many scales there are."""
    steps = model.get("steps")
    if "scale_count" not in model or not isinstance(steps, list):
        return model
    return {**model, "scale_count": "fewest", "num_scales": len(steps)}


def _learn(
    training: Prepared, options: Options, folder: RunFolder, hooks: Hooks, has_state: bool = False
) -> None:
    """Train, from the last checkpoint if it ``has_state``, and end with the task."""
    model, work, recorder = training.model, training.work, training.work.recorder
    if not has_state:
        work.given.inputs.keep(folder.path, SPECS[work.task].reads)
        write_learnt(folder.path, model.image, model.unknown, training.like)
    prints = hooks.progress is True
    recorder.console = new_console(quiet=not prints)
    recorder.run = folder
    started = monotonic()
    earlier = seconds_of(read_metrics(folder.metrics_path)) if has_state else 0.0
    recorder.begin_run(training.about, model)
    go_on = command(f"resume={folder.path}")
    recorder.say(f"Ctrl-C stops; to resume later: {go_on}")
    upkeep = Upkeep(options, work)
    callbacks: list[Callback] = [MetricsLogger(folder.metrics_path), upkeep]
    if prints:
        callbacks.insert(0, Progress(Console(stderr=True, highlight=False)))
    elif callable(hooks.progress):
        callbacks.append(ProgressReports(hooks.progress))
    callbacks += hooks.callbacks
    try:
        with enough_memory("model.max_size"):
            train_stages(
                training.recipe,
                model,
                options=options.trainer,
                precision=training.precision,
                seed=options.seed,
                folder=folder,
                architecture=training.recipe.architecture(options.model),
                callbacks=callbacks,
                stop=hooks.stop,
                resume=has_state,
            )
    except TrainingStopped as stop:
        recorder.say(f"\nStopped: {stop}. {model.finished} of {model.num_stages} stages are done.")
        recorder.say(f"  Resume:   {go_on}")
        if model.finished:
            recorder.say_where(work.task)
        raise
    except KeyboardInterrupt:
        recorder.say(f"\nStopped immediately.\n  Resume:   {go_on}")
        raise
    finally:
        for callback in callbacks:
            callback.close()
    with work.enough_memory():
        upkeep.draw()
    recorder.end_run(work.task, started, earlier)


class Upkeep(ProgressReports):
    """Keeps the schedule, the time left, the pictures and the page of a run up to date. The planned
    steps are saved in place of a time limit, so that the run can be repeated exactly."""

    def __init__(self, options: Options, work: Work) -> None:
        super().__init__(self._write_left)
        self._options, self._work, self._recorder = options, work, work.recorder
        self._like, self._folder = work.given.like, work.recorder.run
        self._previews = [r for r in read_results(self._folder.path) if r.kind == "preview"]
        self._written = -math.inf

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        super().on_replan(model, plan)
        options = self._options
        learnt = {**options.model, "steps": [stage.steps for stage in plan.stages]}
        trainer = replace(options.trainer, time=None, max_steps=None, steps_factor=1.0)
        save_options(replace(options, model=learnt, trainer=trainer), self._folder.config_path)
        self._recorder.write_page()

    def _write_left(self, at: TrainingProgress) -> None:
        if monotonic() - self._written >= STATUS_SECONDS:
            self._recorder.write_left(at.fraction, at.seconds_left)
            self._written = monotonic()

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        super().on_stage_end(model, stage_index)
        picture = aside(f"scales/{stage_index:02d}.png", model.preview(), "preview")
        self._previews += write([picture], self._folder.path, self._like, self._work.mark)
        task, is_finished = self._work.task, model.finished == model.num_stages
        # Of a whole photo, which may be large, the model's own preview is enough.
        if not is_finished and task == ending_of(model.family) and not SPECS[task].whole:
            self.draw(preview=True)
        self._recorder.write_page()

    def draw(self, *, preview: bool = False) -> None:
        """Draw with the task that the training ends with; ``preview`` as in :class:`How`."""
        # A preview has no origin that layers could follow.
        layers = NO_LAYERS if preview else layers_of(self._work.task, self._work.given)
        torch.cuda.empty_cache()  # which counts as used; without a card, this does nothing
        drawn = self._work.begin(preview=preview)
        write_run(self._work, drawn, self._like, layers, self._previews)


def _about_photo(
    model: Model, photo: Photo, part: Photo, note: Sequence[str], lost: Sequence[str]
) -> list[str]:
    height, width = photo.full_size
    learnt = tuple(model.image.shape[-2:])
    text = f"Photo {photo.path or 'from memory'}, {height} x {width} pixels (height x width)"
    if model.has_windows:
        text += "; learns from some windows of it"
    elif learnt != part.size or photo.given is not None:
        text += f", shrunk to {learnt[0]} x {learnt[1]} for training"
        text += "; model.max_size=null keeps its size"
    return [text, *note, *([f"Not kept in the results: {', '.join(lost)}"] if lost else [])]


def _about_source(source: Source, task: str, has_state: bool) -> list[str]:
    lacks = (not has_state or SPECS[task].whole) and source.inputs.photo_file() is None
    gone = f"{source.name} is gone" if source.name else "the photo was in memory only"
    kept = source.folder and source.folder / IMAGE
    if has_state:
        return [f"Uses {kept}, the training image, because {gone}"] if lacks else []
    why = "Nothing was saved before the stop: starts over"
    if lacks:
        return [f"{why} from {kept}, the photo shrunk and with 8 bits, because {gone}"]
    return [f"{why} from {source.called}"]
