"""Every table of docs/results: runs the benchmarks behind them and writes them into the pages.

    python -m benchmarks.all --list
    python -m benchmarks.all --data images/ --output all/ [NAME ...]
    python -m benchmarks.all --write

If stopped or killed, run the same command again to continue; a benchmark that has finished in this
output folder is not repeated. --write runs no benchmark: it regenerates the tables from the records
in docs/results/data.
"""

import argparse
import importlib
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._common import ROOT, existing_folder, run, say
from benchmarks._pages import keep_record, read_record, renew_pages
from benchmarks.ablations import ABLATIONS
from benchmarks.retargetme import RANKED
from internal_gan.errors import UserError
from internal_gan.files import read_json_object, write_text
from internal_gan.units import counted


@dataclass(frozen=True)
class Entry:
    """A benchmark, the module in ``benchmarks`` whose ``tables(record)`` makes its tables by name;
    its arguments, where ``{data}`` stands for the folder of images and ``{output}`` for its own;
    and its approximate minutes on two cores of an AMD EPYC."""

    benchmark: str
    arguments: str = ""
    minutes: int = 1

    @property
    def command(self) -> str:
        """As a reader would type it."""
        words = self.arguments.replace("{data}/", "").replace("{output}", "output/")
        return f"python -m benchmarks.{self.benchmark} {words}".strip()

    def argv(self, data: Path | None, output: Path) -> list[str]:
        """The arguments, with the folders filled in."""
        if "{data}" in self.arguments and data is None:
            raise UserError(f"benchmarks.{self.benchmark} needs --data, a folder of images")
        words = shlex.split(self.arguments)
        return [
            word.replace("{data}", str(data)).replace("{output}", str(output)) for word in words
        ]

    def tables(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Its tables by name, each with a line that says where the figures come from."""
        module = importlib.import_module(f"benchmarks.{self.benchmark}")
        make: Callable[[Mapping[str, Any]], Mapping[str, str]] = module.tables
        source = provenance(record, self.command)
        return {part: f"{table.strip()}\n\n{source}" for part, table in make(record).items()}


def _quality(photos: str, numbers: Sequence[int]) -> str:
    folder = f"{{data}}/{photos}"
    names = " ".join(map(str, numbers))
    return (
        f"--real {folder}/real --published {folder}/singan --others gpnn={folder}/gpnn "
        "--compressed published gpnn --baselines gpdm resynthesizer "
        f"--photos {names} --seeds 0 --output {{output}}"
    )


def _ablations(family: str) -> str:
    names = " ".join(name for name in ABLATIONS if name.startswith(family))
    return f"{names} --output {{output}} --overrides trainer.steps_factor=0.2"


def _in(folder: str, *names: str | int) -> str:
    """Files of a folder of test images, JPEG ones by their names alone."""
    files = (str(name) if "." in str(name) else f"{name}.jpg" for name in names)
    return " ".join(f"{{data}}/{folder}/{file}" for file in files)


_RETARGET = _in("retarget", "corn.png", "fish.png", "fruit.png", "house.jpg")
_LARGE = _in("large", "mountains", "dune", "moss", "stream", "dandelions")
_RESIZED = f"{_RETARGET} {_in('large', 'mountains', 'dune')} {_in('sigd16/real', *range(1, 5))}"
_HOLED = _in("places50/real", *range(1, 26, 5))
_LINES = (
    f"{_in('large', 'mountains', 'dune')} {_in('retarget', 'house', 'fruit.png', 'corn.png')} "
    f"{_in('places50/real', 22, 5, 24)}"
)
_SINGAN = _in("singan/images", "mountains", "seascape.png", "tree.png")
_CUT = f"{_RETARGET} {_SINGAN} {_in('sigd16/real', *range(1, 9))}"
_BUNDLED = " ".join(
    f"examples/photos/{name}.jpg" for name in ("dandelions", "gravel", "mountains", "peaks")
)
ENTRIES = {
    "quality-places50": Entry("quality", _quality("places50", range(1, 26, 3)), 45),
    "quality-sigd16": Entry("quality", _quality("sigd16", range(1, 9, 2)), 20),
    "applications": Entry("applications", "--output {output}", 20),
    "null-places50": Entry("null", "--photos {data}/places50/real --jobs 2 --output {output}", 30),
    "null-ingan": Entry(
        "null", f"--family ingan --photos {_RESIZED} --jobs 2 --output {{output}}", 30
    ),
    "null-edgeconnect": Entry(
        "null", f"--family edgeconnect --photos {_HOLED} --jobs 2 --output {{output}}", 6
    ),
    "large": Entry("large", f"--photos {_LARGE} --output {{output}}", 15),
    "extend": Entry("extend", f"--photos {_CUT} --large {_LARGE} --output {{output}}", 15),
    "retargeting": Entry(
        "retargeting",
        f"--photos {_in('retarget', 'fish.png', 'corn.png')} {_in('textures', 'olives.png')} "
        "--seeds 0 1 2 --output {output}",
        40,
    ),
    "retargetme": Entry(
        "retargetme",
        f"--data {{data}}/retargetme --numbers {' '.join(map(str, RANKED))} --output {{output}}",
        3,
    ),
    "inpainting": Entry(
        "inpainting",
        f"--photos {_BUNDLED} --ratios 10-20 30-40 --seeds 0 1 --output {{output}}",
        40,
    ),
    "lines": Entry("lines", f"--photos {_LINES} --seeds 0 1 --output {{output}}", 40),
    "super-resolution": Entry("super_resolution", "--data {data}/sr --output {output}", 10),
    "super-resolution-trained": Entry(
        "super_resolution",
        "--data {data}/sr --sets Set5 Set14 BSD100 --first 20 --methods patches-true zssr "
        "--output {output}",
        60,
    ),
    "super-resolution-singan": Entry(
        "super_resolution",
        "--data {data}/sr --sets BSD100 --first 3 --methods patches-true patches-sharp singan "
        "--output {output}",
        5,
    ),
    "super-resolution-twice": Entry(
        "super_resolution",
        "--data {data}/sr --sets Set5 --factor 2 --methods back-projected patches-true patches "
        "zssr --output {output}",
        15,
    ),
    "ablations-singan": Entry("ablations", _ablations("singan"), 20),
    "ablations-ingan": Entry("ablations", _ablations("ingan"), 40),
    "ablations-edgeconnect": Entry("ablations", _ablations("edgeconnect"), 20),
    "commands": Entry("commands", "--beside ../before", 25),
    "trainings": Entry("commands", "--trainings", 9),
    "shares": Entry("shares", "", 6),
    "sampling": Entry("sampling", "", 1),
    "options": Entry("options", "--output {output}", 8),
}


def provenance(record: Mapping[str, Any], command: str) -> str:
    """Where a table's figures come from, in one line: commit, machine, date and command."""
    found = record["environment"]
    commit = str(found["commit"])[:10] + (", with changes" if found["modified"] else "")
    machine = found["machine"]
    fastest = (machine.get("instructions") or [""])[-1]
    cpu = f"{machine['cpu']} ({fastest})" if fastest else machine["cpu"]
    return (
        f"*Commit {commit}; {counted(machine['cores'], 'core')}, {cpu}; torch "
        f"{found['versions']['torch']}; {found['time'][:10]}.* `{command}`"
    )


def all_tables(names: Sequence[str] = tuple(ENTRIES)) -> dict[str, str]:
    """Every table by ``NAME.PART``; ``NAME.*`` is what all tables without a record say."""
    found: dict[str, str] = {}
    for name in names:
        if (record := read_record(name)) is None:
            found[f"{name}.*"] = f"*Not measured with this version yet:* `{ENTRIES[name].command}`"
        else:
            parts = ENTRIES[name].tables(record)
            found |= {f"{name}.{part}": table for part, table in parts.items()}
    return found


def do_entry(name: str, data: Path | None, output: Path) -> dict[str, Any]:
    """Run or continue a benchmark, and return its record; what it says is on standard error."""
    path = output / f"{name}.json"
    if known := read_json_object(path):
        return known
    entry = ENTRIES[name]
    command = [sys.executable, "-m", f"benchmarks.{entry.benchmark}"]
    command += entry.argv(data, output / name)
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise UserError(f"{name}: exit code {result.returncode}; run the same command to continue")
    output.mkdir(parents=True, exist_ok=True)
    write_text(path, result.stdout)
    return read_json_object(path)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.all", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ENTRIES))
    parser.add_argument(
        "--data", type=existing_folder, help="folder of test images; see benchmarks/README.md"
    )
    parser.add_argument("--output", type=Path, help="folder for runs and results")
    parser.add_argument(
        "--list", action="store_true", help="list the benchmarks and how long they take"
    )
    parser.add_argument("--write", action="store_true", help="only regenerate the pages")
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in ENTRIES:
            raise UserError(f"{name}: no such benchmark; allowed: {', '.join(ENTRIES)}")
    names = options.names or list(ENTRIES)
    if options.list:
        for name in names:
            print(f"{ENTRIES[name].minutes:4d} min  {name:17s} {ENTRIES[name].command}")
        print(f"{sum(ENTRIES[name].minutes for name in names):4d} min in all")
        return
    if not options.write:
        if options.output is None:
            raise UserError("--output: needs a folder for runs and results, or use --write")
        left = sum(ENTRIES[name].minutes for name in names)
        for number, name in enumerate(names, 1):
            say(f"[{number}/{len(names)}] {name}; about {left} min left")
            keep_record(name, do_entry(name, options.data, options.output.absolute()))
            left -= ENTRIES[name].minutes
    for path in renew_pages(all_tables()):
        say(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    run(main)
