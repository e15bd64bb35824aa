"""``index.html``: a page that shows a run, in a single file with small pictures embedded."""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from internal_gan.config.arguments import quoted
from internal_gan.config.catalogue import SPECS
from internal_gan.config.compose import load_options
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import is_file, read_file, read_json_object, write_text
from internal_gan.images.files.look import opened
from internal_gan.images.files.metadata import rgb_profile
from internal_gan.images.files.names import PILLOW_FORMATS
from internal_gan.judging.tiling import seams_in_words
from internal_gan.process_settings import ignored_warnings
from internal_gan.report.curves import loss_curves
from internal_gan.runs import records
from internal_gan.units import counted, duration, three_digits

EVALUATION = "evaluation.json"
DECODED_AT_ONCE = 2  # pictures decoded at the same time
MAX_PICTURES = 12  # of a row without a title
MAX_ROW = 7  # pictures of a row with a title, which has the name of its group
MAX_SIDE = 640  # of an embedded picture, in pixels
SMALL_BYTES = 24_000  # files of at most this size are embedded as they are
# Moving pictures keep their size; files larger than this are linked instead.
SMALL_MOVING_BYTES = 2_000_000


@dataclass(frozen=True)
class PagePicture:
    """A picture or film.

    Attributes:
        file: its path in the run folder, with slashes.
        data: its content as a ``data:`` address; None if it is too large to embed.
        height, width: in pixels; of a film, the photo's.
        caption: the text below it.
        is_huge: whether it is only named.
    """

    file: str
    data: str | None
    height: int
    width: int
    caption: str = ""
    is_film: bool = False
    is_huge: bool = False


class RunState:
    """The state of a run, from its folder, which need not be complete: ``status`` and ``rows`` as
    :mod:`~internal_gan.runs.records` reads them, the ``photo`` as given or, if a model learns it or
    files are judged, as it is learnt or compared with, the text of its configuration, and its
    options, if that is a run's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.status = records.read_status(folder / "status.json")
        self.state = self.status.get("state", "unknown")
        self.rows = records.read_metrics(folder / "metrics.jsonl")
        plans = [row for row in self.rows if row.get("event") == "plan"]
        self.stages = _stages(plans[-1], self.rows) if plans else []
        self.seconds_spent = records.seconds_of(self.rows)
        path = folder / "config.yaml"
        self.config = read_file(path).decode("utf-8", "replace") if is_file(path) else ""
        self.options: Options | None = None
        with suppress(UserError):
            self.options = load_options(path)
        self.photo = read_picture(folder, "photo.png")
        if self.options and not (self.learns or self.options.judges):
            for given in (folder / "inputs").glob("image.*"):
                self.photo = read_picture(folder, f"inputs/{given.name}") or self.photo

    @property
    def learns(self) -> bool:
        """Whether there is a model that is, or was, trained."""
        return self.options is not None and bool(self.options.trains or self.options.checkpoint)

    @property
    def title(self) -> str:
        """The name of the photo, or of the folder, and of the model."""
        photo = self.options.image if self.options else None
        name = Path(photo).name if photo else self.folder.resolve().name
        return f"{name} · {self.model}" if self.model else name

    @property
    def model(self) -> str:
        """The name of the model; empty for a task without one, and an evaluation of files."""
        options = self.options
        if options is None or options.judges:
            return ""
        if not options.trains and not SPECS[options.task].needs:
            return ""
        recipe = str(options.model.get("_target_", "")).rpartition(".")[2]
        return recipe.removesuffix("Recipe")

    @property
    def model_path(self) -> str | None:
        """The folder of the run that trained the model: this one, or the one it used."""
        if (self.folder / "model.safetensors").is_file():
            return str(self.folder)
        return self.options.checkpoint if self.options else None


def _stages(plan: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The planned stages, with their ``seconds``, which are measured if a stage is ``done``."""
    last = {row["stage"]: row for row in rows if "step" in row}
    stages = []
    for index, stage in enumerate(plan["stages"]):
        done = index in last and last[index]["step"] >= stage["steps"]
        seconds = stage["steps"] * stage["seconds_per_step"]
        if done:
            before = last[index - 1]["seconds"] if index - 1 in last else 0.0
            seconds = last[index]["seconds"] - before
        stages.append({**stage, "seconds": seconds, "done": done})
    return stages


def write_report(folder: Path) -> Path:
    """Write the page of a run from the files that its folder has so far, and return its path."""
    run = RunState(folder)
    sections, previews = read_gallery(run)
    page = _template().render(
        run=run,
        sections=sections,
        previews=previews,
        evaluation=read_json_object(folder / EVALUATION),
        charts=loss_curves(run.rows, [(stage["name"], stage["steps"]) for stage in run.stages]),
        now=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    path = folder / "index.html"
    # File names need not be valid text.
    write_text(path, page, errors="backslashreplace")
    return path


@cache
def _template() -> Template:
    templates = Environment(
        loader=PackageLoader("internal_gan.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "clock": _clock,
        "counted": counted,
        "digits": three_digits,
        "duration": duration,
        "link": lambda file: quote(os.fsencode(file)),  # names need not be valid text
        "seams": seams_in_words,
        "shell": quoted,
    }
    return templates.get_template("page.html")


def _clock(time: str) -> str:
    """An ISO time as local date and time; any other text unchanged."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return time


@dataclass(frozen=True)
class Row:
    """Pictures side by side; ``more`` is the number of others in ``folder``."""

    title: str
    pictures: Sequence[PagePicture]
    more: int
    folder: str


def read_gallery(run: RunState) -> tuple[dict[str, list[Row]], list[PagePicture]]:
    """The results to show, by the titles of their tasks, and all previews."""
    results = records.read_results(run.folder)
    made: dict[str, dict[str, list[records.Result]]] = {}
    for result in results:
        if result.kind != "preview":
            made.setdefault(result.task, {}).setdefault(result.group, []).append(result)
    sections = dict[str, list[Row]]()
    for task, groups in made.items():
        each = [_row(run, name, group) for name, group in groups.items()]
        rows = [row for row in each if row.pictures]
        if rows:
            sections["Samples" if task == "sample" else records.in_words(task)] = rows
    previews = []
    for index, result in enumerate(result for result in results if result.kind == "preview"):
        name = run.stages[index]["name"] if index < len(run.stages) else f"scale {index}"
        previews.append(replace(result, caption=name.capitalize()))
    return sections, _read(run, previews)


def _row(run: RunState, title: str, results: Sequence[records.Result]) -> Row:
    at_most = MAX_ROW if title else MAX_PICTURES
    chosen = results[:at_most]
    if results[0].kind == "frame":
        # Neighbours look alike.
        step = max(len(results) / at_most, 1.0)
        chosen = [results[int(index * step)] for index in range(len(chosen))]
    pictures = _read(run, chosen)
    folder = PurePosixPath(results[0].file).parent.as_posix()
    return Row(records.in_words(title), pictures, len(results) - len(pictures), folder)


def _read(run: RunState, results: Sequence[records.Result]) -> list[PagePicture]:
    height, width = (run.photo.height, run.photo.width) if run.photo else (2, 3)

    def read(result: records.Result) -> PagePicture | None:
        if result.file.lower().endswith(".mp4"):
            return PagePicture(result.file, None, height, width, result.caption, is_film=True)
        return read_picture(run.folder, result.file, result.caption)

    with ThreadPoolExecutor(DECODED_AT_ONCE) as pool:
        return [picture for picture in pool.map(read, results) if picture is not None]


def read_picture(folder: Path, file: str, caption: str = "") -> PagePicture | None:
    """A picture of a run folder for its page: small PNG files and moving pictures unchanged, large
    moving ones not embedded, and others as WebP of at most `MAX_SIDE` pixels a side; None if it
    cannot be read."""
    path = folder / file
    try:
        with ignored_warnings(), Image.open(path, formats=PILLOW_FORMATS) as image:
            kind = str(image.format).lower()
            if kind != "jpeg":  # a small copy of a JPEG is decoded in a fraction of the time
                image.load()
            turned = image.getexif().get(Base.Orientation, 1) >= 5
            height, width = image.size if turned else image.size[::-1]
            moving = getattr(image, "is_animated", False) and kind in ("gif", "webp", "png")
            small = path.stat().st_size <= (SMALL_MOVING_BYTES if moving else SMALL_BYTES)
            if moving or (kind == "png" and small):
                data = _address(kind, path.read_bytes()) if small else None
                return PagePicture(file, data, height, width, caption)
            shown: Image.Image = image
            if image.mode in ("I;16", "I", "F"):  # such as a layer: all its levels become visible
                low, high = map(float, image.getextrema())  # type: ignore[arg-type]
                scale = 255 / (high - low) if high > low else 1.0
                shown = image.convert("F").point(lambda value: value * scale - low * scale)
            if image.mode != "RGB":
                shown = shown.convert("RGBA" if image.has_transparency_data else "RGB")
            shown.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
            shown = ImageOps.exif_transpose(shown)
    except Image.DecompressionBombError:
        with opened(path)[0] as huge:
            return PagePicture(file, None, huge.height, huge.width, caption, is_huge=True)
    except (OSError, ValueError, SyntaxError):
        return None
    profile = rgb_profile(image.info.get("icc_profile"))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=88, icc_profile=profile)
    return PagePicture(file, _address("webp", buffer.getvalue()), height, width, caption)


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
