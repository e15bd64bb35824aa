"""The folder that holds all that describes one training run, and the truth about its state."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

from internal_gan.errors import UserError
from internal_gan.files import (
    atomic_write,
    remove_leftovers,
    write_error,
    write_over,
)
from internal_gan.images.files.names import shown
from internal_gan.runs.records import read_status
from internal_gan.runs.results import Result, as_json

if sys.platform != "win32":
    import fcntl

State = Literal["running", "finished", "stopped", "failed"]

# A run whose process cannot be looked up (another machine) counts as alive while it writes.
SILENCE_SECONDS = 600.0

_claiming = threading.Lock()
_claimed: WeakValueDictionary[Path, RunFolder] = WeakValueDictionary()


class RunFolder:
    """Paths in a run folder, its ``status.json``, and the claim that only one process trains in it.

    Use ``create`` for a new run and ``open`` for an existing one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_path = path / "config.yaml"
        self.model_path = path / "model.safetensors"
        self.checkpoint_path = path / "training.ckpt"
        self.metrics_path = path / "metrics.jsonl"
        self.log_path = path / "log.txt"
        self.status_path = path / "status.json"
        self.report_path = path / "index.html"
        self._lock: int | None = None

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Make a new run folder, with its parents, claimed by this process and "running".

        A folder where an earlier run came to its end before it wrote anything of use is taken.

        Raises:
            UserError: a file or a folder with something in it is in the way, or the place is not
                writable; names ``path``.
        """
        folder = cls(Path(path))
        _check_text(folder.path)
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            if folder._has_contents():
                raise UserError(_not_empty(folder))
            with tempfile.TemporaryFile(dir=folder.path):
                pass
        except FileExistsError as error:
            raise UserError(
                f"output folder {path}: a file of that name is in the way; choose another folder"
            ) from error
        except OSError as error:
            raise write_error(folder.path, error) or UserError(
                f"cannot write {path}: {error.strerror}"
            ) from error
        folder._take()
        folder.status_path.unlink(missing_ok=True)
        folder.write_status("running")
        return folder

    @classmethod
    def open(cls, path: str | os.PathLike[str], needs: Sequence[str] = ()) -> RunFolder:
        """Open an existing run folder that has a ``config.yaml`` and all files in ``needs``.

        Raises:
            UserError: it is missing, not a folder, or lacks a file; names what is lacking.
        """
        folder = cls(Path(path))
        _check_text(folder.path)
        try:
            entries = {entry.name for entry in folder.path.iterdir()}
        except NotADirectoryError as error:
            raise UserError(f"{path} is a file; give the run folder that holds it") from error
        except FileNotFoundError as error:
            raise UserError(f"run folder {path} does not exist") from error
        except OSError as error:
            raise UserError(f"cannot read run folder {path}: {error.strerror}") from error
        lacking = [name for name in ("config.yaml", *needs) if name not in entries]
        if "config.yaml" in lacking:
            if folder._is_stillborn(entries):
                raise UserError(
                    f"run folder {path}: its run ended before it wrote config.yaml; begin it anew "
                    f"with output={path}"
                )
            raise UserError(f"{path} is not a run folder: it has no config.yaml")
        if lacking:
            raise UserError(f"run folder {path} lacks {', '.join(lacking)}")
        return folder

    def claim(self) -> None:
        """Make this process the only one that trains here, and set the state to "running".

        Raises:
            UserError: another process is training in this folder, it is not writable, or
                something else is where a file of the run belongs.
        """
        self._take()
        self.write_status("running")

    def _take(self) -> None:
        """Lock the folder, which nobody else may be training in, and tidy it."""
        if self._lock is None:
            self._check_files()
            self._claim_among_threads()
            self._lock = self._take_lock()
            status = self.status()
            if status["state"] == "running" and status.get("pid") != os.getpid():
                self.release()
                raise UserError(self._busy(status))
        remove_leftovers(self.path)

    def _claim_among_threads(self) -> None:
        # The lock on a file is its process's, and keeps no thread of that away.
        place = self.path.resolve()
        with _claiming:
            if _claimed.get(place, self) is not self:
                raise UserError(self._busy(self.status()))
            _claimed[place] = self

    def release(self) -> None:
        """Let another process claim the folder; done by itself when the run is over."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            with _claiming:
                _claimed.pop(self.path.resolve(), None)

    def write_status(
        self, state: State, *, results: Iterable[Result] | None = None, **fields: Any
    ) -> None:
        """Write ``status.json`` in one step. Fields written before stay, except ``reason``.

        The process, the host, the time of the first write (``started``) and of this one
        (``updated``) are added. A state other than "running" releases the folder.

        Args:
            results: everything that the run has made so far, for
                :func:`~internal_gan.runs.results.read_results`; None: what was recorded stays.
            fields: JSON values such as ``reason``, ``stage``, ``step``, ``seconds``.
        """
        if results is not None:
            fields["results"] = [as_json(result) for result in results]
        earlier = read_status(self.status_path)
        earlier.pop("reason", None)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        process = {
            "pid": os.getpid(),
            "process_start": _process_start(os.getpid()),
            "host": socket.gethostname(),
        }
        status = {"state": state, "started": now} | earlier | process | fields
        status |= {"state": state, "updated": now}
        text = json.dumps(status, indent=2) + "\n"
        try:
            with atomic_write(self.status_path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        except UserError as error:
            if state == "running":
                raise
            # On a full disk there is still the room of what was written before.
            try:
                write_over(self.status_path, text)
            except OSError:
                raise error from None
        if state != "running":
            self.release()

    def status(self) -> dict[str, Any]:
        """Read ``status.json``; "running" without a living process reads as "interrupted".

        ``state`` is always there: "running", "finished", "stopped", "failed", "interrupted", or
        "unknown" where there is no readable ``status.json``.
        """
        status = read_status(self.status_path)
        state = status.setdefault("state", "unknown")
        if state == "running" and not self._is_alive(status):
            status |= {"state": "interrupted", "reason": "the process ended without a word"}
        return status

    def _has_contents(self) -> bool:
        """Whether something is there that a new run would be in the way of."""
        entries = {entry.name for entry in self.path.iterdir()}
        visible = {name for name in entries if not name.startswith(".")}
        return bool(visible) and not self._is_stillborn(visible)

    def _is_stillborn(self, entries: Collection[str]) -> bool:
        """Whether these are the files of a run that ended before it wrote its configuration.

        A status that no run of this package wrote may be a file of the user's.
        """
        visible = {name for name in entries if not name.startswith(".")}
        status = self.status()
        ended = status["state"] in ("interrupted", "stopped", "failed") and {"pid", "host"} <= set(
            status
        )
        return ended and visible <= {"status.json", "log.txt"}

    def _check_files(self) -> None:
        """Refuse a folder, a pipe or a broken link in place of a file that the run reads or
        writes. The page is none of these: a run goes on without it."""
        for path in (
            *(self.config_path, self.model_path, self.checkpoint_path, self.metrics_path),
            *(self.log_path, self.status_path, self.path / ".lock"),
        ):
            if os.path.lexists(path) and not path.is_file():
                raise UserError(f"{path} is not a file; remove it, or choose another folder")

    def _is_alive(self, status: dict[str, Any]) -> bool:
        pid = status.get("pid")
        if pid is None:
            return False
        if status.get("host") != socket.gethostname() or sys.platform == "win32":
            # A time that lies far ahead, as a copied file may have, is no sign of life.
            return abs(self._silence()) < SILENCE_SECONDS
        if not _is_process(pid):
            return False
        start = status.get("process_start")
        return start is None or start == _process_start(pid)

    def _silence(self) -> float:
        """Seconds since the run last wrote something; below 0 where a file is from the future."""
        newest = 0.0
        for path in (self.status_path, self.metrics_path, self.log_path):
            with suppress(OSError):
                newest = max(newest, path.stat().st_mtime)
        return time.time() - newest

    def _take_lock(self) -> int:
        # The lock closes the gap between reading the status and writing it; the kernel drops it
        # with the process, and children do not inherit it, as they would with flock. File
        # systems without locks still have the check of the status.
        try:
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise write_error(self.path, error) or error from error
        if sys.platform != "win32":
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError) as error:
                os.close(descriptor)
                raise UserError(self._busy(read_status(self.status_path))) from error
            except OSError:
                pass
        return descriptor

    def _busy(self, status: dict[str, Any]) -> str:
        who = f"process {status.get('pid')} on {status.get('host')}"
        return f"run folder {self.path}: {who} is training in it; wait for it or stop it first"


def _check_text(path: Path) -> None:
    """Refuse at once what the library that reads models refuses after the training."""
    try:
        os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{shown(path)}: this name is not valid UTF-8, which reading a model needs; choose "
            "another folder, rename this one, or work inside of it"
        ) from error


def _not_empty(folder: RunFolder) -> str:
    hint = "choose another folder"
    if folder.config_path.is_file():
        hint += f", or go on with that run by resume={folder.path}"
    return f"output folder {folder.path} is not empty; {hint}"


def _stat_fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; the name before it may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _process_start(pid: int) -> int | None:
    """Start of a process in clock ticks since boot; None where the platform does not tell."""
    try:
        return int(_stat_fields(pid)[19])
    except (OSError, ValueError, IndexError):
        return None


def _is_process(pid: int) -> bool:
    """Tell whether a process runs; one that is dead and only not yet waited for does not."""
    with suppress(OSError, IndexError):
        if _stat_fields(pid)[0] in "ZX":
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
