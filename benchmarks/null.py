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

import torch

from benchmarks._common import given_photos, keep_apart, positive, run, training_parser
from benchmarks._null_job import FAMILIES, Settings, do_job
from benchmarks._null_table import tables
from benchmarks._processes import Job, report

__all__ = ["main", "tables"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("null", __doc__, "seeds", "jobs")
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="a folder of photos, or files"
    )
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
    about = {**apart, "threads": options.threads, "at_once": options.jobs}
    report("null", output, jobs, {"settings": about}, tables, options.jobs)


if __name__ == "__main__":
    run(main)
