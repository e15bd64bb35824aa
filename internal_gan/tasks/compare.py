"""task=compare: the runs of a folder side by side, as tables and a grid of pictures."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from internal_gan.errors import UserError
from internal_gan.files import as_csv, write_error
from internal_gan.images.files.memory import to_photo
from internal_gan.judging import compare as judging
from internal_gan.judging.figures import FIGURES, HEADLINE_FIGURES
from internal_gan.report.table import as_differences, as_markdown, as_rows, grid, settings_of
from internal_gan.reporting import Report
from internal_gan.runs.source import Source
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Document, Picture, aside

NAME = "comparison"
# The value of a perfect run, by the names of columns.
PERFECT = {name: value for name, (value, _) in FIGURES.items()} | {"seconds": "small"}
PERFECT |= {"patches_inside": "0", "sharpness_inside": "1"}
SPREAD = (
    "Mean over photos ± standard deviation over the seeds of a photo; arrows say what is better. "
    "Bold: better than every other setting, by the 95 % interval of their difference."
)
APART = (
    "Differences from {}, each run's from the one of the same photo and seed, with 95 % intervals "
    "(Student's t over photos, or else over seeds); bold where the interval leaves out 0."
)


def compare(given: Source, how: How) -> Iterator[Document | Picture]:
    """Writes ``comparison.csv``, ``.md`` and ``.png`` about ``runs`` there or into ``output``."""
    options = given.options
    if options.runs is None:
        raise UserError("task=compare needs runs=FOLDER, the folder of a multirun")
    folder, target = Path(options.runs), Path(options.output or options.runs)
    judging.records_of(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target):
            pass
    except OSError as error:
        reason = write_error(target, error)
        hint = "" if options.output else "; output=FOLDER writes the comparison elsewhere"
        raise UserError(f"{reason or f'{target}: {error.strerror}'}{hint}") from error
    return _written(folder, target / NAME, how.report)


def _written(folder: Path, table: Path, report: Report) -> Iterator[Document | Picture]:
    rows = judging.compare(folder)
    columns = list(rows[0])
    words = [{name: _in_words(name, value) for name, value in row.items()} for row in rows]
    yield Document(f"{table}.csv", as_csv(words))
    at = columns.index("state")
    options, figures = [name for name in columns[1:at] if name != "photo"], columns[at + 1 :]
    settings = settings_of(rows, options, figures)
    text = as_markdown(words)
    if max(one.runs for one in settings) > 1:
        if apart := as_markdown(as_differences(settings)):
            text = f"{apart}\n{APART.format(settings[0].name)}\n\n{text}"
        text = f"{as_markdown(as_rows(settings, PERFECT))}\n{SPREAD}\n\n{text}"
    yield Document(f"{table}.md", text)
    shown = [judging.shown_of(folder / str(row["job"])) for row in rows]
    pictures = [[*filter(None, [run.photo]), *run.pictures] for run in shown]
    cells = [(_label(row), each) for row, each in zip(rows, pictures, strict=True) if each]
    if cells:
        yield aside(f"{table}.png", to_photo(grid(cells)).pixels)
    else:
        Path(f"{table}.png").unlink(missing_ok=True)
    report.say(f"{len(rows)} runs\n  Tables:   {table}.md, {NAME}.csv")
    if cells:
        report.say(f"  Pictures: {table}.png")


def _in_words(name: str, value: str | float | None) -> str:
    if isinstance(value, float):
        return format(value, ".0f" if name == "seconds" else ".4g")
    return value or ""


def _label(row: judging.Row) -> str:
    known = [f"{name} {row[name]:.4g}" for name in HEADLINE_FIGURES if row.get(name) is not None]
    return "   ".join([str(row["job"]), *known])
