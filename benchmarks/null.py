"""The null test: are results better than those of the same pipeline with the network left out?

    python -m benchmarks.null --photos photos/ --seeds 0 1 --output null/

The command line trains on every photo with every seed. Beside its results are those that need no
network: for samples the mean of each row with smooth noise, matched and finished, and samples of
the photo's patches; for other sizes the resized photo, finished; for holes the patches' fillings.
If stopped or killed, run the same command again to continue.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks._common import (
    add_jobs,
    add_seeds,
    given_photos,
    keep_apart,
    positive,
    print_json,
    run,
    training_parser,
    write_summary,
)
from benchmarks._null_job import FAMILIES, Job, Settings, do_job
from benchmarks._null_table import tables
from benchmarks._processes import do_jobs

__all__ = ["main", "tables"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("null", __doc__)
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="a folder of photos, or files"
    )
    add_seeds(parser, 0)
    add_jobs(parser)
    parser.add_argument(
        "--family", choices=FAMILIES, default="singan", help="trained, without --overrides"
    )
    parser.add_argument("--samples", type=positive, default=5, help="of each SinGAN")
    options = parser.parse_args(argv)
    output = options.output.absolute()
    overrides = options.overrides or [f"model={options.family}"]
    settings = Settings(options.family, overrides, options.samples, options.threads)
    photos = given_photos(options.photos)
    apart = {"family": settings.family, "overrides": overrides, "samples": settings.samples}
    keep_apart(output, apart)
    torch.set_num_threads(options.threads)
    jobs = {}
    for seed in options.seeds:
        for name, path in photos.items():
            job = Job(name, seed, path.absolute(), output)
            jobs[job.name] = partial(do_job, job, settings)

    def summary(results: list[dict[str, Any]]) -> None:
        write_summary(output, tables({"settings": {"family": options.family}, "results": results}))

    results, failures = do_jobs(jobs, options.jobs, summary)
    about = {**apart, "threads": options.threads, "at_once": options.jobs}
    print_json("null", {"settings": about, "results": results, "failures": failures})


if __name__ == "__main__":
    run(main)
