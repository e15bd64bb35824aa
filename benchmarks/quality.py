"""Quality compared with published samples, over photos and seeds.

    python -m benchmarks.quality --real photos/ --published samples/ --output quality/

The command line trains on every photo of --real that has an image of the same name in --published
(a file, or a folder of several). Samples from the coarsest scale are judged by their patches, and
so are the published ones, those of --others, such as gpnn=folder/, and those of --baselines. Since
published samples may be JPEG, all are also compared as JPEG. If stopped or killed, run the same
command again to continue.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks._baselines import METHODS, installed
from benchmarks._common import (
    add_jobs,
    add_others,
    add_seeds,
    keep_apart,
    pictures,
    positive,
    print_json,
    run,
    say,
    training_parser,
    write_json,
)
from benchmarks._overrides import check_overrides
from benchmarks._processes import Processes
from benchmarks._quality_job import Job, Settings, do_job
from benchmarks._quality_table import markdown, rows, summarise, tables
from internal_gan.errors import UserError
from internal_gan.files import as_csv, write_text

__all__ = ["main", "tables"]

# The benchmark itself sets these for every training.
OWN_OPTIONS = ("task", "image", "output", "seed", "checkpoint", "resume", "sample")
# Of the sheet: samples of a photo, width of a picture and space between two, in pixels.
SHOWN, CELL, GAP = 3, 250, 6


def jobs_of(
    real: Path,
    published: Path,
    output: Path,
    photos: Sequence[str],
    seeds: Sequence[int],
    others: Mapping[str, Path] | None = None,
) -> list[Job]:
    """A job for every photo and seed: all photos with the first seed, then with the next.

    Args:
        photos: names without suffix; none: all that are in both folders.
        others: folders of more samples, by the name of their row; photos may be missing there.

    Raises:
        UserError: a folder is missing, or a photo is not in both.
    """
    others = others or {}
    for folder in (real, published, *others.values()):
        if not folder.is_dir():
            raise UserError(f"{folder}: there is no such folder")
    originals, counterparts = pictures(real), pictures(published)
    counterparts |= {entry.name: entry for entry in published.iterdir() if entry.is_dir()}
    names = list(photos) or [name for name in originals if name in counterparts]
    for name in names:
        for folder, present in ((real, originals), (published, counterparts)):
            if name not in present:
                raise UserError(f"{folder}: there is no picture called {name}")
    if not names:
        raise UserError(f"{real} and {published}: no two pictures have the same name")
    found = {row: pictures(folder) for row, folder in others.items()}
    more = {
        name: {row: have[name].absolute() for row, have in found.items() if name in have}
        for name in names
    }
    return [
        Job(
            name,
            seed,
            originals[name].absolute(),
            counterparts[name].absolute(),
            output,
            more[name],
        )
        for seed in seeds
        for name in names
    ]


def check_settings(output: Path, settings: Settings) -> None:
    """Check the overrides, and refuse a folder with results of other settings.

    Raises:
        UserError: an override is wrong or not allowed here, or the folder has other settings.
    """
    check_overrides(settings.overrides, OWN_OPTIONS)
    optional = {
        "compressed": sorted(settings.compressed),
        "baselines": sorted(settings.baselines),
    }
    shared = {"overrides": settings.overrides, "samples": settings.samples}
    keep_apart(output, shared | {name: value for name, value in optional.items() if value})


def run_jobs(
    jobs: Sequence[Job], settings: Settings, on_result: Callable[[dict[str, Any]], None]
) -> list[str]:
    """Run the jobs, several at once, and report each result as it comes.

    Returns:
        A line for every job that failed; the others go on.
    """
    with Processes() as processes:
        work = {job.name: partial(do_job, job, settings, processes) for job in jobs}
        return processes.do_all(work, settings.jobs, lambda _, result: on_result(result))


class Table:
    """The results so far, and the files that show them."""

    def __init__(self, output: Path, settings: Settings, jobs: Sequence[Job]) -> None:
        self.output = output
        self.settings = settings
        self.order = [(job.photo, job.seed) for job in jobs]
        self.results: dict[tuple[str, int], dict[str, Any]] = {}
        self.summary: dict[str, Any] = {}

    def add(self, result: dict[str, Any]) -> None:
        self.results[result["photo"], result["seed"]] = result
        ratios = ", ".join(f"{k} {result['ratio'][k]:.2f}" for k in ("swd1", "coherence"))
        took = "" if result["seconds"] is None else f" {result['seconds']:.0f} s,"
        done = f"[{len(self.results)}/{len(self.order)}]"
        say(f"{done} {result['photo']}-seed{result['seed']}:{took} ratios: {ratios}")
        self._write()

    def _write(self) -> None:
        known = [self.results[key] for key in self.order if key in self.results]
        (self.output / "results.csv").write_text(as_csv(rows(known)), encoding="utf-8")
        about = {
            "overrides": self.settings.overrides,
            "samples": self.settings.samples,
            "threads": self.settings.threads,
            "at_once": self.settings.jobs,
        }
        summary = summarise(known)
        self.summary = {"settings": about, **summary}
        write_json(self.output / "summary.json", self.summary)
        write_text(self.output / "summary.md", markdown(summary, about))


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("quality", __doc__)
    parser.add_argument("--real", type=Path, required=True, help="folder of photos")
    parser.add_argument(
        "--published", type=Path, required=True, help="folder of samples of the same names"
    )
    add_others(parser, "other methods' samples of the same names, a row each")
    parser.add_argument(
        "--compressed",
        nargs="+",
        default=[],
        metavar="NAME",
        help="'published' or names of --others, if these samples are JPEG already",
    )
    parser.add_argument(
        "--baselines",
        nargs="+",
        default=[],
        choices=METHODS,
        help="methods to make samples by, a row each; takes a minute a photo",
    )
    parser.add_argument("--photos", nargs="+", default=[], metavar="NAME", help="default: all")
    add_seeds(parser, 0, 1)
    add_jobs(parser)
    parser.add_argument("--samples", type=positive, default=5, help="of each model")
    options = parser.parse_args(argv)

    output = options.output.absolute()
    others = dict(options.others)
    for name in options.compressed:
        if name not in ("published", *others):
            allowed = ", ".join(("published", *others))
            raise UserError(f"--compressed: {name}: no such samples; allowed: {allowed}")
    baselines = installed(options.baselines)
    for name in set(options.baselines) - set(baselines):
        say(f"{name} is not installed, so it has no row")
    settings = Settings(
        overrides=options.overrides,
        samples=options.samples,
        threads=options.threads,
        jobs=options.jobs,
        compressed=options.compressed,
        baselines=baselines,
    )
    jobs = jobs_of(options.real, options.published, output, options.photos, options.seeds, others)
    check_settings(output, settings)
    torch.set_num_threads(options.threads)
    table = Table(output, settings, jobs)
    failures = run_jobs(jobs, settings, table.add)
    write_sheet([job for job in jobs if job.seed == options.seeds[0]], output)
    print_json("quality", {**table.summary, "failures": failures})


def write_sheet(jobs: Sequence[Job], output: Path) -> None:
    """Write ``sheet.jpg``: every third photo, its published sample, and the first samples of it."""
    rows = []
    for job in jobs[::3]:
        samples = sorted((job.run / "sample").glob("[0-9]*[0-9].png"))[:SHOWN]
        published = job.published
        if published.is_dir():
            published = next(iter(pictures(published).values()))
        if job.result.is_file():
            rows.append([job.image, published, *samples])
    if rows:
        sheet_of(rows, CELL).save(output / "sheet.jpg", quality=90)


def sheet_of(rows: Sequence[Sequence[Path]], width: int) -> Image.Image:
    """Pictures in rows, each ``width`` pixels wide, on white."""
    cells = [[_cell(path, width) for path in row] for row in rows]
    heights = [max(cell.height for cell in row) for row in cells]
    columns = max(len(row) for row in cells)
    size = (columns * (width + GAP) - GAP, sum(heights) + GAP * (len(rows) - 1))
    sheet, top = Image.new("RGB", size, "white"), 0
    for row, height in zip(cells, heights, strict=True):
        for column, cell in enumerate(row):
            sheet.paste(cell, (column * (width + GAP), top))
        top += height + GAP
    return sheet


def _cell(path: Path, width: int) -> Image.Image:
    with Image.open(path) as picture:
        height = max(1, round(picture.height * width / picture.width))
        return picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    run(main)
