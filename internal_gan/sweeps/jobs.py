"""The jobs of a multirun: their records, and running one in its own process.

Imports neither Hydra nor torch, so that a process that only waits for a training stays small.
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
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, natural, read_record

RECORDS = ".jobs"
# How often a job is started if it keeps being killed; one out of memory would restart for ever.
STARTS = 3
# Options that may differ when a sweep is continued.
_FREE = {"skip_finished", "objective", "output", "device", "logger"}


@dataclass
class Record:
    """What became of a job, as in the sweep's ``.jobs/NAME.json``.

    Attributes:
        overrides: see :func:`lasting`.
        state: running, finished, failed or stopped.
        reason, code: why it failed or was stopped, and its exit code.
        seconds: how long it took.
    """

    name: str
    overrides: list[str]
    state: str = "running"
    reason: str | None = None
    code: int = 0
    seconds: float | None = None


def lasting(overrides: Sequence[str]) -> list[str]:
    """The overrides that decide a job's result, with absolute paths."""
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
    """The folder of a multirun, with a run folder and a record for each job."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records = path / RECORDS

    def log(self, name: str) -> Path:
        """The output of a job with its own process."""
        return self._records / f"{name}.txt"

    def read(self, name: str) -> Record | None:
        """A job's record; None if it was never begun or the record is damaged."""
        with suppress(UserError):
            record = read_record(Record, self._records / f"{name}.json")
            return record if record is not None and record.name == name else None
        return None

    def write(self, record: Record) -> None:
        """Write a job's record; UserError if the disk is full or the folder is not writable."""
        path = self._records / f"{record.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")

    def records(self) -> list[Record]:
        """The records of all jobs, sorted by name."""
        files = [path.relative_to(self._records) for path in self._records.rglob("*.json")]
        names = sorted((file.with_suffix("").as_posix() for file in files), key=natural)
        return [record for name in names if (record := self.read(name)) is not None]

    @property
    def photos(self) -> str | None:
        """What jobs call their photos, see ``how_to_call``; None before the first one begins."""
        return self._note("photos")

    @photos.setter
    def photos(self, way: str) -> None:
        self._write_note("photos", way)

    def settle(self, names: Iterable[str]) -> None:
        """Note the jobs that a restarted launcher must not try again."""
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
    """Run this program in its own process, and again if it is killed.

    Args:
        arguments: of the command line; they must resume a killed run.
        log: the file to which its output is added.
        folder: the working directory.
        threads: for PyTorch, unless the environment sets them.

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
                # In its own session, it gets Ctrl-C only from `_wait`; a second signal would keep
                # it from saving.
                start_new_session=True,
            )
            code = _wait(process)
        if code >= 0:
            break
        print(f"{name}: {_signal(code)}, attempt {start} of {STARTS}", flush=True)
    if code < 0:
        return 1, f"{_signal(code)} {STARTS} times, perhaps out of memory; see {log}"
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
