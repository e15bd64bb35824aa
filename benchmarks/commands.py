"""Wall time and memory of whole commands, from the start of Python to the last file, and wall time
of calls from Python.

    python -m benchmarks.commands > commands.json
    python -m benchmarks.commands --only fill --beside ../before > commands.json
    python -m benchmarks.commands --trainings > trainings.json

Each command runs once in every round, as a user would type it, with everything that it does by
default, and then in the checkout of --beside, if any. A call works on pictures in memory, and is
made twice: the second time counts. The photos are the bundled ones, the large one also at other
sizes.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw

from benchmarks._common import ROOT, last_line, positive, print_json, run, say, shown, spread
from internal_gan.errors import UserError
from internal_gan.report.table import as_markdown

PHOTOS = ROOT / "examples" / "photos"
SMALL, LARGE = PHOTOS / "peaks.jpg", PHOTOS / "large" / "mountains.jpg"
# Sides of the large photo in pixels, by megapixels; and of a hole in it, in thousandths: left, top,
# right and bottom. In the changed photo, what the hole has is copied from below it.
SIZES = {1: (1024, 768), 3: (2048, 1536), 8: (3264, 2448), 13: (4160, 3120), 27: (6000, 4500)}
SIZES[50] = (8160, 6120)
HOLE, WIDE = (500, 550, 600, 660), (260, 250, 740, 730)
# Options, the aim in seconds on a machine with two cores, and the seconds that commit fc894017 took
# there, if they are known. {mp3} is the photo of 3 megapixels; {hole3}, {wide3} and {changed3}
# belong to it.
Aim = tuple[float, float | None]
COMMANDS: dict[str, Aim] = {
    "task=sample image={mp3} sample.count=1": (3.5, 6),
    "task=sample image={small} sample.size=[500,2000] sample.count=1": (12, 28),
    "task=retarget image={mp3} retarget.shape=21:9": (3.5, 4.6),
    "task=animate image={mp3} animate.seconds=5": (12, 33.7),
    "task=make_tileable image={mp27}": (12, 36.5),
    "task=extend image={mp27} extend.shape=16:9": (15, 41.2),
    "task=edit image={mp3} edit.image={changed3} mask={hole3}": (3.5, None),
    "task=edit image={mp27} edit.image={changed27} mask={hole27}": (8, 34),
    "task=fill image={mp3} mask={hole3}": (3.5, 4.5),
    "task=fill image={mp13} mask={wide13}": (8, 20),
    "task=fill image={mp27} mask={hole27}": (6, 16.3),
    "task=fill image={mp50} mask={hole50}": (10, 34.8),
}
TRAININGS: dict[str, Aim] = {
    "image={small}": (60, None),
    "image={large}": (60, None),
    "model=edgeconnect image={mp3} mask={hole3}": (90, None),
    "model=ingan image={large} retarget.shape=1:1": (120, None),
    "task=sample checkpoint={trained} sample.count=1": (8, None),
}
# The same of calls of the package's functions, with pictures for their names.
CALLS: dict[str, Aim] = {
    "make_tileable({mp1})": (2, 6.8),
    "super_resolve({mp1}, factor=4)": (4, 31.6),
    "edit({mp8}, {changed8}, {hole8})": (2, 5.7),
    "extend({mp8}, shape='16:9')": (4, 9.3),
}
_CALLED = """
import sys, time, internal_gan
from PIL import Image

pictures = [Image.open(name).copy() for name in sys.argv[2:]]
for _ in range(2):
    started = time.perf_counter()
    eval("internal_gan." + sys.argv[1])
    print(time.perf_counter() - started)
"""


class Cost(NamedTuple):
    """Seconds, those of the processor, and the most memory in bytes."""

    seconds: float
    processor: float
    memory: int


def cost_of(options: Sequence[str], output: Path, root: Path = ROOT, **environment: str) -> Cost:
    """Run ``internal-gan OPTIONS`` of a checkout; a UserError if it failed."""
    log = output.with_suffix(".txt")
    started = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "internal_gan", *options, f"output={output}"],
            cwd=root,
            env=os.environ | environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise UserError(f"{' '.join(options)}: {last_line(log)}")
    unit = 1 if sys.platform == "darwin" else 2**10
    seconds = time.perf_counter() - started
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def seconds_of(call: str, paths: Mapping[str, Path], root: Path = ROOT) -> float:
    """Of a call, made for the second time by a new process in a checkout."""
    names = re.findall(r"{(\w+)}", call)
    words = call.format_map({name: f"pictures[{n}]" for n, name in enumerate(names)})
    command = [sys.executable, "-c", _CALLED, words, *(str(paths[name]) for name in names)]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.split()[-1])


def write_inputs(folder: Path, megapixels: int) -> dict[str, Path]:
    """Write the large photo of so many megapixels, two holes and the changed photo, by name."""
    width, height = SIZES[megapixels]
    found = {
        name: folder / f"{name}{megapixels}.{kind}"
        for name, kind in (("", "jpg"), ("hole", "png"), ("wide", "png"), ("changed", "png"))
    }
    with Image.open(LARGE) as photo:
        large = photo.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    large.save(found[""], quality=92)
    with Image.open(found[""]) as file:
        changed = file.copy()  # as JPEG has it
    boxes = [
        tuple(
            round(each * side / 1000) for each, side in zip(box, 2 * (width, height), strict=True)
        )
        for box in (HOLE, WIDE)
    ]
    for name, box in zip(("hole", "wide"), boxes, strict=True):
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).rectangle(box, fill=255)
        mask.save(found[name])
    left, top, right, bottom = boxes[0]
    below = changed.crop((left, 2 * bottom - top - 1, right + 1, 3 * bottom - 2 * top))
    changed.paste(below, (left, top))
    changed.save(found["changed"])
    return {f"{name or 'mp'}{megapixels}": path for name, path in found.items()}


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds of commands and calls, memory, those of the other checkout, if any, and the aim."""
    made = {"seconds": _table(record["commands"], "command", "internal-gan ")}
    if record.get("calls"):
        made["calls"] = _table(record["calls"], "call", "internal_gan.")
    return made


def _table(costs: Mapping[str, Any], kind: str, prefix: str) -> str:
    rows = []
    for words, found in costs.items():
        row = {kind: f"`{prefix}{words}`"}
        both = {"": found} | ({" before": found["beside"]} if "beside" in found else {})
        for name, cost in both.items():
            row[f"seconds{name}"] = shown(cost["seconds"])
            if "memory" in cost:
                row[f"GB{name}"] = f"{cost['memory']:.1f}"
        if len(both) == 2:
            here, before = (cost["seconds"]["median"] for cost in both.values())
            row["share"] = f"{here / before:.0%}"
        aim, was = found["aim"], found["was"]
        rows.append({**row, "aim": f"{aim:g} ({aim / was:.0%})" if was else f"{aim:g}"})
    return as_markdown(rows)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commands", description=__doc__)
    parser.add_argument("--rounds", type=positive, default=1)
    parser.add_argument("--only", nargs="+", default=[""], help="words in the commands to run")
    parser.add_argument("--beside", type=Path, help="another checkout, to run them in, too")
    parser.add_argument("--trainings", action="store_true", help="commands that train, instead")
    parser.add_argument("--overrides", nargs="+", default=[], help="of every command")
    options = parser.parse_args(argv)
    if options.trainings and options.beside is not None:
        raise UserError("--trainings, --beside: the other checkout would read runs of this one")
    aims = TRAININGS if options.trainings else COMMANDS | CALLS
    wanted = [one for one in aims if any(word in one for word in options.only)]
    roots = [ROOT] if options.beside is None else [ROOT, options.beside]
    found: dict[str, list[list[Cost | float]]] = {words: [] for words in wanted}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        paths = {"small": SMALL, "large": LARGE, "trained": folder / "0-0-0"}
        for megapixels in SIZES:
            if any(f"{megapixels}}}" in words for words in wanted):
                # In a process of its own, or this one's memory would count as that of the commands.
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    paths |= pool.submit(write_inputs, folder, megapixels).result()
        names = {key: "RUN" if key == "trained" else path.name for key, path in paths.items()}
        # The first command of a checkout may compile the search, so it is not measured.
        for other, root in enumerate(roots):
            first = ["task=sample", f"image={SMALL}", "sample.count=1"]
            cost_of(first, folder / f"first-{other}", root)
        for number in range(options.rounds):
            for index, (words, costs) in enumerate(found.items()):
                given = [*(word.format_map(paths) for word in words.split()), *options.overrides]
                costs.append(
                    [
                        seconds_of(words, paths, root)
                        if words in CALLS
                        else cost_of(given, folder / f"{number}-{index}-{other}", root)
                        for other, root in enumerate(roots)
                    ]
                )
                said = ", ".join(f"{_seconds(one):.1f} s" for one in costs[-1])
                say(f"{words.format_map(names)}: {said}")
    results: dict[str, Any] = {"overrides": options.overrides, "commands": {}, "calls": {}}
    for words, costs in found.items():
        here, *beside = map(_summary, zip(*costs, strict=True))
        aim, was = aims[words]
        more = {"beside": beside[0]} if beside else {}
        kind = "calls" if words in CALLS else "commands"
        results[kind][words.format_map(names)] = {**here, **more, "aim": aim, "was": was}
    print_json("commands", results)


def _seconds(cost: Cost | float) -> float:
    return cost.seconds if isinstance(cost, Cost) else cost


def _summary(costs: Sequence[Cost | float]) -> dict[str, Any]:
    made = {"seconds": spread([_seconds(cost) for cost in costs])}
    memory = [cost.memory for cost in costs if isinstance(cost, Cost)]
    return {**made, "memory": max(memory) / 1e9} if memory else made


if __name__ == "__main__":
    run(main)
