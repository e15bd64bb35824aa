"""Runs a task on a model, or without one, and writes what any task draws."""

import importlib
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, redirect_stdout
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from internal_gan.config.catalogue import SPECS, check_able
from internal_gan.config.compose import load_options, save_options
from internal_gan.config.options import Options
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, make_folder, write_text
from internal_gan.finishing.layers import NO_LAYERS, Layers, write_layer
from internal_gan.finishing.origin import origin_path, write_origin
from internal_gan.images.files.image import write_image
from internal_gan.images.files.look import opened
from internal_gan.images.files.marks import xmp
from internal_gan.images.files.video import Frames, write_video
from internal_gan.images.levels import spread
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.judging.verify import origin_map, shares_in_words
from internal_gan.models.base import Model
from internal_gan.models.patches.model import Patches
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.folder import RunFolder, new_run_path
from internal_gan.runs.model_file import load_model
from internal_gan.runs.records import DRAWN, MADE, Result, in_words
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Document, Film, Item, Picture, Task
from internal_gan.tasks.context import Context, enough_memory, new_console, recorded
from internal_gan.tasks.holes import around_hole
from internal_gan.training.progress import Display

# Between two updates of the results in a run's status.
RESULTS_SECONDS = 0.5


def task_of(name: str, context: Context) -> Task[Any]:
    """A task, from the module and the class of its name, such as
    :class:`internal_gan.tasks.make_tileable.MakeTileable`."""
    module = importlib.import_module(f"internal_gan.tasks.{name}")
    task: type[Task[Any]] = getattr(module, name.title().replace("_", ""))
    return task(name, context)


def run_task(options: Options) -> int:
    """Do a task on a trained model, on the photo's own patches or without a model, and return the
    exit code. What is not usable is a UserError, and leaves no run folder behind."""
    started = time.monotonic()
    model, trained, about = load_trained(options) if options.checkpoint else (None, None, [])
    given = Source(options, trained=trained)
    if options.keep_frame and trained is not None and not given.has_photo:
        raise UserError("keep_frame=true: the model is trained already; give it to the training")
    photo = None
    if options.task == "fill":
        given.choose = partial(around_hole, given)
    if trained is None and SPECS[options.task].needs and not options.judges:
        photo = given.photo()  # in use, and thus read only once
        model, about = patches_of(photo, options.device)
    context = Context(given, console=new_console())
    task, like = task_of(options.task, context), trained.like if trained else None
    if options.output == "-":
        return pipe(task, model, like)
    if not SPECS[options.task].has_folder:
        with enough_memory(task.memory):
            task.check(None)
            write(task.draw(None), Path())
        return task.exit_code
    context.facts["started"] = datetime.now(UTC).isoformat(timespec="seconds")
    with enough_memory(task.memory):
        task.check(model)
        layers = task.read_layers()
        drawing, drawn = time.monotonic(), task.draw(model)
        # Draw the first item before creating the folder, so that an error leaves none behind.
        drawn = chain([next(drawn)], drawn)
    del photo
    kept = options
    if trained is not None:
        before = trained.options
        kept = replace(options, model=before.model, trainer=before.trainer)
        kept.image = options.image or before.image
        kept.checkpoint = str(Path(str(options.checkpoint)).absolute())
    kind = model.family if model is not None and model.is_trained else options.task
    folder = context.run = RunFolder.create(new_run_path(kept, kind))
    with recorded(folder):
        save_options(kept, folder.config_path)
        context.begin_run(about, model)
        shown = task.photo() if model is None else model.image
        write_image(folder.path / "photo.png", shown, like=like)
        given.keep(folder.path, SPECS[task.name].reads)
        with enough_memory(task.memory):
            write_run(task, model, drawn, like, layers, drawing)
        context.end_run(options.task, started)
    return task.exit_code


def write_run(
    task: Task[Any],
    model: Model | None,
    drawn: Iterable[Item],
    like: Photo | None,
    layers: Layers,
    since: float,
    others: Sequence[Result] = (),
) -> None:
    """:func:`write` what a task draws into its run's folder, and record it with ``others`` and the
    task's facts; tell how far drawing is, which began at a time of :func:`time.monotonic`."""
    context, folder, told = task.context, task.context.run, since

    def record(results: Sequence[Result], **facts: Any) -> None:
        first = sorted(results, key=lambda result: result.kind != "result")
        folder.write_status("running", results=[*first, *others], **facts)

    with closing(Display(context.console)) as display:

        def tell(results: Sequence[Result]) -> None:
            nonlocal told
            now, count = time.monotonic(), context.expected
            made = sum(result.kind in ("result", "frame") for result in results)
            if now - told < RESULTS_SECONDS or not made:
                return
            told = now
            if made < count:
                share, left = made / count, (now - since) / made * (count - made)
                display.show(share, left, f"{made} of {count} pictures")
                context.write_left(share, left)
            record(results)

        results = write(drawn, folder.path, like, mark_of(task, model), layers, tell)
    record(results, **context.facts)


def pipe(task: Task[Any], model: Model | None, like: Photo | None) -> int:
    """Write the one picture that a task makes to standard output, and return the exit code."""
    out = sys.stdout.buffer
    with enough_memory(task.memory), redirect_stdout(sys.stderr), TemporaryDirectory() as folder:
        task.check(model)
        drawn = (i for i in task.draw(model) if isinstance(i, Picture) and i.kind == "result")
        one, *others = islice(drawn, 2)
        if others:
            raise UserError("output=-: takes one picture, and there are several; name a folder")
        path, image, mark = Path(folder, "result.png"), one.image, mark_of(task, model)
        write_image(path, image.colours, like=image.like or like, alpha=image.alpha, mark=mark)
        out.write(path.read_bytes())
    return task.exit_code


def write(
    drawn: Iterable[Item],
    folder: Path,
    like: Photo | None = None,
    mark: bytes | None = None,
    layers: Layers = NO_LAYERS,
    report: Callable[[list[Result]], None] = lambda results: None,
) -> list[Result]:
    """Write what a task draws into a folder, replacing older files; pictures in the format of
    ``like``, unless they have their own, and with the ``mark`` if a model generated them.

    A picture ``NAME.png`` with a known origin gets ``NAME.origin.png`` next to it, and a map of it
    in the folder ``origin``. Layers along it go into ``layers``, each in a folder of its name.
    ``report`` gets all results so far after each picture. A film is made while frames are drawn.
    """
    results, films = list[Result](), dict[Result, Future[None]]()
    with ThreadPoolExecutor(1) as pool, Frames() as frames:
        for item in drawn:
            if item is None:
                continue
            path = folder / item.file
            make_folder(path.parent)
            if isinstance(item, Document):
                write_text(path, item.text, errors="backslashreplace")
            elif isinstance(item, Film):
                frames.expected = item.count
                film = Result(item.file, "film", _caption(item.file))
                films[film] = pool.submit(copy_context().run, write_video, path, frames, item.fps)
            elif item.given is not None and _is_shown(item.given):
                file = str(PurePosixPath(item.file).with_suffix(item.given.suffix))
                with atomic_write(folder / file) as temporary:
                    shutil.copyfile(item.given, temporary)
                results.append(Result(file, item.kind, _caption(file)))
            else:
                results += _write_picture(folder, item, like, mark, layers)
                if item.kind == "frame":
                    frames.add(path)
                report(results)
    for film, written in films.items():
        written.result()
        results.append(film)
    return results


def _write_picture(
    folder: Path, picture: Picture, like: Photo | None, mark: bytes | None, layers: Layers
) -> list[Result]:
    own = mark if picture.made or picture.kind in MADE else None
    # Files of large pictures take seconds: two are written at once. Warnings go to this run's log.
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(copy_context().run, _write_beside, folder, picture, like, mark, layers)
        image, path = picture.image, folder / picture.file
        write_image(path, image.colours, like=image.like or like, alpha=image.alpha, mark=own)
    made = Result(picture.file, picture.kind, picture.caption or _caption(picture.file))
    return [made, *beside.result()]


def _is_shown(path: Path) -> bool:
    """Whether a browser shows a file's one picture as it is."""
    with ignored_warnings(), opened(path)[0] as image:
        is_known = image.format in ("JPEG", "PNG", "WEBP") and image.mode != "CMYK"
        return bool(path.suffix) and is_known and getattr(image, "n_frames", 1) == 1


def _write_beside(
    folder: Path, picture: Picture, like: Photo | None, mark: bytes | None, layers: Layers
) -> list[Result]:
    """Write the network's output for a picture, if any, and, if its origin is known, the origin, a
    map of it for the page and layers along it."""
    written, image = list[Result](), picture.image

    def beside(room: str, caption: str = "") -> Path:
        """A file of the picture's name in a folder next to it, which is recorded."""
        path = PurePosixPath(picture.file)
        file = path.parent / room / f"{path.stem}.png"
        make_folder((folder / file).parent)
        written.append(Result(file.as_posix(), "aside", caption))
        return folder / file

    if image.drawing is not None:
        own = like if image.like is None else output_format_of(image.like)[0]
        write_image(beside(DRAWN, _caption(picture.file)), image.drawing, like=own, mark=mark)
    if image.origin is not None:
        if picture.kind != "frame":  # whose pixels come from several at once
            write_origin(origin_path(folder / picture.file), image.origin)
            shares = shares_in_words(image.origin)
            write_image(beside("origin", shares), origin_map(image.origin))
        for layer in layers.along(image.origin):
            write_layer(beside(f"layers/{layer.name}"), layer)
    return written


def mark_of(task: Task[Any], model: Model | None) -> bytes | None:
    """The metadata that says how a task's pictures were made; None with ``marks=false``."""
    if not task.context.options.marks:
        return None
    if model is None or not model.is_trained:
        return xmp("compositeCapture", task.name, None)
    return xmp(task.source_type, task.name, model.family)


def _caption(file: str) -> str:
    """The name of a file in words, unless that is a number."""
    name = PurePosixPath(file).stem
    return "" if name.isdecimal() else in_words(name)


def load_trained(options: Options) -> tuple[Model, Source, list[str]]:
    """Read the model in ``options.checkpoint``, with the inputs of its training and lines to print;
    a UserError if it or the device is not usable, or the task needs another model."""
    assert options.checkpoint is not None
    folder = RunFolder.open(options.checkpoint, needs=["model.safetensors"])
    source = Source(load_options(folder.config_path), folder.path)
    device, reason = prepare_device(options.device)
    model = load_model(folder.model_path)
    check_able(model.family, options.task, f"checkpoint={folder.path}")
    return model.to(device), source, [f"Device {device} ({reason})", f"Model {folder.model_path}"]


def patches_of(photo: Photo, device: str) -> tuple[Patches, list[str]]:
    """The photo's patches as a model, and lines to print."""
    at, reason = prepare_device(device)
    model = Patches.of(spread(photo), at)
    return model, [f"Device {at} ({reason})", "Works on the photo itself; nothing is trained"]
