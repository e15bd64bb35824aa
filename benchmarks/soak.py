"""Many trainings in a row: how many continued in float32, and whether every training ended.

    python -m benchmarks.soak > soak.json

Each is the default training by the command line, with another seed and the next photo, at a size at
which twenty take about an hour.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._common import ROOT, existing_file, positive, print_json, run, say, spread
from internal_gan.files import read_json_object

PHOTOS = sorted((ROOT / "examples" / "photos").glob("*.jpg"))
OVERRIDES = ["model.max_size=128"]


def train(photo: Path, seed: int, overrides: Sequence[str], folder: Path) -> dict[str, Any]:
    """Run one training to its end, and read its ``status.json``."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "internal_gan", f"image={photo}", f"output={folder / 'run'}"]
    result = subprocess.run(
        [*command, f"seed={seed}", "sample.count=1", *overrides],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    status = read_json_object(folder / "run" / "status.json")
    ended = result.returncode == 0 and status.get("state") == "finished"
    return {
        "photo": photo.name,
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 1),
        "threads": status.get("threads"),
        "fell_to_float32": "continuing in float32" in result.stdout,
        "failure": None if ended else result.stdout.strip().splitlines()[-1:],
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--trainings", type=positive, default=20)
    parser.add_argument("--photos", type=existing_file, nargs="+", default=PHOTOS)
    parser.add_argument("--overrides", nargs="+", default=OVERRIDES, help="of every training")
    options = parser.parse_args(argv)

    found = []
    for number in range(options.trainings):
        photo = options.photos[number % len(options.photos)]
        with tempfile.TemporaryDirectory() as folder:
            found.append(train(photo, number, options.overrides, Path(folder)))
        say(f"{number + 1} of {options.trainings}: {found[-1]}")
    print_json(
        "soak",
        {
            "overrides": options.overrides,
            "trainings": len(found),
            "failures": sum(one["failure"] is not None for one in found),
            "falls_to_float32": sum(one["fell_to_float32"] for one in found),
            "seconds": spread([one["seconds"] for one in found]),
            "each": found,
        },
    )


if __name__ == "__main__":
    run(main)
