"""Runs a task on a trained model, and writes what any task draws."""

import importlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from internal_gan.config.catalogue import TABLE
from internal_gan.config.families import check_able
from internal_gan.config.options import Options
from internal_gan.config.record import load_options, save_options
from internal_gan.device import prepare_device
from internal_gan.files import atomic_write, make_folder
from internal_gan.finishing.layers import Layer, write_layer
from internal_gan.finishing.origin import Origin, origin_path, write_origin
from internal_gan.finishing.verification import origin_map, shares_in_words
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.marks import xmp
from internal_gan.images.files.video import write_video
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.models.base import Model
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.places import new_run_path
from internal_gan.runs.results import DRAWN, MADE, Kind, Result, group_of, in_words
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context, Document, Film, Item, Picture, Task
from internal_gan.tasks.reporting import announce, end_run, enough_memory, new_console, recorded


def task_of(name: str, context: Context) -> Task[Any]:
    """A task, from the module of its name."""
    task: type[Task[Any]] = importlib.import_module(f"internal_gan.tasks.{name}").TASK
    return task(name, context)


@dataclass(frozen=True)
class Trained:
    """A model, with the folder and the inputs of its training.

    Attributes:
        like: the photo whose format its pictures take; None if it is gone.
        about: lines to print.
    """

    model: Model
    folder: RunFolder
    source: Source
    like: Photo | None
    about: Sequence[str]


def run_task(options: Options) -> int:
    """Do a task on the model in ``options.checkpoint`` or without one, in a new run folder if the
    task has one, and return the exit code.

    Raises:
        UserError: the checkpoint, the device, an option or a file is not usable; no folder is left
            behind.
    """
    started = time.monotonic()
    trained = None if options.checkpoint is None else load_trained(options)
    model = None if trained is None else trained.model
    before = None if trained is None else trained.source
    given = Source(options, names=options.photos or (before.names if before else None))
    context = Context(given, before or given, console=new_console())
    task = task_of(options.task, context)
    if not TABLE[options.task].has_folder:
        return write_files(task)
    with enough_memory(task.memory):
        task.check(model)
        drawn = task.draw(model)
        # Draw the first item before creating the folder, so that an error leaves none behind.
        drawn = chain([next(drawn)], drawn)
    with new_run(options, trained, task) as folder:
        context.folder = folder
        given.keep(folder.path, TABLE[task.name].reads)
        with enough_memory(task.memory):
            like = None if trained is None else trained.like
            results = write(drawn, folder.path, like, mark_of(task, model))
        folder.write_status("running", results=results, **context.facts)
        end_run(context.console, folder, task.made(results), started, task=options.task)
    return task.exit_code


def write_files(task: Task[Any]) -> int:
    """Do a task that has no run folder, and return the exit code."""
    with enough_memory(task.memory):
        task.check(None)
        write(task.draw(None), Path())
    return task.exit_code


def write(
    drawn: Iterable[Item], folder: Path, like: Photo | None = None, mark: bytes | None = None
) -> list[Result]:
    """Write what a task draws into a folder, replacing older files.

    A picture ``NAME.png`` with a known origin gets ``NAME.origin.png`` next to it, and a map of it
    in the folder ``origin``. Its layers go into ``layers``, each in a folder of its name.

    Args:
        like: the photo whose format pictures take by default.
        mark: from :func:`mark_of`, for the files that a model generated.
    """
    results, asides = list[Result](), list[Result]()
    for item in drawn:
        if item is None:
            continue
        path = folder / item.file
        make_folder(path.parent)
        if isinstance(item, Document):
            with atomic_write(path) as temporary:
                temporary.write_text(item.text, encoding="utf-8", errors="backslashreplace")
            continue
        if isinstance(item, Film):
            frames = [folder / result.file for result in results if result.kind == "frame"]
            write_video(path, frames, item.fps)
        else:
            made = item.made or item.kind in MADE
            write_image(
                path,
                item.pixels,
                like=item.like or like,
                alpha=item.alpha,
                mark=mark if made else None,
            )
            if item.origin is not None:
                asides.append(_write_origin(folder, item.file, item.origin))
                for layer in item.layers:
                    along = layer.along(item.origin)
                    asides.append(_write_layer(folder, item.file, along))
        kind: Kind = "film" if isinstance(item, Film) else item.kind
        caption = item.caption if isinstance(item, Picture) else ""
        results.append(_result(item.file, kind, caption))
        if isinstance(item, Picture) and item.drawing is not None:
            results.append(_write_drawing(folder, item, like, mark))
    # Results come first.
    return sorted([*results, *asides], key=lambda result: result.kind != "result")


def mark_of(task: Task[Any], model: Model | None) -> bytes | None:
    """The metadata that says how a task's pictures were made; None with ``marks=false``."""
    family = None if model is None else model.family
    return xmp(TABLE[task.name].source, task.name, family) if task.context.options.marks else None


def _write_origin(folder: Path, file: str, origin: Origin) -> Result:
    """Write the origin of a result next to it, and a map of it for the page."""
    write_origin(origin_path(folder / file), origin)
    path = PurePosixPath(file)
    shown = path.parent / "origin" / f"{path.stem}.png"
    make_folder((folder / shown).parent)
    write_image(folder / shown, origin_map(origin))
    return _result(shown.as_posix(), "aside", shares_in_words(origin))


def _write_drawing(
    folder: Path, picture: Picture, like: Photo | None, mark: bytes | None
) -> Result:
    """Write the network's output of a result into the folder ``drawn``."""
    assert picture.drawing is not None
    path = PurePosixPath(picture.file)
    drawn = path.parent / DRAWN / path.name
    make_folder((folder / drawn).parent)
    if picture.like is not None:
        like = output_format_of(picture.like)[0]
    write_image(folder / drawn, picture.drawing, like=like, mark=mark)
    return _result(drawn.as_posix(), "aside")


def _write_layer(folder: Path, file: str, layer: Layer) -> Result:
    """Write a layer of a result, in a folder with the layer's name."""
    path = PurePosixPath(file)
    along = path.parent / "layers" / layer.name / f"{path.stem}{layer.suffix}"
    make_folder((folder / along).parent)
    write_layer(folder / along, layer)
    return Result(along.as_posix(), "aside", group_of(along.as_posix()))


def _result(file: str, kind: Kind, caption: str = "") -> Result:
    """A result, by default with its name as its caption, unless that is a number."""
    name = PurePosixPath(file).stem
    return Result(
        file, kind, group_of(file), caption or ("" if name.isdecimal() else in_words(name))
    )


def load_trained(options: Options) -> Trained:
    """Read the model in the run folder ``options.checkpoint``.

    Raises:
        UserError: the device or the checkpoint is not usable, or the task needs another model.
    """
    assert options.checkpoint is not None
    folder = RunFolder.open(options.checkpoint, needs=["model.safetensors"])
    source = Source(load_options(folder.config_path), folder.path)
    # A model trained in full float32 also draws in it.
    asked = options.precision, source.options.precision
    device, reason = prepare_device(options.device, "fp32" if "fp32" in asked else "auto")
    model = load_model(folder.model_path)
    check_able(model.family, options.task, f"checkpoint={folder.path}")
    photo = source.learnt_path()
    return Trained(
        model=model.to(device),
        folder=folder,
        source=source,
        like=output_format_of(read_image(photo))[0] if photo.is_file() else None,
        about=[f"Device {device} ({reason})", f"Model {folder.model_path}"],
    )


@contextmanager
def new_run(options: Options, trained: Trained | None, task: Task[Any]) -> Iterator[RunFolder]:
    """A new run folder for what a task makes with a model, or without one; records what happens in
    the block.

    Enter it only once all options and files have been checked, so that no folder is left behind.
    """
    kind, lines = options.task, [*task.about()]
    if trained is None:
        options = replace(options, model={})
    else:
        before = trained.source.options
        kind, lines = trained.model.family, [*trained.about, *lines]
        options = replace(
            options,
            image=options.image or before.image,
            model=before.model,
            trainer=before.trainer,
            checkpoint=str(trained.folder.path.absolute()),
        )
    folder = RunFolder.create(new_run_path(options, options.photo, kind))
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(task.context.console, folder, lines)
        if trained is None:
            write_image(folder.path / "photo.png", task.photo())
        else:
            model = trained.model
            folder.write_status("running", device=str(model.device), model_task=model.task)
            write_image(folder.path / "photo.png", model.image, like=trained.like)
        yield folder
