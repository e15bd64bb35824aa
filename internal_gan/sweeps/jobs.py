"""The jobs of a multirun: what became of each, and one in a process of its own.

Needs neither Hydra nor torch, so that a process that only waits for a training stays small.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from internal_gan.config.arguments import key_of, unquote
from internal_gan.config.options import PATHS
from internal_gan.files import atomic_write, natural, read_json_object

RECORDS = ".jobs"
# How often a job is started whose process is killed; without a limit, one for which there is not
# enough memory would never end.
STARTS = 3
# What may differ from the earlier part of a sweep that goes on.
_FREE = {"skip_finished", "objective", "output", "device", "logger"}


@dataclass
class Record:
    """What became of a job, as ``.jobs/NAME.json`` in the sweep's folder has it.

    Attributes:
        overrides: what its result follows from; see :func:`lasting`.
        state: running, finished, failed or stopped.
        reason: why it failed or was stopped.
        code: the exit code of a run that failed or was stopped.
        seconds: how long the job took in the sweep that finished it.
    """

    name: str
    overrides: list[str]
    state: str = "running"
    reason: str | None = None
    code: int = 0
    seconds: float | None = None


_TYPES = {
    "name": str,
    "overrides": list,
    "state": str,
    "reason": str | None,
    "code": int,
    "seconds": int | float | None,
}


def lasting(overrides: Sequence[str]) -> list[str]:
    """The overrides that a job's result follows from, with paths in full, so that they mean the
    same wherever a later sweep is started."""
    kept = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key in _FREE or key.startswith("hydra"):
            continue
        if key in PATHS and not value.startswith("[") and value not in ("", "null"):
            override = f"{key}={Path(unquote(value)).absolute()}"
        kept.append(override.removeprefix("++"))
    return kept


class Sweep:
    """The folder of a multirun: a run folder for each job, and records of them all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records = path / RECORDS

    def log(self, name: str) -> Path:
        """Where a job with a process of its own writes what it says."""
        return self._records / f"{name}.txt"

    def read(self, name: str) -> Record | None:
        """What became of a job; None for one that was never begun, or whose record is damaged."""
        found = read_json_object(self._records / f"{name}.json")
        if (
            not {"name", "overrides"} <= found.keys() <= _TYPES.keys()
            or not all(isinstance(value, _TYPES[key]) for key, value in found.items())
            or not all(isinstance(override, str) for override in found["overrides"])
            or found["name"] != name
        ):
            return None
        return Record(**found)

    def write(self, record: Record) -> None:
        """Write down what became of a job.

        Raises:
            UserError: the disk is full, or the folder is not writable.
        """
        path = self._records / f"{record.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")

    def records(self) -> list[Record]:
        """What became of every job that was begun, sorted by name."""
        files = [path.relative_to(self._records) for path in self._records.rglob("*.json")]
        names = sorted((file.with_suffix("").as_posix() for file in files), key=natural)
        return [record for name in names if (record := self.read(name)) is not None]

    @property
    def photos(self) -> str | None:
        """How its jobs call their photos (:func:`~internal_gan.sweeps.job_names.how_to_call`);
        None before the first job is begun."""
        return self._note("photos")

    @photos.setter
    def photos(self, way: str) -> None:
        self._write_note("photos", way)

    def settle(self, names: Iterable[str]) -> None:
        """Note jobs that are not to be tried again when the launcher is started again."""
        self._write_note("settled", "\n".join(names))

    def is_settled(self, name: str) -> bool:
        """Whether a job was noted by :meth:`settle`."""
        return name in (self._note("settled") or "").split("\n")

    def _note(self, name: str) -> str | None:
        with suppress(FileNotFoundError):
            return (self._records / name).read_text(encoding="utf-8")
        return None

    def _write_note(self, name: str, text: str) -> None:
        if text:
            self._records.mkdir(parents=True, exist_ok=True)
            (self._records / name).write_text(text, encoding="utf-8")
        else:
            (self._records / name).unlink(missing_ok=True)


def run_apart(
    arguments: Sequence[str], log: Path, folder: str, name: str, threads: int | None = None
) -> tuple[int, str]:
    """Run this program in a process of its own, and again when that is killed.

    Args:
        arguments: of the command line; with the same ones it must go on where it was killed.
        log: the file to which what it says is added.
        folder: the working directory.
        name: the job's, to tell of a kill.
        threads: for PyTorch, unless the environment says how many; None: as many as it takes.

    Returns:
        The exit code, and the reason if that is not 0.
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
                # Outside of the terminal's session it hears of Ctrl-C from `_wait` alone: a second
                # signal would tell it not to save.
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
