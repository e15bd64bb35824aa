"""task=compare: the runs of a folder side by side, as a table and a grid of pictures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch

from internal_gan.config.arguments import command, key_of, unquote
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.figures import HEADLINES
from internal_gan.evaluation.inpainting import judge_hole
from internal_gan.files import atomic_write, natural, read_json_object, write_csv, write_error
from internal_gan.hints import fits
from internal_gan.images.files.image import read_image
from internal_gan.patches.statistics import patch_panel
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.results import read_results
from internal_gan.sweeps.job_names import in_short
from internal_gan.sweeps.jobs import Record, read_records
from internal_gan.sweeps.table import as_markdown, write_grid

NAME = "comparison"
FIGURES_FOLDER = ".figures"
# Of a run; more would take longer and tell little more.
MOST_PICTURES = 4


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


def compare(options: Options, *, measure: bool = True) -> None:
    """Write ``comparison.csv``, ``comparison.md`` and ``comparison.png`` about a folder of runs.

    They replace older ones in the folder ``options.output``, by default ``options.runs``. Figures
    are measured again only if the pictures have changed, and without ``measure`` not at all.

    Raises:
        UserError: the folder is missing or has no runs, or the comparison cannot be written.
    """
    if options.runs is None:
        raise UserError("task=compare needs runs=FOLDER, the folder of a multirun")
    folder = Path(options.runs)
    if not folder.is_dir():
        raise UserError(f"runs={folder}: there is no such folder")
    records = read_records(folder) or _unrecorded(folder)
    if not records:
        raise UserError(f"runs={folder}: contains no run folders")
    target = _target(options)
    figures = [figures_of(folder, record.name, measure=measure) for record in records]
    rows = rows_of(folder, records, figures)
    write_csv(target / f"{NAME}.csv", rows)
    with atomic_write(target / f"{NAME}.md") as temporary:
        temporary.write_text(as_markdown(rows), encoding="utf-8", errors="backslashreplace")
    shown = [shown_of(folder / record.name) for record in records]
    grid = [
        (_label(record.name, told), [*filter(None, [run.photo]), *run.pictures])
        for record, told, run in zip(records, figures, shown, strict=True)
        if run.photo or run.pictures
    ]
    if grid:
        with atomic_write(target / f"{NAME}.png") as temporary:
            write_grid(grid, temporary)
    else:
        (target / f"{NAME}.png").unlink(missing_ok=True)
    print(f"{len(records)} runs\n  Table:    {target / NAME}.md, {NAME}.csv")
    if grid:
        print(f"  Pictures: {target / NAME}.png")
    if not measure:
        print(f"  Figures:  {command('task=compare', f'runs={folder}')} measures all runs")


def rows_of(
    folder: Path, records: Sequence[Record], figures: Sequence[Mapping[str, float]]
) -> list[dict[str, str]]:
    """A row for each run, without columns that are empty for all."""
    values = [_values(record) for record in records]
    keys = dict.fromkeys(key for each in values for key in each)
    # The photo is in the run's name.
    differing = [k for k in keys if k != "image" and len({each.get(k) for each in values}) > 1]
    names = dict.fromkeys(name for each in figures for name in each)
    rows = []
    for record, given, known in zip(records, values, figures, strict=True):
        status = RunFolder(folder / record.name).status()
        rows.append(
            {
                "job": record.name,
                **{key: given.get(key, "") for key in differing},
                "state": status["state"] if record.state == "running" else record.state,
                "seconds": f"{status['seconds']:.0f}" if "seconds" in status else "",
                **{name: f"{known[name]:.4g}" if name in known else "" for name in names},
                "reason": record.reason,
            }
        )
    used = [name for name in rows[0] if any(row[name] for row in rows)]
    return [{name: row[name] for name in used} for row in rows]


def shown_of(run: Path) -> Shown:
    """The photo and the first pictures of a run."""
    made = read_results(run)
    results = [result for result in made if result.kind == "result"]
    chosen = (results or [result for result in made if result.kind == "frame"])[:MOST_PICTURES]
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

    For filled holes they are the means of :func:`~internal_gan.evaluation.inpainting.judge_hole`,
    named ``psnr_inside`` and so on; for other pictures
    :func:`~internal_gan.patches.statistics.patch_panel`, or the means over pictures of several
    sizes. A picture that cannot be read, or is too small, is a UserError.
    """
    pictures = [read_image(path).pixels for path in shown.pictures]
    if shown.holes:
        each = []
        for picture, files in zip(pictures, shown.holes, strict=True):
            photo, mask = (read_image(file).pixels for file in files)
            each.append(judge_hole(photo, picture, (mask[:, :1] > -1).float()))
        return {f"{name}_inside": value for name, value in _means(each).items()}
    assert shown.photo is not None
    real = read_image(shown.photo).pixels
    if len({picture.shape for picture in pictures}) == 1:
        return patch_panel(real, torch.cat(pictures))
    return _means([patch_panel(real, picture) for picture in pictures])


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


def _values(record: Record) -> dict[str, str]:
    pairs = [(key_of(override), override.partition("=")[2]) for override in record.overrides]
    return {key: in_short(unquote(value)) for key, value in pairs}


def _label(name: str, figures: Mapping[str, float]) -> str:
    return "   ".join([name, *(f"{key} {figures[key]:.4g}" for key in HEADLINES if key in figures)])


def _means(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every figure that all of them have."""
    common = [name for name in each[0] if all(name in figures for figures in each)]
    return {name: fmean(figures[name] for figures in each) for name in common}
