"""The pictures on a run's page: rows of results of its tasks, and the preview of each stage."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from internal_gan.files import natural
from internal_gan.report.pictures import PagePicture, read_picture
from internal_gan.report.run import RunState
from internal_gan.runs.records import MOVIE_SUFFIXES, Result, in_words, read_results

AT_ONCE = 2  # pictures decoded at the same time
MAX_PICTURES = 12
MAX_ROW = 7
FEW = 4


@dataclass(frozen=True)
class Row:
    """Pictures side by side, larger if ``few``; there are so many ``more`` in ``folder``."""

    title: str
    pictures: Sequence[PagePicture]
    few: bool
    more: int
    folder: str


@dataclass(frozen=True)
class Section:
    """The pictures of one task."""

    title: str
    rows: Sequence[Row]


def read_gallery(run: RunState) -> tuple[list[Section], list[PagePicture]]:
    """The results to show, the first of each row and evenly spread frames, and all previews."""
    results = read_results(run.folder)
    made: dict[str, dict[str, list[Result]]] = {}
    for result in [*_photos(run), *results]:
        if result.kind != "preview":
            made.setdefault(result.task, {}).setdefault(result.group, []).append(result)
    sections = []
    for task, groups in made.items():
        rows = [row for name, group in groups.items() if (row := _row(run, name, group)).pictures]
        if rows:
            sections.append(Section("Samples" if task == "sample" else in_words(task), rows))
    previews = [result for result in results if result.kind == "preview"]
    return sections, _read(run, [_named(run, *it) for it in enumerate(previews)])


def _photos(run: RunState) -> list[Result]:
    """Further photos, as the model learns them."""
    files = (run.folder / "photos").glob("*.png")
    names = sorted((path.name for path in files), key=natural)
    return [Result(f"photos/{name}", "aside") for name in names]


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


def _named(run: RunState, index: int, preview: Result) -> Result:
    name = run.stages[index].name if index < len(run.stages) else f"scale {index}"
    return replace(preview, caption=name.capitalize())
