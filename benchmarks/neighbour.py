"""Training next to busy processes: steps a second for each way to choose the threads.

    python -m benchmarks.neighbour > neighbour.json

In every round, each way runs next to no, one and two processes that only compute, so that a change
in the machine's speed affects all ways. ``passive`` puts waiting threads to sleep at once;
``torch`` leaves threads to PyTorch: all cores, and threads that spin for some milliseconds before
they sleep; ``spinning`` never lets them sleep.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks._common import (
    PHOTO,
    ROOT,
    cores,
    existing_file,
    last_line,
    positive,
    print_json,
    run,
    say,
    shown,
    spread,
)
from internal_gan.errors import UserError
from internal_gan.files import read_json_lines
from internal_gan.report.table import as_markdown

CORES = cores()
# Environment and options of each way.
WAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    "default": ({}, []),
    "one_thread": ({}, ["trainer.threads=1"]),
    "all_threads": ({}, [f"trainer.threads={CORES}"]),
    "passive": ({"OMP_WAIT_POLICY": "PASSIVE"}, [f"trainer.threads={CORES}"]),
    # An empty value counts as set, so the package leaves it alone; libgomp reports it as invalid.
    "torch": ({"OMP_WAIT_POLICY": ""}, [f"trainer.threads={CORES}"]),
    "spinning": ({"OMP_WAIT_POLICY": "ACTIVE"}, [f"trainer.threads={CORES}"]),
}
# One scale, so that every step costs the same; more steps than any machine can take in the time.
TRAINING = [
    "model.max_size=72",
    "model.num_scales=1",
    "model.steps=1000000",
    "trainer.log_interval=1",
]


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Run ``count`` processes that keep a core busy each."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def steps_per_second(photo: Path, way: str, seconds: float) -> float:
    """Train for ``seconds`` by the command line, and return the steps a second.

    Raises:
        UserError: the training ended before its first step.
    """
    variables, overrides = WAYS[way]
    left_out = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    environment = {k: v for k, v in os.environ.items() if k not in left_out} | variables
    with tempfile.TemporaryDirectory() as folder:
        output, log = Path(folder, "run"), Path(folder, "log.txt")
        command = [sys.executable, "-m", "internal_gan", f"image={photo}", f"output={output}"]
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*command, *TRAINING, *overrides],
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                first = _wait_for_steps(process, output, log)
                time.sleep(seconds)
                last = _rows(output)[-1]
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
    elapsed = last["seconds"] - first["seconds"]
    return (last["step"] - first["step"]) / elapsed if elapsed else 0.0


def _rows(output: Path) -> list[dict[str, Any]]:
    return [row for row in read_json_lines(output / "metrics.jsonl") if "step" in row]


def _wait_for_steps(process: "subprocess.Popen[bytes]", output: Path, log: Path) -> dict[str, Any]:
    while True:
        if process.poll() is not None:
            raise UserError(f"the training ended: {last_line(log)}")
        if rows := _rows(output):
            return rows[-1]
        time.sleep(0.2)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Steps a second by the number of busy processes, a column for each way."""
    rows = [
        {"busy processes": count, **{way: shown(found) for way, found in ways.items()}}
        for count, ways in record["steps_per_second"].items()
    ]
    return {"steps": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbour", description=__doc__)
    parser.add_argument("--photo", type=existing_file, default=PHOTO)
    parser.add_argument("--neighbours", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seconds", type=positive, default=15, help="of each training")
    parser.add_argument("--rounds", type=positive, default=3)
    options = parser.parse_args(argv)

    found: dict[tuple[int, str], list[float]] = {}
    for _ in range(options.rounds):
        for count, way in product(options.neighbours, options.ways):
            with busy(count):
                rate = steps_per_second(options.photo, way, options.seconds)
            found.setdefault((count, way), []).append(rate)
            say(f"{count} busy, {way}: {rate:.2f} steps a second")
    table = {
        str(count): {way: spread(found[count, way]) for way in options.ways}
        for count in options.neighbours
    }
    print_json(
        "neighbour",
        {"photo": options.photo.name, "training": TRAINING, "steps_per_second": table},
    )


if __name__ == "__main__":
    run(main)
