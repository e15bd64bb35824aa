"""Quality compared with published samples, over photos and seeds.

    python -m benchmarks.quality --real photos/ --published samples/ --output quality/

The command line trains on every photo of --real that has an image of the same name in --published.
Samples from the coarsest scale are judged by their patches, and so are the published ones, those of
--others, such as gpnn=folder/, and those of --baselines. Since published samples may be JPEG, all
are also compared as JPEG. If stopped or killed, run the same command again to continue.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks._baselines import METHODS, installed
from benchmarks._common import (
    existing_folder,
    keep_apart,
    pictures,
    positive,
    print_json,
    run,
    say,
    training_parser,
    write_summary,
)
from benchmarks._processes import do_jobs
from benchmarks._quality_job import Job, Settings, do_job
from benchmarks._quality_table import summarise, tables
from internal_gan.errors import UserError

__all__ = ["main", "tables"]


def jobs_of(
    real: Path,
    published: Path,
    output: Path,
    photos: Sequence[str],
    seeds: Sequence[int],
    others: Mapping[str, Path],
) -> list[Job]:
    """A job for every photo and seed: all photos with the first seed, then with the next.

    ``photos`` are names without suffix; none: all that are in both folders. ``others`` are folders
    of more samples, by the name of their row; photos may be missing there.
    """
    originals, counterparts = pictures(real), pictures(published)
    names = list(photos) or [name for name in originals if name in counterparts]
    for name in names:
        for folder, present in ((real, originals), (published, counterparts)):
            if name not in present:
                raise UserError(f"{folder}: there is no picture called {name}")
    if not names:
        raise UserError(f"{real} and {published}: no two pictures have the same name")
    found = {row: pictures(folder) for row, folder in others.items()}
    return [
        Job(
            name,
            seed,
            originals[name].absolute(),
            output,
            counterparts[name].absolute(),
            {row: have[name].absolute() for row, have in found.items() if name in have},
        )
        for seed in seeds
        for name in names
    ]


def main(argv: Sequence[str] | None = None) -> None:
    rows = "other methods' samples of the same names, a row each"
    parser = training_parser("quality", __doc__, "seeds", "jobs", others=rows)
    parser.add_argument("--real", type=existing_folder, required=True, help="folder of photos")
    parser.add_argument(
        "--published",
        type=existing_folder,
        required=True,
        help="folder of samples of the same names",
    )
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
    parser.set_defaults(seeds=[0, 1])
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
        options.overrides, options.samples, options.threads, options.compressed, baselines
    )
    jobs = jobs_of(options.real, options.published, output, options.photos, options.seeds, others)
    apart = {
        "overrides": settings.overrides,
        "samples": settings.samples,
        "compressed": sorted(settings.compressed),
        "baselines": sorted(settings.baselines),
    }
    keep_apart(output, apart)
    torch.set_num_threads(options.threads)

    def summary(results: list[dict[str, Any]]) -> None:
        write_summary(output, tables(summarise(results)))

    work = {job.name: partial(do_job, job, settings) for job in jobs}
    results, failures = do_jobs(work, options.jobs, summary)
    print_json("quality", {"settings": apart, **summarise(results), "failures": failures})


if __name__ == "__main__":
    run(main)
