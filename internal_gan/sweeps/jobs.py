"""The jobs of a multirun: their names, what became of each, and one in a process of its own.

Needs neither Hydra nor torch, so that a process that only waits for a training stays small.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from internal_gan.config.arguments import key_of, unquote
from internal_gan.config.options import PATHS
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, natural, read_json_object
from internal_gan.runs.places import LONGEST_NAME

RECORDS = ".jobs"
# How often a job is begun whose process was killed; more would go on for ever where memory lacks.
STARTS = 3
# Ways to call a photo, the shortest first.
STEM, FILE, PATH = "stem", "file", "path"
# What may be other when a sweep goes on.
_FREE = {"skip_finished", "objective", "output", "device", "logger"}


@dataclass
class Record:
    """What became of a job, as ``.jobs/NAME.json`` of the sweep's folder has it.

    Attributes:
        state: running, finished, failed or stopped.
        reason: why it failed.
        code: the exit code of a run that ended in this way.
        seconds: what this job took, in the sweep that finished it.
    """

    name: str
    overrides: list[str]
    state: str = "running"
    reason: str | None = None
    code: int = 0
    seconds: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether its fields, as they may come from a file, are of their types."""
        return (
            isinstance(self.name, str)
            and isinstance(self.overrides, list)
            and all(isinstance(override, str) for override in self.overrides)
            and isinstance(self.state, str)
            and isinstance(self.reason, str | None)
            and isinstance(self.code, int)
            and isinstance(self.seconds, int | float | None)
        )


class Sweep:
    """The folder of a multirun: a run folder for each job, and records of them all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def log(self, name: str) -> Path:
        """Where a job that has a process of its own writes what it says."""
        return self.path / RECORDS / f"{name}.txt"

    def read(self, name: str) -> Record | None:
        """What is known of a job."""
        found = read_json_object(self._record(name))
        known = {entry.name for entry in fields(Record)}
        if not {"name", "overrides"} <= set(found) <= known:
            return None
        record = Record(**found)
        return record if record.is_whole and record.name == name else None

    def write(self, record: Record) -> None:
        """Write down what became of a job.

        Raises:
            UserError: the disk is full, or the folder is not writable.
        """
        path = self._record(record.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")

    def records(self) -> list[Record]:
        """Of all jobs that were begun, by name."""
        folder = self.path / RECORDS
        files = (path.relative_to(folder).with_suffix("") for path in folder.rglob("*.json"))
        found = [self.read(name) for name in sorted((f.as_posix() for f in files), key=natural)]
        return [record for record in found if record is not None]

    def settle(self, names: Iterable[str]) -> None:
        """Note jobs that are not to be tried again when the launcher starts anew."""
        path = self.path / RECORDS / "settled"
        text = "\n".join(names)
        if text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink(missing_ok=True)

    @property
    def photos(self) -> str | None:
        """How the jobs call their photos, see :func:`how_to_call`; None where none was begun."""
        with suppress(FileNotFoundError):
            return (self.path / RECORDS / "photos").read_text(encoding="utf-8")
        return None

    @photos.setter
    def photos(self, way: str) -> None:
        path = self.path / RECORDS / "photos"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(way, encoding="utf-8")

    def is_settled(self, name: str) -> bool:
        """Whether a job was noted by :meth:`settle`."""
        with suppress(FileNotFoundError):
            path = self.path / RECORDS / "settled"
            return name in path.read_text(encoding="utf-8").split("\n")
        return False

    def _record(self, name: str) -> Path:
        return self.path / RECORDS / f"{name}.json"


def job_name(overrides: Sequence[str], keys: Iterable[str], photos: str = STEM) -> str:
    """What a job and its run folder are called: its photo, and the values that differ.

    Args:
        overrides: of the job.
        keys: the options that differ between the jobs.
        photos: whether a photo is called by its name without suffix, by its name or by its path.

    >>> job_name(["image='my photos/a b.jpg'", "seed=3", "trainer=fast"], ["image", "seed"])
    'a_b-seed=3'
    """
    wanted = set(keys)
    parts: list[str] = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key == "image":
            names = value[1:-1].split(",") if value.startswith("[") else [value]
            called = [_photo_name(unquote(name.strip()), photos) for name in names]
            parts.insert(0, "+".join(called))
        elif key in wanted:
            parts.append(f"{key.removeprefix('model.')}={in_short(unquote(value))}")
    name = re.sub(r"[^\w.=+-]+", "_", "-".join(parts)).strip("_.") or "job"
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{name.encode()[: LONGEST_NAME - 13].decode(errors='ignore')}-{digest}"
    return name


def in_short(value: str) -> str:
    """A value with six digits, if it is a fraction with more.

    >>> in_short("0.00223787810344"), in_short("123456789"), in_short("hinge")
    ('0.00223788', '123456789', 'hinge')
    """
    try:
        return f"{float(value):.6g}" if len(value) > 8 and not value.isdecimal() else value
    except ValueError:
        return value


def how_to_call(images: Sequence[str], before: str | None = None) -> str:
    """The shortest way to call photos that tells them apart.

    Args:
        before: how they were called in the sweep that goes on, which keeps their names.

    Raises:
        UserError: not even their paths do, or not in the way of before.

    >>> how_to_call(["a/x.jpg", "a/y.jpg"]), how_to_call(["a/x.jpg", "a/x.png"])
    ('stem', 'file')
    """
    distinct = sorted(set(images))
    for way in (before,) if before in (STEM, FILE, PATH) else (STEM, FILE, PATH):
        names = [job_name([f"image={image}"], (), way) for image in distinct]
        if len(set(names)) == len(distinct):
            return way
    twice = next(name for name in names if names.count(name) > 1)
    same = [image for image, name in zip(distinct, names, strict=True) if name == twice]
    raise UserError(
        f"image: {' and '.join(map(unquote, same))} would both be called {twice}; rename one"
    )


def lasting(overrides: Sequence[str]) -> list[str]:
    """What a job's result follows from, so that two sweeps can be compared: names in full."""
    kept = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key in _FREE or key.startswith("hydra"):
            continue
        if key in PATHS and not value.startswith("[") and value not in ("", "null"):
            override = f"{key}={Path(unquote(value)).absolute()}"
        kept.append(override.removeprefix("++"))
    return kept


def run_apart(
    arguments: Sequence[str], log: Path, folder: str, name: str, threads: int | None = None
) -> tuple[int, str]:
    """Run this program in a process of its own, again when that is killed.

    Args:
        arguments: of the command line. A start after a kill has the same ones, so that they must
            go on with what is there.
        log: what it says is added to this file.
        folder: where it runs.
        threads: of PyTorch, unless the environment says how many; None: as many as it takes.

    Returns:
        The exit code, and the reason for one that is not 0.
    """
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    divided = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    environment = divided | os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
    log.parent.mkdir(parents=True, exist_ok=True)
    code = 0
    for start in range(1, STARTS + 1):
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "internal_gan", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                # In a session of its own it hears of Ctrl-C from `_wait` alone: a second signal
                # would tell it not to save.
                start_new_session=True,
            )
            code = _wait(process)
        if code >= 0:
            break
        print(f"{name}: {_signal(code)}, start {start} of {STARTS}", flush=True)
    if code < 0:
        return 1, f"{_signal(code)} {STARTS} times, perhaps for lack of memory; see {log}"
    return code, (_last_error(log) or f"exit code {code}; see {log}") if code else ""


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def _signal(code: int) -> str:
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _last_error(log: Path) -> str | None:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[-1] if errors else None


def _photo_name(image: str, way: str) -> str:
    path = Path(image)
    return {STEM: path.stem, FILE: path.name, PATH: image.strip("/")}[way]
