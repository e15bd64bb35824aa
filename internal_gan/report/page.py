"""``index.html``: a page that shows a run, in a single file."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from internal_gan.config.arguments import quoted
from internal_gan.files import natural, read_json_object, write_text
from internal_gan.judging.tiling import seams_in_words
from internal_gan.report.curves import loss_curves
from internal_gan.report.pictures import PagePicture, read_picture
from internal_gan.report.run import RunState, read_run
from internal_gan.runs.records import MOVIE_SUFFIXES, Result, in_words, read_results
from internal_gan.units import counted, duration, three_digits

EVALUATION = "evaluation.json"
AT_ONCE = 2  # pictures decoded at the same time
MAX_PICTURES = 12
MAX_ROW = 7
FEW = 4


def write_report(folder: Path) -> Path:
    """Write the page of a run from the files that its folder has so far, and return its path.

    While the run is in progress, the page reloads itself every 15 seconds.
    """
    run = read_run(folder)
    sections, previews = read_gallery(run)
    template = _templates().get_template("page.html")
    page = template.render(
        run=run,
        sections=sections,
        previews=previews,
        evaluation=read_json_object(folder / EVALUATION),
        charts=loss_curves(run.rows, [(stage.name, stage.steps) for stage in run.stages]),
        now=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    path = folder / "index.html"
    # File names need not be valid text.
    write_text(path, page, errors="backslashreplace")
    return path


@cache
def _templates() -> Environment:
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
    return templates


def _clock(time: str) -> str:
    """An ISO time as local date and time; any other text unchanged."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return time


@dataclass(frozen=True)
class Row:
    """Pictures side by side, larger if ``few``; there are so many ``more`` in ``folder``."""

    title: str
    pictures: Sequence[PagePicture]
    few: bool
    more: int
    folder: str


def read_gallery(run: RunState) -> tuple[dict[str, list[Row]], list[PagePicture]]:
    """The results to show by the titles of their tasks, the first of each row and evenly spread
    frames, and all previews."""
    results = read_results(run.folder)
    files = (path.name for path in (run.folder / "photos").glob("*.png"))
    photos = [Result(f"photos/{name}", "aside") for name in sorted(files, key=natural)]
    made: dict[str, dict[str, list[Result]]] = {}
    for result in [*photos, *results]:
        if result.kind != "preview":
            made.setdefault(result.task, {}).setdefault(result.group, []).append(result)
    sections = dict[str, list[Row]]()
    for task, groups in made.items():
        rows = [row for name, group in groups.items() if (row := _row(run, name, group)).pictures]
        if rows:
            sections["Samples" if task == "sample" else in_words(task)] = rows
    previews = []
    for index, result in enumerate(result for result in results if result.kind == "preview"):
        name = run.stages[index].name if index < len(run.stages) else f"scale {index}"
        previews.append(replace(result, caption=name.capitalize()))
    return sections, _read(run, previews)


def _row(run: RunState, title: str, results: Sequence[Result]) -> Row:
    at_most = MAX_ROW if title else MAX_PICTURES
    chosen = results[:at_most]
    if results[0].kind == "frame":
        # Neighbours look alike.
        step = max(len(results) / at_most, 1.0)
        chosen = [results[int(index * step)] for index in range(len(chosen))]
    pictures = _read(run, chosen)
    folder = PurePosixPath(results[0].file).parent.as_posix()
    more = len(results) - len(pictures)
    return Row(in_words(title), pictures, len(results) <= FEW, more, folder)


def _read(run: RunState, results: Sequence[Result]) -> list[PagePicture]:
    """Prepare pictures and films, without those that cannot be read."""
    height, width = (run.photo.height, run.photo.width) if run.photo else (2, 3)

    def read(result: Result) -> PagePicture | None:
        if PurePosixPath(result.file).suffix.lower() in MOVIE_SUFFIXES:
            return PagePicture(result.file, None, height, width, result.caption, is_film=True)
        return read_picture(run.folder, result.file, result.caption)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [picture for picture in pool.map(read, results) if picture is not None]
