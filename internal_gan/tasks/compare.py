"""task=compare: the runs of a multirun side by side, as a table and a grid of pictures."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from internal_gan.config.arguments import key_of, unquote
from internal_gan.config.compose import load_options
from internal_gan.config.options import FIGURES, Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, natural, read_json_object, write_error
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import are_figures
from internal_gan.sweeps.comparison import (
    Entry,
    as_csv,
    as_markdown,
    grid,
    judge,
    judge_filled,
    results_of,
    table,
)
from internal_gan.sweeps.jobs import RECORDS, Record, Sweep, in_short
from internal_gan.tasks import command

NAME = "comparison"


def compare(
    options: Options, family: str | None = None, *, measure_at_most: float = math.inf
) -> Path:
    """Write ``comparison.csv``, ``comparison.md`` and ``comparison.png`` about a folder of runs.

    They lie in the folder ``options.output``, by default ``options.runs``, in place of older
    ones. Figures that were measured before are kept as long as the pictures are the same.

    Args:
        measure_at_most: of more runs than this, only figures that are known already are shown.

    Returns:
        The table in Markdown.

    Raises:
        UserError: the folder is missing or has no runs, or the results cannot be written.
    """
    if options.runs is None:
        raise UserError("task=compare needs runs=FOLDER, the folder of a multirun")
    folder = Path(options.runs)
    if not folder.is_dir():
        raise UserError(f"runs={folder}: there is no such folder")
    records = Sweep(folder).records() or _found(folder)
    if not records:
        raise UserError(f"runs={folder}: there are no run folders in it")
    target = _target(options)
    measure = len(records) <= measure_at_most
    entries = entries_of(folder, records, measure=measure)
    rows = table(entries)
    for suffix, text in ((".csv", as_csv(rows)), (".md", as_markdown(rows))):
        with atomic_write(target / f"{NAME}{suffix}") as temporary:
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    with atomic_write(target / f"{NAME}.png") as temporary:
        shown = grid(entries, temporary)
    if not shown:
        (target / f"{NAME}.png").unlink()
    print(f"{len(entries)} runs\n  Table:    {target / NAME}.md, {NAME}.csv")
    if shown:
        print(f"  Pictures: {target / NAME}.png")
    if not measure:
        print(f"  Figures:  {command('task=compare', f'runs={folder}')} measures those of all")
    return target / f"{NAME}.md"


def _target(options: Options) -> Path:
    """The folder for the comparison, tried before the runs are measured, which takes a while."""
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


def entries_of(folder: Path, records: Sequence[Record], *, measure: bool = True) -> list[Entry]:
    """What there is to say of each run; without ``measure``, with the figures known already."""
    differing = _differing(records)
    found = []
    for record in records:
        run = RunFolder(folder / record.name)
        values = {key: value for key, value in _values(record).items() if key in differing}
        status = run.status()
        task = _task(run)
        is_run = task is not None
        photo, pictures = _pictures(run, task) if task else (None, [])
        found.append(
            Entry(
                name=record.name,
                values=values,
                state=status["state"] if is_run and record.state == "running" else record.state,
                seconds=status.get("seconds", record.seconds) if is_run else record.seconds,
                reason=record.reason,
                figures=figures_of(folder, record.name, measure=measure) if is_run else {},
                pictures=[photo, *pictures] if photo else pictures,
            )
        )
    return found


def figures_of(folder: Path, name: str, *, measure: bool = True) -> dict[str, float]:
    """The figures of a run's pictures; none where it made none, or made them of no photo."""
    run = RunFolder(folder / name)
    task = _task(run)
    photo, pictures = _pictures(run, task) if task else (None, [])
    if photo is None or not pictures:
        return {}
    path = folder / RECORDS / "figures" / f"{name}.json"
    of = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in (photo, *pictures)]
    known = read_json_object(path)
    if known.get("of") == of and are_figures(known.get("figures")):
        return dict(known["figures"])
    if not measure:
        return {}
    try:
        figures = judge_filled(pictures) if task == "inpaint" else judge(photo, pictures)
    except UserError:
        # Smaller than the patches.
        figures = {}
    # Runs on a disk that is full or not ours to write on are measured anew the next time.
    with suppress(UserError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps({"of": of, "figures": figures}), encoding="utf-8")
    return figures


def objective(folder: Path, name: str, figure: str) -> float:
    """What a sweeper makes small: a figure of a run.

    Raises:
        UserError: the run has no such figure.
    """
    assert figure in FIGURES
    figures = figures_of(folder, name)
    if figure not in figures:
        raise UserError(f"objective={figure}: {folder / name} has no such figure")
    return figures[figure]


def _found(folder: Path) -> list[Record]:
    """Runs that no multirun wrote down: the folder itself, or those in it."""
    paths = [path.parent for path in folder.glob("*/config.yaml")]
    paths += [path.parent for path in folder.glob("*/*/config.yaml")]
    names = [path.relative_to(folder).as_posix() for path in paths if _task(RunFolder(path))]
    return [
        Record(name, [], str(RunFolder(folder / name).status()["state"]))
        for name in sorted(names, key=natural)
    ]


def _values(record: Record) -> dict[str, str]:
    pairs = [(key_of(override), override.partition("=")[2]) for override in record.overrides]
    return {key: in_short(unquote(value)) for key, value in pairs}


def _differing(records: Sequence[Record]) -> set[str]:
    """The options that are not the same for all runs; the photo's name is in that of its run."""
    values = [_values(record) for record in records]
    keys = {key for value in values for key in value}
    return {key for key in keys if len({value.get(key) for value in values}) > 1} - {"image"}


def _task(run: RunFolder) -> str | None:
    """What a run's pictures are of; that of a training is the one it ends with. None where there
    is no run: one that is damaged must not hide its neighbours."""
    try:
        task: str = load_options(run.config_path).task
    except UserError:
        return None
    return str(run.status().get("model_task", "sample")) if task == "train" else task


def _pictures(run: RunFolder, task: str) -> tuple[Path | None, list[Path]]:
    """The photo that a run learnt or used, and what it made."""
    pictures = results_of(run.path)
    photo = run.path / "photo.png"
    if task == "inpaint" and pictures:
        # The photo of the folder is the part around the hole.
        photo = pictures[0].with_name("before.png")
    return (photo if photo.is_file() else None), pictures
