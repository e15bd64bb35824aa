"""Many photos on one machine: the time of a sweep by its number of workers, and a projection.

    python -m benchmarks.scaling --workers 1 2 > scaling.json

In each round, the command line trains on the same photos, once with each number of workers, so that
a change in the machine's speed affects all of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._common import ROOT, last_line, positive, print_json, run, say, shown, size, spread
from internal_gan.errors import UserError
from internal_gan.report.table import as_markdown
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.jobs import read_records

PHOTOS = ROOT / "examples" / "photos"
OVERRIDES = ["trainer=preview", "trainer.time=null", "trainer.steps_factor=0.05"]


@dataclass(frozen=True)
class Measured:
    """One sweep: its wall time, the sum of its jobs' times, and what a job leaves on the disk."""

    seconds: float
    job_seconds: float
    job_bytes: float
    job_files: float


def make_photos(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write different crops of the bundled photos, of ``size`` (height, width) in pixels."""
    from PIL import Image

    sources = sorted(PHOTOS.glob("*.jpg"))
    height, width = size
    for number in range(count):
        with Image.open(sources[number % len(sources)]) as photo:
            turn = number // len(sources)
            left = turn * width // 2 % max(photo.width - 2 * width, 1)
            cutting = photo.convert("RGB").crop((left, 0, left + 2 * width, 2 * height))
            cutting.resize((width, height)).save(folder / f"{number:03d}.png")


def measure(photos: Path, output: Path, workers: int, overrides: Sequence[str]) -> Measured:
    """Train on every photo, with this many workers of one thread each.

    Raises:
        UserError: a job failed.
    """
    started = time.perf_counter()
    messages = output.parent / f"{output.name}.log"
    with messages.open("wb") as log:
        code = subprocess.run(
            [
                *(sys.executable, "-m", "internal_gan", "-m", f"image={photos}"),
                *(f"output={output}", "hydra/launcher=joblib"),
                *(f"hydra.launcher.n_jobs={workers}", "sample.count=1", *overrides),
            ],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    seconds = time.perf_counter() - started
    if code:
        raise UserError(f"a sweep failed with exit code {code}: {last_line(messages)}")
    runs = [output / record.name for record in read_records(output)]
    files = [path for run in runs for path in run.rglob("*") if path.is_file()]
    return Measured(
        seconds,
        sum(RunFolder(run).status().get("seconds", 0.0) for run in runs),
        sum(path.stat().st_size for path in files) / len(runs),
        len(files) / len(runs),
    )


def project(
    photos: int, job_seconds: float, threads: int, job_bytes: float, job_files: float
) -> dict[str, float]:
    """The cost of many photos, from the cost of one.

    Args:
        job_seconds: wall time of a whole job, which keeps ``threads`` cores busy.

    Returns:
        Core-hours, days on 1000 cores, and terabytes and files of the run folders.
    """
    core_hours = photos * job_seconds * threads / 3600
    return {
        "photos": photos,
        "core_hours": round(core_hours),
        "days_on_1000_cores": round(core_hours / 1000 / 24, 2),
        "terabytes": round(photos * job_bytes / 1e12, 2),
        "files": round(photos * job_files),
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--photos", type=positive, default=16, help="how many to train on")
    parser.add_argument("--size", type=size, default=(64, 96), help="of each photo")
    parser.add_argument("--workers", type=positive, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=positive, default=1)
    parser.add_argument("--overrides", nargs="+", default=OVERRIDES, help="of every training")
    parser.add_argument("--project", type=positive, default=1_000_000, help="photos to project to")
    options = parser.parse_args(argv)

    found: dict[int, list[Measured]] = {workers: [] for workers in options.workers}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        photos = Path(temporary, "photos")
        photos.mkdir()
        make_photos(photos, options.photos, options.size)
        for number in range(options.rounds):
            for workers, measured in found.items():
                output = Path(temporary, f"{number}-{workers}")
                measured.append(measure(photos, output, workers, options.overrides))
                say(f"{workers} workers: {measured[-1].seconds:.1f} s")
    print_json("scaling", _result(options, found, load))


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Wall time of the sweep by the number of workers, and the projection."""
    rows = [
        {
            "workers": workers,
            "seconds": shown(found["seconds"]),
            "times faster": shown(found["times_faster"]),
            "seconds a job": shown(found["seconds_a_job"]),
        }
        for workers, found in record["workers"].items()
    ]
    projection = record["projection"]
    costs = [
        {
            "photos": f"{projection['photos']:,}",
            "core-hours": f"{projection['core_hours']:,}",
            "days on 1000 cores": f"{projection['days_on_1000_cores']:.3g}",
            "terabytes": f"{projection['terabytes']:.3g}",
            "files": f"{projection['files']:,}",
        }
    ]
    return {"workers": as_markdown(rows), "projection": as_markdown(costs)}


def _result(
    options: argparse.Namespace, found: dict[int, list[Measured]], load: float
) -> dict[str, Any]:
    base = found[options.workers[0]]
    job_seconds = median(m.job_seconds for m in base) / options.photos
    return {
        "photos": options.photos,
        "size": options.size,
        "overrides": options.overrides,
        "threads_of_each_worker": 1,
        "load_before": round(load, 2),
        "workers": {
            str(workers): {
                "seconds": spread([m.seconds for m in measured]),
                "times_faster": spread(
                    [b.seconds / m.seconds for b, m in zip(base, measured, strict=True)]
                ),
                "seconds_a_job": spread([m.job_seconds / options.photos for m in measured]),
            }
            for workers, measured in found.items()
        },
        "projection": project(
            options.project, job_seconds, 1, base[0].job_bytes, base[0].job_files
        ),
    }


if __name__ == "__main__":
    run(main)
