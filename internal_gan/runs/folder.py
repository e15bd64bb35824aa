"""The folder of a run: its files, its state, and the claim of the process that works in it."""

import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import psutil

from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import disk_errors, make_folder, remove_leftovers, write_error, write_text
from internal_gan.images.files.names import shown
from internal_gan.runs.jobs import RECORDS
from internal_gan.runs.records import Result, State, read_status

# A run on another machine, whose process is unknown here, counts as alive until it has been silent
# for this long.
SILENCE_SECONDS = 600.0
# A process with the same id that began at another time is another one. Times that differ by no more
# than this count as equal, since a clock may be set.
CLOCK_SECONDS = 60.0
# The longest name of a folder, in bytes; file systems allow 255, and numbers and suffixes are
# appended.
LONGEST_NAME = 150

_claiming = threading.Lock()
_claimed: "WeakValueDictionary[Path, RunFolder]" = WeakValueDictionary()


class RunFolder:
    """The paths and the status of a run: a new one by ``create``, an existing one by ``open``."""

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
    def create(cls, path: str | os.PathLike[str]) -> "RunFolder":
        """Make a run folder, claimed by this process and "running"; a UserError if one is there
        already, unless its run ended before it wrote its configuration or a model."""
        folder = cls(Path(path))
        _check_text(folder.path)
        make_folder(folder.path)
        with disk_errors(folder.path):
            names = folder._names()
        if names and (names & {"config.yaml", "model.safetensors"} or not folder._ended_early()):
            hint = "choose another folder"
            if "config.yaml" in names:
                hint += f", or resume that run with resume={folder.path}"
            raise UserError(f"output folder {folder.path} is not empty; {hint}")
        folder._take()
        folder.status_path.unlink(missing_ok=True)
        folder.write_status("running")
        return folder

    @classmethod
    def open(cls, path: str | os.PathLike[str], needs: Sequence[str] = ()) -> "RunFolder":
        """Open a run folder; a UserError if it is none, or lacks its configuration or ``needs``."""
        folder = cls(Path(path))
        _check_text(folder.path)
        try:
            names = folder._names()
        except NotADirectoryError as error:
            raise UserError(f"{path} is a file; give the run folder that holds it") from error
        except FileNotFoundError as error:
            raise UserError(f"run folder {path} does not exist", kind="missing") from error
        except OSError as error:
            raise UserError(f"cannot read run folder {path}: {error.strerror}") from error
        lacking = [name for name in ("config.yaml", *needs) if name not in names]
        if "config.yaml" in lacking:
            if folder._ended_early():
                raise UserError(
                    f"run folder {path}: its run ended before it wrote config.yaml; start it again "
                    f"with output={path}"
                )
            why = "it has no config.yaml"
            if (folder.path / RECORDS).is_dir():
                why = "a sweep's; name a run in it, or repeat its command with skip_finished=true"
            raise UserError(f"{path} is not a run folder: {why}")
        if lacking:
            raise UserError(f"{path} lacks {', '.join(lacking)}: no model was trained there")
        return folder

    def forget(self) -> None:
        """Let ``create`` begin this run again, writing over what it made; a UserError if another
        process works here, or the run may be finished."""
        self._take()
        try:
            if not self._ended_early():
                raise UserError(
                    f"output folder {self.path}: its status.json is damaged, so that its run may "
                    "be finished; choose another folder, or remove this one"
                )
            self.config_path.unlink()
        finally:
            self.release()

    def claim(self) -> None:
        """Make this process the only one that trains here, and set the state to "running"; a
        UserError if another one does, or the run's files cannot be written."""
        self._take()
        self.write_status("running")

    def _take(self) -> None:
        if self._lock is None:
            self._check_files()
            # The lock on the file belongs to the process and does not keep out its other threads.
            with _claiming:
                if _claimed.setdefault(self.path.resolve(), self) is not self:
                    raise UserError(self._busy(self.status()))
            self._lock = self._take_lock()
            status = self.status()
            if status["state"] == "running" and status.get("pid") != os.getpid():
                self.release()
                raise UserError(self._busy(status))
        remove_leftovers(self.path)

    def release(self) -> None:
        """Let others claim the folder; done automatically when the run ends."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            with _claiming:
                _claimed.pop(self.path.resolve(), None)

    def write_status(
        self, state: State, *, results: Iterable[Result] | None = None, **fields: Any
    ) -> None:
        """Update ``status.json`` by JSON values and, unless None, all ``results`` so far; earlier
        ones stay, except ``reason``. A state other than "running" releases the folder."""
        if results is not None:  # whose empty fields are left out
            fields["results"] = [{k: v for k, v in vars(one).items() if v} for one in results]
        earlier = read_status(self.status_path)
        earlier.pop("reason", None)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        me, host = os.getpid(), socket.gethostname()
        process = {"pid": me, "process_start": _process_start(me), "host": host}
        status = {"state": state, "started": now} | earlier | process | fields
        status |= {"state": state, "updated": now}
        try:
            write_text(self.status_path, json.dumps(status, indent=2) + "\n")
        except UserError:
            # On a full disk, a text no longer than the old one fits in its place.
            short = json.dumps({**earlier, **process, "state": state}).encode()
            if state == "running" or len(short) > self.status_path.stat().st_size:
                raise
            self.status_path.write_bytes(short)
        if state != "running":
            self.release()

    def status(self) -> dict[str, Any]:
        """The content of ``status.json``, always with a ``state``: a
        :data:`~internal_gan.runs.records.State`, "interrupted" if the process died while "running",
        or "unknown" if the file is missing or damaged."""
        status = read_status(self.status_path)
        state = status.setdefault("state", "unknown")
        if state == "running" and not self._is_alive(status):
            status |= {"state": "interrupted", "reason": "the process ended unexpectedly"}
        return status

    def wait(self) -> None:
        """Wait while another process works here, and report that."""
        is_reported = False
        while (now := self.status())["state"] == "running" and now.get("pid") != os.getpid():
            if not is_reported:
                print(f"{self.path}: process {now.get('pid')} is using it; waiting for it to end")
                is_reported = True
            time.sleep(1.0)

    def _names(self) -> set[str]:
        """The names of the entries that are not hidden."""
        return {entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")}

    def _ended_early(self) -> bool:
        status = self.status()
        # Without these fields the status may be the user's own file.
        is_ours = {"pid", "host"} <= set(status)
        return is_ours and status["state"] in ("interrupted", "stopped", "failed")

    def _check_files(self) -> None:
        """Refuse a folder, a pipe or a broken link in place of a file that the run needs."""
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
        if status.get("host") != socket.gethostname():
            files = (self.status_path, self.metrics_path, self.log_path)
            last = max((one.stat().st_mtime for one in files if one.is_file()), default=0.0)
            # A time far in the future, as a copied file may have, is no sign of life.
            return abs(time.time() - last) < SILENCE_SECONDS
        start = _process_start(pid)
        return start is not None and abs(start - status.get("process_start", start)) < CLOCK_SECONDS

    def _take_lock(self) -> int:
        # The lock closes the gap between reading the status and writing it. The system drops it
        # with the process. On file systems without locks, the status must suffice.
        try:
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise write_error(self.path, error) or error from error
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                # Unlike flock's, children do not inherit this lock.
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


def new_run_path(options: Options, family: str) -> Path:
    """The folder that ``output`` names, or a new and empty ``runs/<image>-<family>/<time>``."""
    if options.output is not None:
        return Path(options.output)
    stem = Path(options.image or "image").stem
    # Plain letters: the commands printed later need no quotation marks.
    name = re.sub(r"[^\w.-]+", "_", stem).strip("_.-") or "image"
    name = name.encode()[:LONGEST_NAME].decode(errors="ignore")
    parent = Path("runs", f"{name}-{family}")
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    path = parent / now
    # RunFolder.create reports what else is wrong with it.
    with suppress(OSError):
        for number in count(2):
            try:
                path.mkdir(parents=True)
                break
            except FileExistsError:
                # Another run began in this second, perhaps in another process.
                path = parent / f"{now}-{number}"
    return path


def _check_text(path: Path) -> None:
    """Refuse now what safetensors would refuse after the training."""
    try:
        os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{shown(path)}: this name is not valid UTF-8, which reading a model needs; choose "
            "another folder, rename this one, or work inside it"
        ) from error


def _process_start(pid: int) -> float | None:
    """When a process began, in seconds since 1970; None if it has ended, as a zombie has."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError):
        return None
