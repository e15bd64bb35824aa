"""The null test: are results better than those of the same pipeline with the network left out?

    python -m benchmarks.null --photos photos/ --seeds 0 1 --output null/

The command line trains on every photo with every seed. Beside its results are those that need no
network: for samples the mean of each row with smooth noise, matched and finished, and previews; for
other sizes the resized photo, finished; for holes the preview's fillings. If stopped or killed, run
the same command again to continue.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks._common import given_photos, keep_apart, positive, print_json, run, say
from benchmarks._null_job import FAMILIES, Job, Settings, do_job
from benchmarks._null_table import summarise, tables
from benchmarks._overrides import check_overrides
from benchmarks._processes import Processes
from internal_gan.files import atomic_write

__all__ = ["main", "tables"]

# The benchmark itself sets these for every training.
OWN_OPTIONS = (
    *("task", "image", "output", "seed", "checkpoint", "resume", "sample", "retarget"),
    *("mask", "inpaint"),
)


def run_jobs(
    jobs: Sequence[Job], settings: Settings, at_once: int, output: Path
) -> tuple[list[dict[str, Any]], list[str]]:
    """Run the jobs, several at once, and rewrite ``summary.md`` after each.

    Returns:
        The results, and a line for every job that failed.
    """
    results: dict[str, dict[str, Any]] = {}

    def in_order() -> list[dict[str, Any]]:
        return [results[job.name] for job in jobs if job.name in results]

    def add(name: str, result: dict[str, Any]) -> None:
        results[name] = result
        say(f"[{len(results)}/{len(jobs)}] {name}")
        made = tables({"settings": {"family": settings.family}, "results": in_order()})
        with atomic_write(output / "summary.md") as temporary:
            temporary.write_text("\n".join(made.values()), encoding="utf-8")

    with Processes() as processes:
        work = {job.name: partial(do_job, job, settings, processes) for job in jobs}
        failures = processes.do_all(work, at_once, add)
    return in_order(), failures


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.null", description=__doc__)
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="a folder of photos, or files"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    parser.add_argument("--output", type=Path, required=True, help="folder for runs and results")
    parser.add_argument("--family", choices=FAMILIES, default="singan")
    parser.add_argument("--samples", type=positive, default=5, help="of each SinGAN")
    parser.add_argument("--jobs", type=positive, default=1, help="trainings at once")
    parser.add_argument("--threads", type=positive, default=1, help="of each training")
    parser.add_argument(
        "--overrides", nargs="+", default=[], help="of every training; default: model=FAMILY"
    )
    options = parser.parse_args(argv)
    output = options.output.absolute()
    overrides = options.overrides or [f"model={options.family}"]
    check_overrides(overrides, OWN_OPTIONS)
    settings = Settings(options.family, overrides, options.samples, options.threads)
    photos = given_photos(options.photos)
    apart = {"family": settings.family, "overrides": overrides, "samples": settings.samples}
    keep_apart(output, apart)
    torch.set_num_threads(options.threads)
    jobs = [
        Job(name, seed, path.absolute(), output)
        for seed in options.seeds
        for name, path in photos.items()
    ]
    results, failures = run_jobs(jobs, settings, options.jobs, output)
    about = {**apart, "threads": options.threads, "at_once": options.jobs}
    print_json(
        "null",
        {
            "settings": about,
            "summary": summarise(results),
            "results": results,
            "failures": failures,
        },
    )
    if failures:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
