"""The processes behind the page: a worker for quick tasks, and one training at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Seconds that a training has to save its state when the server stops.
PATIENCE = 30.0


def interrupt(pid: int) -> None:
    """Ask a process of this program to stop, as Ctrl-C does; an OSError if there is none, or on
    Windows if it has another console."""
    # On Windows, os.kill would end the process at any other signal.
    os.kill(pid, getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))


def _start(
    arguments: Sequence[str], stdin: int, stdout: int, stderr: int | None = None
) -> subprocess.Popen[str]:
    """Start ``python -m ARGUMENTS`` out of reach of Ctrl-C, which is for the server."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        text=True,
        encoding="utf-8",
        start_new_session=True,  # ignored on Windows
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


class Worker:
    """Runs commands one after another in a process that starts once."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._at: str | None = None
        self._stopped = set[str]()
        self._closed = False

    def start(self) -> None:
        """Start the process if it is not running, and wait until it is ready."""
        with self._turn, suppress(EOFError, OSError):
            self._running()

    def do(self, run: str, overrides: Sequence[str]) -> str | None:
        """Run the command of a run to its end; returns an error, in one line, or None."""
        with self._turn:
            if run in self._stopped:
                return "it was stopped"
            self._at = run
            try:
                process = self._running()
                assert process.stdin is not None
                process.stdin.write(json.dumps({"overrides": list(overrides)}) + "\n")
                process.stdin.flush()
                error = self._answer(process)["error"]
            except (OSError, EOFError):
                if self._process is not None:
                    self._process.kill()
                    self._process.communicate()  # closes its pipes
                self._process = None
                if self._closed:
                    return "the server has stopped"
                if run in self._stopped:
                    return "it was stopped"
                return "the worker process ended; there may not be enough memory for this"
            finally:
                self._at = None
            return None if error is None else str(error)

    def stop(self, run: str) -> None:
        """Stop the command of a run, or keep it from starting."""
        self._stopped.add(run)
        if self._at == run and self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """End the process, even during a command, and start no other."""
        self._closed = True
        process = self._process
        if process is not None:
            process.terminate()
            with self._turn:
                process.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._closed:
            raise EOFError
        if self._process is None or self._process.poll() is not None:
            self._process = _start(
                ["internal_gan.app.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._answer(self._process)
        return self._process

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, object]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise EOFError
        answer: dict[str, object] = json.loads(line)
        return answer


@dataclass(frozen=True)
class Job:
    """A training: its run folder and its command."""

    folder: Path
    overrides: Sequence[str]


class Trainings:
    """Runs trainings one at a time; the others wait in a queue."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = deque[Job]()
        self._job: Job | None = None
        self._process: subprocess.Popen[str] | None = None
        self._stopping = False
        self._errors: dict[Path, str] = {}
        self._ends = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, job: Job) -> None:
        """Queue a training."""
        with self._changed:
            self._errors.pop(job.folder, None)
            self._waiting.append(job)
            self._changed.notify()

    def place(self, folder: Path) -> int | None:
        """0 while it trains, 1 if it is next, and so on; None if it is not in the queue."""
        with self._changed:
            folders = [job.folder for job in self._waiting]
            if self._job is not None and self._job.folder == folder:
                return 0
            return folders.index(folder) + 1 if folder in folders else None

    def error(self, folder: Path) -> str | None:
        """Why a training failed, in one line."""
        return self._errors.get(folder)

    def stop(self, folder: Path) -> None:
        """Stop a training, which saves its state, or remove it from the queue."""
        with self._changed:
            self._waiting = deque(job for job in self._waiting if job.folder != folder)
            if self._job is not None and self._job.folder == folder:
                self._interrupt()

    def close(self) -> None:
        """Stop all trainings; the running one saves its state."""
        with self._changed:
            self._ends = True
            self._waiting.clear()
            self._interrupt()
            self._changed.notify()
        self._thread.join(PATIENCE)

    def _interrupt(self) -> None:
        # Only once: a second signal would stop it before it has saved its state.
        if self._process is not None and not self._stopping:
            self._stopping = True
            with suppress(OSError):
                interrupt(self._process.pid)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ends)
                if self._ends:
                    return
                self._job = job = self._waiting.popleft()
                self._stopping = False
                try:
                    self._process = process = _start(
                        ["internal_gan", *job.overrides],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE,
                    )
                except OSError as error:
                    why = error.strerror or error
                    self._errors[job.folder] = f"the training could not start: {why}"
                    self._job = None
                    continue
            _, said = process.communicate()
            with self._changed:
                errors = [line for line in said.splitlines() if line.startswith("error: ")]
                if process.returncode not in (0, 130, 143) and (errors or not self._stopping):
                    reason = errors[-1] if errors else "error: the training ended unexpectedly"
                    self._errors[job.folder] = reason.removeprefix("error: ")
                self._job = self._process = None
