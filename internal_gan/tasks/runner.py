"""Runs a task on a model, or without one, and writes what any task draws."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, redirect_stdout
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from internal_gan.config.catalogue import SPECS, check_able, ending_of
from internal_gan.config.compose import load_options, save_options
from internal_gan.config.options import Options
from internal_gan.device import prepare_device
from internal_gan.errors import UserError, about
from internal_gan.files import atomic_write, make_folder, write_text
from internal_gan.finishing.layers import NO_LAYERS, Layer, Layers, read_layer, write_layer
from internal_gan.finishing.origin import READ_SIDE, origin_path, write_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.look import opened
from internal_gan.images.files.marks import SourceType, xmp
from internal_gan.images.files.video import Frames, write_video
from internal_gan.images.levels import spread
from internal_gan.images.photo import Photo, check_shows, output_format_of
from internal_gan.judging.verify import origin_map, shares_in_words
from internal_gan.models.base import Model
from internal_gan.models.patches.model import Patches
from internal_gan.process_settings import ignored_warnings
from internal_gan.runs.folder import RunFolder, new_run_path
from internal_gan.runs.inputs import LAYERS
from internal_gan.runs.model_file import load_model
from internal_gan.runs.records import DRAWN, MADE, Result, in_words
from internal_gan.runs.source import Source
from internal_gan.shapes import Pixels
from internal_gan.tasks.bind import as_trained, begin
from internal_gan.tasks.holes import around_hole
from internal_gan.tasks.items import Document, Film, Item, Picture
from internal_gan.tasks.recorder import Recorder, enough_memory, new_console, recorded
from internal_gan.training.progress import Display
from internal_gan.units import by

# Between two updates of the results in a run's status.
RESULTS_SECONDS = 0.5


def run_task(options: Options) -> int:
    """Do a task on a trained model, on the photo's own patches or without a model, and return the
    exit code. What is not usable is a UserError, and leaves no run folder behind."""
    started = time.monotonic()
    model, trained, lines = load_trained(options) if options.checkpoint else (None, None, [])
    given = Source(options, trained=trained)
    if options.keep_frame and trained is not None and not given.inputs.has_photo:
        raise UserError("keep_frame=true: the model is trained already; give it to the training")
    photo = None
    if options.task == "fill":
        given.choose = partial(around_hole, given)
    if trained is None and SPECS[options.task].needs and not options.judges:
        photo = given.photo()  # in use, and thus read only once
        model, lines = patches_of(photo, options.device)
    work = Work(options.task, given, model, Recorder(new_console()))
    like = trained.like if trained else None
    if options.output == "-":
        return pipe(work, like)
    if not SPECS[options.task].has_folder:
        with work.enough_memory():
            write(work.begin(), Path())
        return work.recorder.exit_code
    work.recorder.record(started=datetime.now(UTC).isoformat(timespec="seconds"))
    with work.enough_memory():
        drawn = work.begin()
        layers = layers_of(options.task, given)
        if not options.judges:
            # If memory runs out for the first picture, no folder is left behind.
            drawn = chain([next(drawn)], drawn)
    del photo
    kept = options
    if trained is not None:
        before = trained.options
        kept = replace(options, model=before.model, trainer=before.trainer)
        kept.image = options.image or before.image
        kept.checkpoint = str(Path(str(options.checkpoint)).absolute())
    kind = model.family if model is not None and model.is_trained else options.task
    folder = work.recorder.run = RunFolder.create(new_run_path(kept, kind))
    with recorded(folder):
        save_options(kept, folder.config_path)
        work.recorder.begin_run(lines, model)
        with work.enough_memory():
            given.inputs.keep(folder.path, SPECS[options.task].reads)
            write_image(folder.path / "photo.png", shown_photo(work), like=like)
            write_run(work, drawn, like, layers)
        work.recorder.end_run(options.task, started)
    return work.recorder.exit_code


@dataclass
class Work:
    """A task to do on some inputs, by a model if it needs one; it ``began`` at that time of
    :func:`time.monotonic`."""

    task: str
    given: Source
    model: Any
    recorder: Recorder
    began: float = 0.0

    def begin(self, *, preview: bool = False) -> Iterator[Item]:
        """See :func:`internal_gan.tasks.bind.begin`."""
        drawn = begin(self.task, self.given, self.model, self.recorder, preview=preview)
        self.began = time.monotonic()
        return drawn

    def enough_memory(self) -> AbstractContextManager[None]:
        """Turn a failed allocation into a UserError that names the option to make smaller."""
        options = self.given.options
        is_model_judged = self.task == "evaluate" and self.model is not None
        names = SPECS[ending_of(self.model.family) if is_model_judged else self.task].memory
        found = (name for name in names if attrgetter(name)(options) is not None)
        return enough_memory(next(found, names[-1]))

    @property
    def mark(self) -> bytes | None:
        """The metadata that says how the pictures were made; None with ``marks=false``."""
        if not self.given.options.marks:
            return None
        if self.model is None or not self.model.is_trained:
            return xmp("compositeCapture", self.task, None)
        is_composite = SPECS[self.task].is_composite
        source: SourceType = (
            "compositeWithTrainedAlgorithmicMedia" if is_composite else "trainedAlgorithmicMedia"
        )
        return xmp(source, self.task, self.model.family)


def shown_photo(work: Work) -> Pixels:
    """The photo for the page of a run, (1, 3, h, w)."""
    if work.model is not None:
        return cast(Model, work.model).image
    if work.task == "verify":
        path = work.given.inputs.file("verify.photo")
        assert path is not None
        return read_image(path, longest=READ_SIDE).pixels
    if work.given.options.judges:
        return work.given.photo(longest=READ_SIDE).pixels
    return Patches.of(spread(work.given.photo())).image


def layers_of(task: str, given: Source) -> Layers:
    """The layers that move with the pixels of results: those of the photo to work on, given to the
    run or, if none, to its model's training; none if results are the network's. A UserError if a
    file cannot be read or has a wrong size or name, or the run's layers cannot move."""
    photo = given.worked_on
    if not SPECS[task].allows(LAYERS):
        return NO_LAYERS
    own, rebuilds = given.inputs.files(LAYERS), as_trained(given, "finish.detail") == "patches"
    files = own or photo.inputs.files(LAYERS)
    if not files or not (rebuilds or own):
        return NO_LAYERS
    if not rebuilds:
        raise UserError(
            f"layers={files[0][0]}: not possible with finish.detail=network; allowed: "
            "finish.detail=patches"
        )
    one, layers = photo.photo(longest=READ_SIDE), list[Layer]()
    size = one.uncut if one.frame else one.full_size
    for name, path in files:
        with about("layers"):
            # The copy in the run folder has another name.
            layer = replace(read_layer(path), name=Path(name).stem)
        if layer.size != size:
            raise UserError(f"layers={name}: {by(layer.size)} pixels; the photo has {by(size)}")
        if layer.name in [other.name for other in layers]:
            raise UserError(f"layers={name}: another layer is also called {layer.name}; rename one")
        if one.frame:
            inside = one.frame.window(one.size)
            layer = replace(layer, values=np.ascontiguousarray(layer.values[inside]))
        layers.append(layer)
    return Layers(layers)


def write_run(
    work: Work,
    drawn: Iterable[Item],
    like: Photo | None,
    layers: Layers,
    others: Sequence[Result] = (),
) -> None:
    """:func:`write` what a task draws into its run's folder, and record it with ``others`` and the
    recorder's facts; tell how far drawing is."""
    recorder, since = work.recorder, work.began
    told = since

    def record(results: Sequence[Result], **facts: Any) -> None:
        first = sorted(results, key=lambda result: result.kind != "result")
        recorder.run.write_status("running", results=[*first, *others], **facts)

    with closing(Display(recorder.console)) as display:

        def tell(results: Sequence[Result]) -> None:
            nonlocal told
            now, count = time.monotonic(), recorder.expected
            made = sum(result.kind in ("result", "frame") for result in results)
            if now - told < RESULTS_SECONDS or not made:
                return
            told = now
            if made < count:
                share, left = made / count, (now - since) / made * (count - made)
                display.show(share, left, f"{made} of {count} pictures")
                recorder.write_left(share, left)
            record(results)

        results = write(drawn, recorder.run.path, like, work.mark, layers, tell)
    record(results, **recorder.facts)


def pipe(work: Work, like: Photo | None) -> int:
    """Write the one picture that a task makes to standard output, and return the exit code."""
    out = sys.stdout.buffer
    with work.enough_memory(), redirect_stdout(sys.stderr), TemporaryDirectory() as folder:
        drawn = (i for i in work.begin() if isinstance(i, Picture) and i.kind == "result")
        one, *others = islice(drawn, 2)
        if others:
            raise UserError("output=-: takes one picture, and there are several; name a folder")
        path, image = Path(folder, "result.png"), one.image
        write_image(path, image.colours, like=image.like or like, alpha=image.alpha, mark=work.mark)
        out.write(path.read_bytes())
    return work.recorder.exit_code


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
    """The photo's patches as a model, and lines to print; a UserError if it shows nothing."""
    check_shows(photo)
    at, reason = prepare_device(device)
    model = Patches.of(spread(photo), at)
    return model, [f"Device {at} ({reason})", "Works on the photo itself; nothing is trained"]
