"""Peak resident memory of training by working size, and of sampling by output size.

    python -m benchmarks.memory > memory.json

Each figure is for a whole command in a process of its own. Linux and macOS only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks._common import (
    OUTPUT_SIZES,
    PHOTO,
    ROOT,
    existing_file,
    last_line,
    positive,
    print_json,
    run,
    say,
    shown,
    size,
    spread,
)
from internal_gan.errors import UserError
from internal_gan.report.table import as_markdown
from internal_gan.units import Size

MAX_SIZES = [125, 250, 500, 1000]
# Enough for every loss term to be computed; more steps need no more memory.
STEPS = 2


class Commands:
    """Runs commands of the package in a folder and measures each from outside."""

    def __init__(self, folder: Path, photo: Path, overrides: Sequence[str], threads: int) -> None:
        self.folder = folder
        self.photo = photo
        self.overrides = list(overrides)
        self.environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        self._count = 0

    def baseline(self) -> float:
        """MiB of a process that only imports what training needs."""
        return self._peak("-c", "import internal_gan.tasks.train")

    def train(self, max_size: int) -> float:
        """MiB of training a few steps of every stage, on a photo with long side ``max_size``."""
        image = self.folder / f"photo-{max_size}.png"
        with Image.open(self.photo) as photo:
            factor = max_size / max(photo.size)
            shape = (round(photo.width * factor), round(photo.height * factor))
            photo.convert("RGB").resize(shape).save(image)
        return self._peak(
            *("-m", "internal_gan", f"image={image}", f"model.max_size={max_size}"),
            *(*self.overrides, f"trainer.max_steps={STEPS}", "trainer.time=null", "sample.count=1"),
            f"output={self._new()}",
        )

    def sample(self, checkpoint: Path, output_size: Size) -> float:
        """MiB of drawing one sample."""
        return self._peak(
            *("-m", "internal_gan", "task=sample", f"checkpoint={checkpoint}", "sample.count=1"),
            *(f"sample.size=[{output_size[0]},{output_size[1]}]", f"output={self._new()}"),
        )

    @property
    def last_run(self) -> Path:
        return self.folder / f"run-{self._count}"

    def _new(self) -> Path:
        self._count += 1
        return self.last_run

    def _peak(self, *arguments: str) -> float:
        messages = self.folder / "messages.txt"
        with messages.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise UserError(f"{' '.join(arguments)}: {last_line(messages)}")
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return usage.ru_maxrss / unit


def measure(
    commands: Commands,
    max_sizes: Sequence[int],
    sizes: Sequence[Size],
    model_size: int,
    rounds: int,
) -> dict[str, Any]:
    """Run every command ``rounds`` times, in turn; a model of ``model_size`` draws the samples."""
    commands.train(model_size)
    checkpoint = commands.last_run
    baseline: list[float] = []
    training: dict[int, list[float]] = {max_size: [] for max_size in max_sizes}
    sampling: dict[Size, list[float]] = {output_size: [] for output_size in sizes}
    for number in range(rounds):
        baseline.append(commands.baseline())
        for max_size, found in training.items():
            found.append(commands.train(max_size))
            say(f"round {number + 1}: training at {max_size}: {found[-1]:.0f} MiB")
        for output_size, found in sampling.items():
            found.append(commands.sample(checkpoint, output_size))
            say(f"round {number + 1}: sampling {output_size}: {found[-1]:.0f} MiB")
    return {
        "baseline_mib": spread(baseline),
        "training": [{"max_size": m, "peak_mib": spread(found)} for m, found in training.items()],
        "sampling": [{"size": s, "peak_mib": spread(found)} for s, found in sampling.items()],
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Peak memory of whole commands: training by the long side, sampling by the size."""
    rows = [("Python with torch and the package", record["baseline_mib"])]
    rows += [
        (f"training, long side {found['max_size']}", found["peak_mib"])
        for found in record["training"]
    ]
    rows += [
        (f"one sample of {'x'.join(map(str, found['size']))}", found["peak_mib"])
        for found in record["sampling"]
    ]
    return {"commands": as_markdown([{"process": a, "peak MiB": shown(b)} for a, b in rows])}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--max-sizes", type=positive, nargs="+", default=MAX_SIZES, metavar="N")
    parser.add_argument("--sizes", type=size, nargs="+", default=OUTPUT_SIZES, metavar="HxW")
    parser.add_argument(
        "--model-size", type=positive, default=250, help="max_size of the model that draws samples"
    )
    parser.add_argument("--overrides", nargs="+", default=[], help="such as model.max_size=500")
    parser.add_argument("--photo", type=existing_file, default=PHOTO)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--threads", type=positive, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)

    with tempfile.TemporaryDirectory() as folder:
        commands = Commands(Path(folder), options.photo, options.overrides, options.threads)
        results = measure(
            commands, options.max_sizes, options.sizes, options.model_size, options.rounds
        )
    about = {
        "overrides": options.overrides,
        "threads": options.threads,
        "model_size": options.model_size,
    }
    print_json("memory", about | results)


if __name__ == "__main__":
    run(main)
