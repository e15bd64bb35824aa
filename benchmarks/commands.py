"""Wall time of whole commands, from the start of Python to the last file.

    python -m benchmarks.commands > commands.json

Each command runs once in every round, as a user would type it, with everything that it does by
default. The photos are the bundled ones.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from benchmarks._common import ROOT, last_line, positive, print_json, run, say, shown, spread
from internal_gan.errors import UserError
from internal_gan.report.table import as_markdown

PHOTOS = ROOT / "examples" / "photos"
SMALL, LARGE = PHOTOS / "peaks.jpg", PHOTOS / "large" / "mountains.jpg"
# Of the large photo, (left, top, right, bottom) in pixels.
HOLE = (1200, 900, 1800, 1300)
# Options, and the aim in seconds on two cores. {hole} is a mask of HOLE, {trained} the run folder
# of the first command.
COMMANDS = {
    "image={small}": 60,
    "image={large}": 60,
    "task=retarget image={large} retarget.shape=1:1": 15,
    "model=edgeconnect image={large} mask={hole}": 90,
    "model=ingan image={large} retarget.shape=1:1": 120,
    "task=fill image={large} mask={hole}": 15,
    "task=animate image={large}": 30,
    "task=super_resolution image={small} super_resolution.factor=2": 15,
    "task=sample image={large}": 15,
    "task=sample checkpoint={trained} sample.count=1": 8,
}


def seconds_of(options: Sequence[str], output: Path) -> float:
    """Run ``internal-gan OPTIONS`` and time it.

    Raises:
        UserError: it failed.
    """
    log = output.with_suffix(".txt")
    started = time.perf_counter()
    with log.open("wb") as file:
        code = subprocess.run(
            [sys.executable, "-m", "internal_gan", *options, f"output={output}"],
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if code:
        raise UserError(f"{' '.join(options)}: {last_line(log)}")
    return time.perf_counter() - started


def write_hole(path: Path) -> None:
    """Write the mask of HOLE, in the large photo's size."""
    with Image.open(LARGE) as photo:
        mask = Image.new("L", photo.size)
    ImageDraw.Draw(mask).rectangle(HOLE, fill=255)
    mask.save(path)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds of every command, and its aim."""
    rows = [
        {
            "command": f"`internal-gan {command}`",
            "seconds": shown(found["seconds"]),
            "aim": found["aim"],
        }
        for command, found in record["commands"].items()
    ]
    return {"seconds": as_markdown([{k: str(v) for k, v in row.items()} for row in rows])}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--rounds", type=positive, default=1)
    parser.add_argument("--overrides", nargs="+", default=[], help="of every command")
    options = parser.parse_args(argv)
    found: dict[str, list[float]] = {command: [] for command in COMMANDS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_hole(folder / "hole.png")
        names = {
            "small": SMALL.name,
            "large": LARGE.name,
            "hole": "hole.png",
            "trained": "RUN",
        }
        paths = {
            "small": SMALL,
            "large": LARGE,
            "hole": folder / "hole.png",
            "trained": folder / "0-0",
        }
        for number in range(options.rounds):
            for index, (command, seconds) in enumerate(found.items()):
                words = [word.format_map(paths) for word in command.split()]
                output = folder / f"{number}-{index}"
                seconds.append(seconds_of([*words, *options.overrides], output))
                say(f"{command.format_map(names)}: {seconds[-1]:.1f} s")
    commands = {
        command.format_map(names): {"seconds": spread(seconds), "aim": COMMANDS[command]}
        for command, seconds in found.items()
    }
    print_json("commands", {"overrides": options.overrides, "commands": commands})


if __name__ == "__main__":
    run(main)
