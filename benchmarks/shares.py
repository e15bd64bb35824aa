"""Where the time of a command goes, by task and size.

    python -m benchmarks.shares > shares.json

Each task runs in this process, once more before, to load and compile what it needs: starting is
not counted. The photo is the large bundled one at several sizes.
"""

import argparse
import contextlib
import cProfile
import io
import pstats
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._common import number, print_json, run, say
from benchmarks.commands import write_inputs
from internal_gan.cli import main as internal_gan
from internal_gan.report.table import as_markdown

MEGAPIXELS = 1, 8, 27
# The options of every task; {changed} and {hole} belong to the photo.
TASKS = {
    "sample": "sample.count=1",
    "retarget": "retarget.shape=21:9",
    "fill": "mask={hole}",
    "edit": "edit.image={changed} mask={hole}",
    "harmonize": "edit.image={changed} mask={hole}",
    "extend": "extend.shape=16:9",
    "make_tileable": "",
    "super_resolution": "super_resolution.factor=1.25",
    "animate": "animate.seconds=1",
}
# Functions that do not call each other, by the ends of their files' names; what is called in other
# threads, such as a film's frames, counts as the rest.
PARTS = {
    "reading": {("files/image.py", "read_image")},
    "drawing": {
        ("patches/denoiser.py", "denoised"),
        ("patches/matching.py", "matched"),
        ("patches/completion.py", "complete"),
        ("patches/enlarging.py", "enlarged"),
    },
    "search": {("patches/fast.py", "search"), ("finishing/quilting.py", "quilted")},
    "seams": {("finishing/seams.py", "hide")},
    "writing": {("files/image.py", "write_image"), ("report/page.py", "write_report")},
}


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds of every task at every size, and the shares of the parts."""
    rows = []
    for found in record["tasks"]:
        shares = {name: found["parts"][name] / found["seconds"] for name in PARTS}
        shares["rest"] = 1 - sum(shares.values())
        row = {"task": f"`{found['task']}`", "megapixels": str(found["megapixels"])}
        row["seconds"] = number(found["seconds"])
        rows.append(row | {name: f"{share:.0%}" for name, share in shares.items()})
    return {"tasks": as_markdown(rows)}


def profiled(arguments: Sequence[str]) -> tuple[float, dict[str, float]]:
    """The seconds of a command, and of its parts."""
    profile, started = cProfile.Profile(), time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), profile:
        internal_gan(arguments)
    seconds = time.perf_counter() - started
    parts = dict.fromkeys(PARTS, 0.0)
    for (file, _, name), (*_, spent, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        for part, functions in PARTS.items():
            if any(file.endswith(end) and name == function for end, function in functions):
                parts[part] += spent
    return seconds, parts


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shares", description=__doc__)
    parser.parse_args(argv)
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for run_number, megapixels in enumerate((MEGAPIXELS[0], *MEGAPIXELS)):
            inputs = write_inputs(folder, megapixels)
            photo, hole, changed = (
                inputs[f"{one}{megapixels}"] for one in ("mp", "hole", "changed")
            )
            for task, options in TASKS.items():
                words = options.format(hole=hole, changed=changed).split()
                output = folder / f"{run_number}-{task}"
                seconds, parts = profiled([task, str(photo), *words, f"output={output}"])
                if run_number:
                    what = {"task": task, "megapixels": megapixels}
                    found.append({**what, "seconds": seconds, "parts": parts})
                    say(f"{task}, {megapixels} megapixels: {seconds:.1f} s")
    print_json("shares", {"tasks": found})


if __name__ == "__main__":
    run(main)
