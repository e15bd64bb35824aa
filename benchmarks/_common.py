"""Shared by all benchmarks: the record of the machine, medians with their spread, JSON."""

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import psutil

import internal_gan
from internal_gan.errors import UserError
from internal_gan.files import natural, read_json_object, write_text
from internal_gan.images.files.names import READABLE_SUFFIXES
from internal_gan.training.threads import usable_cores
from internal_gan.units import Size

ROOT = Path(__file__).resolve().parents[1]
F = TypeVar("F", bound=Callable[..., Mapping[str, Any]])

PHOTO = ROOT / "examples" / "photos" / "peaks.jpg"

# Of x86, oldest first; the last two compute in bfloat16.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
# What decides the figures; benchmarks.all itself writes into docs.
MEASURED = ("internal_gan", "conf", "benchmarks", "examples")


def environment() -> dict[str, Any]:
    """The time, commit, machine and versions of a measurement."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "modified": bool(_git("status", "--porcelain", "--untracked-files=no", "--", *MEASURED)),
        "machine": {
            "cpu": processor(),
            "instructions": instructions(),
            "cores": usable_cores(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "system": platform.platform(),
        },
        "versions": {
            "python": platform.python_version(),
            "torch": version("torch"),
            "internal_gan": internal_gan.__version__,
        },
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest of repeated measurements, and their number."""
    return {
        "median": rounded(statistics.median(values)),
        "lowest": rounded(min(values)),
        "highest": rounded(max(values)),
        "runs": len(values),
    }


def number(value: float, digits: int = 3) -> str:
    """A number with these significant digits, large ones without an exponent.

    >>> number(0.012345), number(71612.4)
    ('0.0123', '71600')
    """
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text else text


def means(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of every figure over those that have it."""
    names = dict.fromkeys(name for figures in each for name in figures)
    return {name: statistics.fmean(one[name] for one in each if name in one) for name in names}


def shown(found: Mapping[str, float], digits: int = 3) -> str:
    """A :func:`spread` as a table cell: the median, with the range if there are several runs."""
    median, lowest, highest = (
        number(found[key], digits) for key in ("median", "lowest", "highest")
    )
    return median if found["runs"] == 1 else f"{median} ({lowest} to {highest})"


def print_json(name: str, results: Mapping[str, Any]) -> None:
    """Print what a benchmark found, with the environment it ran in; exit with 1 if a job failed."""
    record = {"benchmark": name, "environment": environment(), **results}
    print(json.dumps(record, indent=2))
    if results.get("failures"):
        sys.exit(1)


def write_summary(output: Path, tables: Mapping[str, str]) -> None:
    """Write tables one below the other into ``summary.md``."""
    write_text(output / "summary.md", "\n".join(tables.values()))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically, and create its folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(value, indent=2) + "\n")


def kept(place: Callable[..., Path]) -> Callable[[F], F]:
    """Keep what a function returns in a JSON file, and read it from there the next time; ``place``
    names the file, by the function's arguments."""

    def decorate(make: F) -> F:
        @wraps(make)
        def read_or_make(*given: Any) -> Mapping[str, Any]:
            path = place(*given)
            if known := read_json_object(path):
                return known
            made = make(*given)
            write_json(path, made)
            return made

        return cast(F, read_or_make)

    return decorate


def pictures(folder: Path) -> dict[str, Path]:
    """The images in a folder by their names without suffix; ``2`` comes before ``10``."""
    readable = [p for p in folder.iterdir() if p.suffix.lower() in READABLE_SUFFIXES]
    visible = [path for path in readable if not path.name.startswith(".")]
    return by_name(sorted(visible, key=lambda path: natural(path.name)))


def given_photos(paths: Sequence[Path]) -> dict[str, Path]:
    """Photos by name: those of a folder, or the files themselves."""
    found = pictures(paths[0]) if len(paths) == 1 and paths[0].is_dir() else by_name(paths)
    for path in found.values():
        if not path.is_file():
            raise UserError(f"--photos {path}: there is no such file")
    if not found:
        raise UserError(f"--photos {paths[0]}: has no images")
    return found


def by_name(files: Sequence[Path]) -> dict[str, Path]:
    """Files by their names without suffix; a UserError if two have the same."""
    found: dict[str, Path] = {}
    for file in files:
        if file.stem in found:
            raise UserError(f"{file}: {found[file.stem]} has the same name; rename one")
        found[file.stem] = file
    return found


def keep_apart(output: Path, settings: Mapping[str, Any]) -> None:
    """Refuse a folder with results of other settings, and record these."""
    path = output / "settings.json"
    known = read_json_object(path)
    if known and known != settings:
        raise UserError(f"{output}: has results of other settings, {known}; choose another folder")
    write_json(path, settings)


def last_line(log: Path) -> str:
    """The last line of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "no output"


def run(main: Callable[[], None]) -> None:
    """Run a benchmark's ``main``; a user's mistake gets one line and exit code 2."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        print(f"error: {error}; needs pip install -e '.[benchmarks]'", file=sys.stderr)
        sys.exit(2)


def say(text: str) -> None:
    """Report progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def size(text: str) -> Size:
    """Parse ``188x250``, height and width in pixels."""
    height, _, width = text.partition("x")
    try:
        pixels = int(height), int(width)
    except ValueError:
        pixels = 0, 0
    if min(pixels) < 1:
        raise argparse.ArgumentTypeError(f"{text}: needs HEIGHTxWIDTH, such as 188x250")
    return pixels


def positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: needs a whole number, 1 or more")
    return int(text)


def existing_folder(text: str) -> Path:
    """Parse the name of an existing folder."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text}: there is no such folder")
    return Path(text)


def named_folder(text: str) -> tuple[str, Path]:
    """Parse ``gpnn=folder/``, a name and a folder."""
    name, _, folder = text.partition("=")
    if not re.fullmatch(r"\w+", name) or not folder:
        raise argparse.ArgumentTypeError(f"{text}: is not of the form NAME=FOLDER")
    return name, existing_folder(folder)


def existing_file(text: str) -> Path:
    """Parse the name of an existing file."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"{text}: there is no such file")
    return Path(text).absolute()


OPTIONS: dict[str, dict[str, Any]] = {
    "photos": {"type": existing_file, "nargs": "+", "required": True, "metavar": "FILE"},
    "seeds": {"type": int, "nargs": "+", "default": [0], "metavar": "N"},
    "jobs": {"type": positive, "default": 1, "help": "trainings at once"},
}


def training_parser(
    name: str, about: str | None, *wanted: str, overrides: str = "", others: str = ""
) -> argparse.ArgumentParser:
    """A parser with the options of all benchmarks that train, and those of OPTIONS that are
    ``wanted``; ``overrides`` are the default, and ``others`` says what is in their folders."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=about)
    parser.add_argument("--output", type=Path, required=True, help="folder for runs and results")
    parser.add_argument("--threads", type=positive, default=1, help="of each training")
    default = f"; default: {overrides}" if overrides else ", such as trainer.time=1m"
    parser.add_argument(
        "--overrides", nargs="+", default=overrides.split(), help=f"of every training{default}"
    )
    for option in wanted:
        parser.add_argument(f"--{option}", **OPTIONS[option])
    if others:
        parser.add_argument(
            "--others",
            nargs="+",
            default=[],
            type=named_folder,
            metavar="NAME=FOLDER",
            help=others,
        )
    return parser


def rounded(value: Any) -> Any:
    """Numbers, also those in lists and mappings, with five significant digits."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def processor() -> str:
    """The processor's name, as far as the system tells."""
    return _of_processor("model name") or platform.processor() or platform.machine()


def instructions() -> list[str] | None:
    """Which of the instructions that decide the speed of training the processor has; None if it
    does not tell."""
    flags = _of_processor("flags").split()
    return [name for name in INSTRUCTIONS if name in flags] if flags else None


def _of_processor(field: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return ""
    named = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in named if name.strip() == field), "")
