"""task=compare: the runs of a folder side by side, as a table and a grid of pictures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from internal_gan.config.arguments import command
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.figures import FIGURES, HEADLINE_FIGURES, means, panel
from internal_gan.evaluation.filled_holes import judge_hole
from internal_gan.files import as_csv, atomic_write, natural, read_json_object, write_error
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.hints import fits
from internal_gan.images.files.image import read_image
from internal_gan.images.files.memory import to_photo
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.report.summary import Setting, as_rows, settings_of
from internal_gan.report.table import as_markdown, grid
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.jobs import Record, read_records
from internal_gan.runs.results import read_results
from internal_gan.runs.source import Source
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Context, Document, Picture, Task, aside
from internal_gan.tasks.reporting import new_console
from internal_gan.tasks.runner import write_files
from internal_gan.units import Size

NAME = "comparison"
FIGURES_FOLDER = ".figures"
# A run is judged by this many pictures; more take longer and hardly change the figures.
MAX_PICTURES = 4


@dataclass(frozen=True)
class Shown:
    """The pictures by which a run is evaluated.

    Attributes:
        photo: what they are compared with, if it exists.
        pictures: the first results, or else frames of a film.
        holes: for each filled hole the picture before, and the mask, white inside.
    """

    photo: Path | None
    pictures: Sequence[Path]
    holes: Sequence[tuple[Path, Path]] = ()


class Compare(Task[None]):
    """Writes ``comparison.csv``, ``comparison.md`` and ``comparison.png`` about a folder of runs.

    They replace older ones in the folder ``output``, by default ``runs``. Figures are measured
    again only if the pictures have changed, and without ``measure`` not at all.
    """

    measure = True

    def check(self, model: None) -> None:
        options = self.context.options
        if options.runs is None:
            raise UserError("task=compare needs runs=FOLDER, the folder of a multirun")
        self._folder = Path(options.runs)
        self._records = records_of(self._folder)
        self._target = _target(options)

    def draw(self, model: None, preview: bool = False) -> Iterator[Document | Picture]:
        folder, records, say = self._folder, self._records, self.context.say
        figures = [figures_of(folder, record.name, measure=self.measure) for record in records]
        numbers = rows_of(folder, records, figures)
        rows = [_in_words(row) for row in numbers]
        table, picture = self._target / NAME, self._target / f"{NAME}.png"
        swept = [name for name in rows[0] if any(name in record.values for record in records)]
        measured = [name for name in rows[0] if name in FIGURES or name == "seconds"]
        settings = settings_of(numbers, swept, measured)
        perfect = {name: value for name, (value, _) in FIGURES.items()} | {"seconds": "small"}
        yield Document(f"{table}.csv", as_csv(rows))
        yield Document(f"{table}.md", _tables(rows, settings, perfect))
        shown = [shown_of(folder / record.name) for record in records]
        cells = [
            (_label(record.name, found), [*filter(None, [run.photo]), *run.pictures])
            for record, found, run in zip(records, figures, shown, strict=True)
            if run.photo or run.pictures
        ]
        if cells:
            yield aside(str(picture), to_photo(grid(cells)).pixels)
        else:
            picture.unlink(missing_ok=True)
        say(f"{len(records)} runs\n  Tables:   {table}.md, {NAME}.csv")
        if cells:
            say(f"  Pictures: {picture}")
        if not self.measure:
            say(f"  Figures:  {command('task=compare', f'runs={folder}')} measures all runs")


def _tables(
    rows: Sequence[Mapping[str, str]], settings: Sequence[Setting], perfect: Mapping[str, str]
) -> str:
    """The settings, if a mean says more than a row, and all runs."""
    if max(one.runs for one in settings) == 1:
        return as_markdown(rows)
    note = "Mean ± standard deviation over seeds and photos; arrows say what is better."
    return f"{as_markdown(as_rows(settings, perfect))}\n{note}\n\n{as_markdown(rows)}"


def compare(folder: str, *, measure: bool = True) -> None:
    """Compare the runs of a folder, as task=compare does."""
    source = Source(Options(task="compare", runs=folder))
    task = Compare("compare", Context(source, source, console=new_console()))
    task.measure = measure
    write_files(task)


def records_of(folder: Path) -> list[Record]:
    """The runs of a folder; a UserError if there are none."""
    if not folder.is_dir():
        raise UserError(f"runs={folder}: there is no such folder")
    records = read_records(folder) or _unrecorded(folder)
    if not records:
        raise UserError(f"runs={folder}: contains no run folders")
    return records


def rows_of(
    folder: Path, records: Sequence[Record], figures: Sequence[Mapping[str, float]]
) -> list[dict[str, str | float | None]]:
    """A row for each run, without columns that are empty for all."""
    values = [record.values for record in records]
    keys = dict.fromkeys(key for each in values for key in each)
    # The photo is in the run's name.
    differing = [k for k in keys if k != "image" and len({each.get(k) for each in values}) > 1]
    names = dict.fromkeys(name for each in figures for name in each)
    rows = list[dict[str, str | float | None]]()
    for record, given, known in zip(records, values, figures, strict=True):
        status = RunFolder(folder / record.name).status()
        rows.append(
            {
                "job": record.name,
                **{key: given.get(key) for key in differing},
                "state": status["state"] if record.state == "running" else record.state,
                "seconds": status.get("seconds"),
                **{name: known.get(name) for name in names},
                "reason": record.reason or None,
            }
        )
    used = [name for name in rows[0] if any(row[name] not in ("", None) for row in rows)]
    return [{name: row[name] for name in used} for row in rows]


def shown_of(run: Path) -> Shown:
    """The photo and the first pictures of a run."""
    made = read_results(run)
    results = [result for result in made if result.kind == "result"]
    chosen = (results or [result for result in made if result.kind == "frame"])[:MAX_PICTURES]
    pictures = [run / result.file for result in chosen]
    if not any(result.task == "inpaint" for result in chosen):
        photo = run / "photo.png"
        return Shown(photo if photo.is_file() else None, pictures)
    beside = {(result.kind, result.group): run / result.file for result in made}
    before, masks = (
        [beside.get((kind, result.group)) for result in chosen] for kind in ("before", "mask")
    )
    holes = [(b, m) for b, m in zip(before, masks, strict=True) if b and m]
    # The folder's photo.png is only the part around the hole.
    return Shown(holes[0][0] if len(holes) == len(chosen) else None, pictures, holes)


def figures_of(folder: Path, name: str, *, measure: bool = True) -> dict[str, float]:
    """The figures of a run's pictures; none without pictures, or without a photo."""
    shown = shown_of(folder / name)
    if shown.photo is None or not shown.pictures:
        return {}
    path = folder / FIGURES_FOLDER / f"{name}.json"
    judged = [(file.name, file.stat()) for file in (shown.photo, *shown.pictures)]
    of = [[name, status.st_size, status.st_mtime_ns] for name, status in judged]
    known = read_json_object(path)
    if known.get("of") == of and fits(known.get("figures"), dict[str, float]):
        return dict(known["figures"])
    if not measure:
        return {}
    try:
        figures = judge(shown)
    except UserError:
        # The pictures are smaller than the patches.
        figures = {}
    # If they cannot be written, the figures are measured again next time.
    with suppress(UserError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps({"of": of, "figures": figures}), encoding="utf-8")
    return figures


def judge(shown: Shown) -> dict[str, float]:
    """The figures of a run's pictures.

    For filled holes they are the means of :func:`~internal_gan.evaluation.filled_holes.judge_hole`,
    named ``psnr_inside`` and so on; for other pictures
    :func:`~internal_gan.evaluation.figures.panel`. A picture that cannot be read, or is too small,
    is a UserError.
    """
    if shown.holes:
        each = []
        for path, files in zip(shown.pictures, shown.holes, strict=True):
            picture, photo, mask = (read_image(file).pixels for file in (path, *files))
            each.append(judge_hole(photo, picture, (mask[:, :1] > -1).float()))
        return {f"{name}_inside": value for name, value in means(each).items()}
    assert shown.photo is not None
    photo = read_image(shown.photo).pixels
    return panel(photo, [_as_learnt(path, size_of(photo)) for path in shown.pictures])


def _as_learnt(path: Path, photo_size: Size) -> Pixels:
    """A picture, shrunk as the photo was for training, since photo and picture are compared patch
    by patch."""
    picture, origin = read_image(path).pixels, origin_path(path)
    if not origin.is_file():
        return picture
    factor = photo_size[0] / read_origin(origin).photo_size[0]
    return resize(picture, scaled(size_of(picture), factor)) if factor < 1 else picture


def objective(folder: Path, name: str, figure: str) -> float:
    """The figure of a run that a sweeper minimises; UserError if it has no such figure."""
    figures = figures_of(folder, name)
    if figure not in figures:
        raise UserError(f"objective={figure}: {folder / name} has no such figure")
    return figures[figure]


def _target(options: Options) -> Path:
    """The folder for the comparison, which must be writable."""
    target = Path(options.output or str(options.runs))
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target):
            pass
    except OSError as error:
        reason = write_error(target, error) or UserError(f"{target}: {error.strerror}")
        hint = "" if options.output else "; output=FOLDER writes the comparison elsewhere"
        raise UserError(f"{reason}{hint}") from error
    return target


def _unrecorded(folder: Path) -> list[Record]:
    """Runs without a multirun's records, in the folder or one level deeper."""
    paths = [path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/config.yaml")]
    names = sorted((path.relative_to(folder).as_posix() for path in paths), key=natural)
    return [Record(name, []) for name in names]


def _in_words(row: Mapping[str, str | float | None]) -> dict[str, str]:
    """A row with its numbers rounded."""
    formats = {"seconds": ".0f"}
    return {
        name: format(value, formats.get(name, ".4g")) if isinstance(value, float) else value or ""
        for name, value in row.items()
    }


def _label(name: str, figures: Mapping[str, float]) -> str:
    return "   ".join(
        [name, *(f"{key} {figures[key]:.4g}" for key in HEADLINE_FIGURES if key in figures)]
    )


TASK = Compare
