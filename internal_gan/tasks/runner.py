"""Runs the work of a task: by a command on a trained model, and while or after one is trained."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console

from internal_gan.config.catalogue import TABLE
from internal_gan.config.options import Options
from internal_gan.config.record import load_options, save_options
from internal_gan.device import select_device
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.video import write_video
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.models.base import Model
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.places import new_run_path
from internal_gan.runs.results import Result, in_words
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Film, Picture, Work
from internal_gan.tasks.reporting import announce, enough_memory, recorded, say, write_page
from internal_gan.units import duration


def work_of(task: str, options: Options, context: Context) -> Work[Any]:
    """The work of a task that draws, which is in the module of its name."""
    work: type[Work[Any]] = importlib.import_module(f"internal_gan.tasks.{task}").WORK
    return work(getattr(options, task), context)


def context_of(options: Options, given: Source, trained: Source, *, asides: bool = True) -> Context:
    """What a task may know of a run."""
    return Context(options.seed, options.precision, options.mask, given, trained, asides)


@dataclass(frozen=True)
class Trained:
    """A model that was read from a run folder.

    Attributes:
        model: on the device that was asked for.
        folder: of the run that trained it.
        source: what that run was given.
        like: what pictures that it draws have in common with its photo; None if that is gone.
        about: what to tell in the first lines.
        started: when it began to be read, as :func:`time.monotonic` tells it.
    """

    model: Model
    folder: RunFolder
    source: Source
    like: Photo | None
    about: Sequence[str]
    started: float


@dataclass
class NewRun:
    """A run that is under way.

    Attributes:
        made: what was made, for the last line, such as ``"8 samples"``.
    """

    folder: RunFolder
    made: str = ""


def run_on_model(options: Options) -> Path:
    """Do a task on the model in the run folder ``options.checkpoint``.

    Returns:
        The new run folder.

    Raises:
        UserError: the checkpoint, the device, an option or a file will not do. No folder is left
            behind.
    """
    promise = TABLE[options.task]
    trained = load_trained(options)
    given = Source(options, names=options.photos or trained.source.names)
    context = context_of(options, given, trained.source)
    context.console = Console(highlight=False, soft_wrap=True)
    work = work_of(options.task, options, context)
    with enough_memory(promise.memory):
        work.check(trained.model)
        drawn = work.draw(trained.model)
        # Whatever can go wrong does so before there is a folder.
        drawn = chain([next(drawn)], drawn)
    with new_run(options, trained, context.console, work.about()) as run:
        context.folder = run.folder
        given.keep(run.folder.path, promise.reads)
        with enough_memory(promise.memory):
            results = write(drawn, run.folder, trained.like)
        run.folder.write_status("running", results=results, **context.facts)
        run.made = work.made(results)
    return run.folder.path


def write(
    drawn: Iterable[Picture | Film], folder: RunFolder, like: Photo | None = None
) -> list[Result]:
    """Write what a task draws into a run folder, in place of older files.

    Args:
        like: the photo whose file pictures resemble that say nothing else.

    Raises:
        UserError: a file cannot be written.
    """
    results: list[Result] = []
    for item in drawn:
        path = folder.path / item.file
        make_folder(path.parent)
        _, *groups, _ = PurePosixPath(item.file).parts
        caption = "" if path.stem.isdecimal() else in_words(path.stem)
        if isinstance(item, Film):
            frames = [folder.path / result.file for result in results if result.kind == "frame"]
            write_video(path, frames, item.fps)
            results.append(Result(item.file, "film", "/".join(groups), caption))
        else:
            write_image(path, item.pixels, like=item.like or like, alpha=item.alpha)
            results.append(Result(item.file, item.kind, "/".join(groups), caption))
    # A film and other things beside the results are shown after them.
    return sorted(results, key=lambda result: result.kind != "result")


def load_trained(options: Options) -> Trained:
    """Read the model in the run folder ``options.checkpoint``.

    Raises:
        UserError: the device or the checkpoint will not do, or the task is not for such a model.
    """
    assert options.checkpoint is not None
    started = time.monotonic()
    device, reason = select_device(options.device)
    folder = RunFolder.open(options.checkpoint, needs=["model.safetensors"])
    source = Source(load_options(folder.config_path), folder.path)
    model = load_model(folder.model_path)
    families = TABLE[options.task].families
    if families is not None and model.task != options.task and model.family not in families:
        raise UserError(
            f"checkpoint={folder.path}: a model of {model.family} has no task={options.task}; "
            f"it has task={model.task}"
        )
    photo = source.learnt_path()
    return Trained(
        model=model.to(device),
        folder=folder,
        source=source,
        like=drawn_like(read_image(photo))[0] if photo.is_file() else None,
        about=[f"Device {device} ({reason})", f"Model {folder.model_path}"],
        started=started,
    )


@contextmanager
def new_run(
    options: Options, trained: Trained, console: Console, about: Sequence[str] = ()
) -> Iterator[NewRun]:
    """A new run folder for what a task makes with a model, described and shown when the block ends.

    Enter it when nothing of the user's can be wrong any more, so that no folder is left behind.

    Args:
        about: what to tell in the first lines beside what the model is.

    Raises:
        UserError: the folder cannot be written.
    """
    model, before = trained.model, trained.source.options
    options = replace(
        options,
        image=options.image or before.image,
        model=before.model,
        trainer=before.trainer,
        checkpoint=str(trained.folder.path.absolute()),
    )
    folder = RunFolder.create(new_run_path(options, options.photo, model.family))
    run = NewRun(folder)
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(console, folder, [*trained.about, *about])
        write_image(folder.path / "photo.png", model.image, like=trained.like)
        yield run
        seconds = time.monotonic() - trained.started
        folder.write_status(
            "finished", device=str(model.device), seconds=round(seconds, 1), model_task=model.task
        )
        write_page(folder)
        say(console, f"{run.made} in {duration(seconds)}.")
        say(console, f"  Pictures: {folder.path / options.task}")
        say(console, f"  Page:     {folder.report_path}")
