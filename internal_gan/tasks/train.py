"""task=train: learn one photo, show pictures while it goes on, end with the model's own task."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from internal_gan.config.build import build
from internal_gan.config.options import TASKS, Options
from internal_gan.config.record import load_options, save_options
from internal_gan.device import select_device, select_precision
from internal_gan.errors import UserError
from internal_gan.files import is_file, make_folder
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo, check_trainable, drawn_like
from internal_gan.models.base import Model, Recipe
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.records import read_metrics, seconds_of
from internal_gan.tasks import command
from internal_gan.tasks.own import OwnTask, longest_learnt, own_task
from internal_gan.tasks.reporting import announce, enough_memory, recorded, say, write_page
from internal_gan.training import weights_and_biases
from internal_gan.training.callbacks import Callback, TrainingPlan
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.engine import train as train_stages
from internal_gan.training.loggers import MetricsLogger, TensorBoardLogger, summary_writer
from internal_gan.training.progress import Progress
from internal_gan.units import duration

__all__ = ["TrainingStopped", "resume", "train"]


def train(
    options: Options,
    photo: Photo | None = None,
    *,
    others: Sequence[Photo] = (),
    quiet: bool = False,
    changed: Collection[str] = (),
) -> Model:
    """Train a new model and write its pictures and its page.

    Args:
        options: checked options; ``options.image`` is read unless ``photo`` is given.
        others: further photos for the same model.
        quiet: print nothing.
        changed: names of the options that the user gave, to refuse those of a task that the
            training does not end with.

    Returns:
        The trained model, ready to sample on the device it was trained on.

    Raises:
        UserError: the photo, the options or the output folder will not do; no folder is left
            behind, except when the training itself fails.
        TrainingStopped: Ctrl-C or SIGTERM; the run folder can be resumed.
    """
    if photo is None:
        longest = longest_learnt(options)
        photo, *others = (read_image(name, longest=longest) for name in options.photos)
    if options.image is not None:
        names = [str(Path(name).absolute()) for name in options.photos]
        options = dataclasses.replace(options, image=names if len(names) > 1 else names[0])
    recipe, model, precision, about = _set_up(options, photo, others)
    _refuse_other_tasks(model, options, changed)
    folder = RunFolder.create(new_run_path(options, options.photo, model.family))
    with recorded(folder):
        save_options(options, folder.config_path)
        write_image(folder.path / "photo.png", model.image, like=drawn_like(photo)[0])
        if others:
            (folder.path / "photos").mkdir()
            for number, given in enumerate([photo, *others], 1):
                kept = model.images[number - 1]
                write_image(_kept(folder, number), kept, like=drawn_like(given)[0])
        for number, unknown in enumerate(model.unknown, 1):
            if not unknown.any():
                continue
            gray = Photo(unknown, mode="L")
            pixels = unknown.expand(-1, 3, -1, -1) * 2.0 - 1.0
            write_image(_kept_unknown(folder, number), pixels, like=gray)
        _learn(recipe, model, options, folder, photo, precision, about, quiet)
    return model


def resume(options: Options, *, quiet: bool = False) -> Model:
    """Go on with the training in the run folder ``options.resume``.

    Everything is as that run was configured, except a device or logger that is asked for here.

    Raises:
        UserError: the folder holds no training, or it is damaged or in use.
        TrainingStopped: Ctrl-C or SIGTERM; it can be resumed again.
    """
    assert options.resume is not None
    folder = RunFolder.open(options.resume)
    saved = load_options(folder.config_path)
    if not saved.trains:
        raise UserError(f"resume={folder.path}: a run of task={saved.task}; nothing to go on with")
    saved.device = saved.device if options.device == "auto" else options.device
    saved.logger = saved.logger if options.logger == "none" else options.logger
    has_state = folder.checkpoint_path.is_file()
    kept = folder.path / "photo.png"
    path, note = (kept, []) if has_state else _anew(saved, kept)
    longest = longest_learnt(saved)
    photo = _read(path, folder, 1, longest)
    others = [
        _read(path, folder, number, longest)
        for number, path in enumerate(_others(saved, folder, has_state), 2)
    ]
    recipe, model, precision, about = _set_up(saved, photo, others)
    if has_state and own_task(model, saved).stands_for_photo:
        photo, note = _original(saved, photo)
    folder.claim()
    with recorded(folder):
        about = [*about, *note]
        _learn(recipe, model, saved, folder, photo, precision, about, quiet, has_state=has_state)
    return model


def _kept(folder: RunFolder, number: int) -> Path:
    """One of several photos, counted from 1, as the model learns it."""
    return folder.path / "photos" / f"{number}.png"


def _kept_unknown(folder: RunFolder, number: int) -> Path:
    """Where a photo as the model learns it is unknown, white; the photos are counted from 1."""
    return folder.path / ("unknown.png" if number == 1 else f"unknown-{number}.png")


def _read(path: Path, folder: RunFolder, number: int, longest: int | None) -> Photo:
    """A photo; the run's own copy of it with what is unknown of it."""
    photo, kept = read_image(path, longest=longest), _kept_unknown(folder, number)
    if path.parent not in (folder.path, _kept(folder, number).parent) or not kept.is_file():
        return photo
    return dataclasses.replace(photo, unknown=(read_image(kept).pixels[:, :1] > 0).float())


def _others(options: Options, folder: RunFolder, has_state: bool) -> Iterator[Path]:
    """The files of further photos, as they were given if the training begins anew."""
    for number in itertools.count(2):
        if not _kept(folder, number).is_file():
            return
        given = Path(options.photos[number - 1]) if options.image else _kept(folder, number)
        yield given if is_file(given) and not has_state else _kept(folder, number)


def _anew(options: Options, kept: Path) -> tuple[Path, list[str]]:
    """The photo to begin anew with when a run was killed before it saved anything, and a note."""
    why = "Nothing was saved before the stop: begins anew"
    name = options.photo
    if name is not None and is_file(name):
        return Path(name), [f"{why} from {name}"]
    gone = "the photo was in memory only" if name is None else f"{name} is gone"
    return kept, [f"{why} from {kept}, the photo as shrunk and with 8 bits, since {gone}"]


def _refuse_other_tasks(model: Model, options: Options, changed: Collection[str]) -> None:
    name = own_task(model, options).name
    for key in sorted(changed):
        task, dot, _ = key.partition(".")
        of_it = task == name or (name == "inpaint" and task == "mask")
        if dot and task in TASKS and not of_it:
            raise UserError(
                f"{key}: a training of {model.family} ends with task={name}, where it would "
                "change nothing"
            )


def _original(options: Options, kept: Photo) -> tuple[Photo, list[str]]:
    """The photo in its own size and depth, or else what the run kept of it, and a note."""
    name = options.photo
    if name is not None and is_file(name):
        return read_image(name), []
    gone = "the photo was in memory only" if name is None else f"{name} is gone"
    return kept, [f"Takes {kept.path}, what the model learns from, since {gone}"]


def _set_up(
    options: Options, photo: Photo, others: Sequence[Photo] = ()
) -> tuple[Recipe, Model, torch.dtype, list[str]]:
    """The recipe and the prepared model on its device, and what to tell about the choices."""
    if options.logger == "tensorboard":
        summary_writer()
    if options.logger == "wandb":
        weights_and_biases.package()
    device, device_reason = select_device(options.device)
    precision, precision_reason = select_precision(options.precision, device)
    recipe: Recipe = build(options.model)
    if others and not recipe.learns_several:
        raise UserError(
            f"image: {1 + len(others)} photos, while a model of {recipe.model_class.family} learns "
            "one; model=ingan learns several, and -m image=a.jpg,b.jpg makes a model of each"
        )
    own = own_task(recipe.model_class, options)
    part, note = own.lesson(photo, options, 0)
    parts = [part, *(own.lesson(other, options, n)[0] for n, other in enumerate(others, 1))]
    for learnt in parts:
        check_trainable(learnt, recipe.min_side, options.model.get("max_size"))
    holes = [None if p.unknown is None else p.unknown.to(device) for p in parts]
    try:
        with enough_memory("model.max_size"):
            pixels = [learnt.pixels.to(device) for learnt in parts]
            model = recipe.prepare(*pixels, holes=holes).to(device)
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"the model's options do not fit this photo: {error}") from error
    own.check(model, options)
    name = "bf16" if precision == torch.bfloat16 else "fp32"
    about = [f"Device {device} ({device_reason}), precision {name} ({precision_reason})"]
    return recipe, model, precision, about + _about_photo(model, photo, part, note, own)


def _learn(
    recipe: Recipe,
    model: Model,
    options: Options,
    folder: RunFolder,
    photo: Photo,
    precision: torch.dtype,
    about: list[str],
    quiet: bool,
    *,
    has_state: bool = False,
) -> None:
    console = Console(quiet=quiet, highlight=False, soft_wrap=True)
    started = time.monotonic()
    earlier = seconds_of(read_metrics(folder.metrics_path)) if has_state else 0.0
    own = own_task(model, options)
    folder.write_status("running", device=str(model.device), model_task=model.task)
    announce(console, folder, about)
    console.print(_table(model))
    go_on = command(f"resume={folder.path}")
    say(console, f"Ctrl-C stops; to go on later: {go_on}")
    callbacks: list[Callback] = [
        Schedule(options, folder.config_path),
        Progress(Console(stderr=True, quiet=quiet, highlight=False)),
        MetricsLogger(folder.metrics_path),
        Pictures(folder, options, photo),
    ]
    if options.logger == "tensorboard":
        callbacks.append(TensorBoardLogger(folder.path / "tensorboard"))
    if options.logger == "wandb":
        callbacks.append(weights_and_biases.WandbLogger(folder.path, dataclasses.asdict(options)))
    try:
        with enough_memory("model.max_size"):
            train_stages(
                recipe,
                model,
                options=options.trainer,
                precision=precision,
                seed=options.seed,
                folder=folder,
                architecture=recipe.architecture(options.model),
                callbacks=callbacks,
                resume=has_state,
            )
    except TrainingStopped as stop:
        say(console, f"\nStopped: {stop}. {model.finished} of {model.num_stages} scales are done.")
        say(console, f"  Go on:    {go_on}")
        if model.finished:
            _where(console, folder, model, options)
        raise
    except KeyboardInterrupt:
        say(console, f"\nStopped at once.\n  Go on:    {go_on}")
        raise
    finally:
        for callback in callbacks:
            callback.close()
    with enough_memory(own.size_option):
        own.write(model, options, folder, photo)
    seconds = time.monotonic() - started
    folder.write_status("finished", seconds=round(earlier + seconds, 1))
    write_page(folder)
    before = f", and {duration(earlier)} before" if earlier else ""
    say(console, f"\nDone in {duration(seconds)}{before}.")
    _where(console, folder, model, options)


def _where(console: Console, folder: RunFolder, model: Model, options: Options) -> None:
    own = own_task(model, options)
    again = command(f"task={own.name}", f"checkpoint={folder.path}", *own.again)
    say(console, f"  Model:    {folder.model_path}")
    if (folder.path / own.name).is_dir():
        say(console, f"  Pictures: {folder.path / own.name}")
    say(console, f"  Page:     {folder.report_path}")
    say(console, f"  Again:    {again}")


class Schedule(Callback):
    """Saves the steps themselves in place of what they were fitted to: repeating is exact."""

    def __init__(self, options: Options, path: Path) -> None:
        self._options = options
        self._path = path

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        options = self._options
        learnt = {**options.model, "steps": [stage.steps for stage in plan.stages]}
        trainer = dataclasses.replace(options.trainer, time=None, max_steps=None, steps_factor=1.0)
        exact = dataclasses.replace(options, model=learnt, trainer=trainer)
        save_options(exact, self._path)

    on_replan = on_start


class Pictures(Callback):
    """Keeps the folder worth looking at: pictures, status and page after every stage."""

    def __init__(self, folder: RunFolder, options: Options, photo: Photo) -> None:
        self._folder = folder
        self._options = options
        self._photo = photo
        self._like, _ = drawn_like(photo)

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        write_page(self._folder)

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        scales = make_folder(self._folder.path / "scales")
        write_image(scales / f"{stage_index:02d}.png", model.preview(), like=self._like)
        if model.finished < model.num_stages:
            own = own_task(model, self._options)
            own.write(model, self._options, self._folder, self._photo, on_the_way=True)
        self._folder.write_status(
            "running", stages_finished=model.finished, stages=model.num_stages
        )
        write_page(self._folder)


def _about_photo(
    model: Model, photo: Photo, part: Photo, note: list[str], own: OwnTask
) -> list[str]:
    height, width = photo.full_size
    learnt = tuple(model.image.shape[-2:])
    text = f"Photo {photo.path or 'from memory'}, {height} x {width} pixels (height x width)"
    if learnt != part.size or photo.given is not None:
        text += f", shrunk to {learnt[0]} x {learnt[1]} for training"
        text += "; model.max_size=null keeps its size"
    lost = [] if own.stands_for_photo else drawn_like(photo)[1]
    if len(model.images) > 1:
        text += f"; with it {len(model.images) - 1} more"
    return [text, *note, *([f"Not kept in the pictures: {', '.join(lost)}"] if lost else [])]


def _table(model: Model) -> Table:
    table = Table("stage", "height", "width", box=None, pad_edge=False)
    for name, (height, width) in zip(model.stage_names, model.sizes, strict=True):
        table.add_row(name, str(height), str(width))
    return table
