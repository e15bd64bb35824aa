"""The processes behind the page: a worker for quick tasks, and one training at a time."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from internal_gan.commands import ERRORS
from internal_gan.errors import UserError
from internal_gan.files import json_object


def interrupt(pid: int) -> None:
    """Ask a process of this program to stop, as Ctrl-C does; an OSError if it cannot be asked."""
    # On Windows, os.kill would end the process at any other signal.
    os.kill(pid, getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))


def _start(*arguments: str, **pipes: Any) -> Popen[str]:
    """Start ``python -m ARGUMENTS`` out of reach of Ctrl-C, which is for the server."""
    return Popen(
        [sys.executable, "-m", *arguments],
        env=os.environ | {"PYTHONIOENCODING": "utf-8", ERRORS: "json"},
        encoding="utf-8",
        start_new_session=True,  # ignored on Windows
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        **pipes,
    )


class Worker:
    """Runs commands one after another in a process that starts once."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: Popen[str] | None = None
        self._at: str | None = None
        self._stopped = set[str]()
        self._closed = False

    def start(self) -> None:
        """Start the process if it is not running, and wait until it is ready."""
        with self._turn, suppress(OSError):
            self._running()

    def do(self, run: str, overrides: Sequence[str]) -> UserError | None:
        """Run the command of a run to its end; returns an error, in one line, or None."""
        with self._turn:
            if run in self._stopped:
                return UserError("it was stopped")
            self._at = run
            try:
                process = self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(json.dumps(list(overrides)) + "\n")
                process.stdin.flush()
                error = json.loads(process.stdout.readline())
            except (OSError, ValueError):  # at the end of a file, no JSON is read
                if self._process is not None:
                    self._process.kill()
                    self._process.communicate()  # closes its pipes
                self._process = None
                if self._closed:
                    return UserError("the server has stopped")
                if run in self._stopped:
                    return UserError("it was stopped")
                why = "the worker process ended; there may not be enough memory for this"
                return UserError(why)
            finally:
                self._at = None
            return UserError(**error) if error else None

    def stop(self, run: str) -> None:
        """Stop the command of a run, or keep it from starting."""
        self._stopped.add(run)
        if self._at == run and self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """End the process, even during a command, and start no other."""
        self._closed = True
        if (process := self._process) is not None:
            process.terminate()
            with self._turn:
                process.communicate()

    def _running(self) -> Popen[str]:
        if self._closed:
            raise BrokenPipeError
        if self._process is None or self._process.poll() is not None:
            self._process = _start("internal_gan.app.worker", stdin=PIPE, stdout=PIPE)
            assert self._process.stdout is not None
            self._process.stdout.readline()  # once it is ready
        return self._process


class Trainings:
    """Runs trainings, each a process of its own, one at a time; the others wait in a queue."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._one_by_one = ThreadPoolExecutor(max_workers=1)
        self._queue: dict[Path, Future[UserError | None]] = {}
        self._process: Popen[str] | None = None
        self._stopped = set[Path]()

    def add(self, folder: Path, overrides: Sequence[str]) -> None:
        """Queue the training of a run folder, a command with these overrides."""
        with self._changing:
            self._stopped.discard(folder)
            self._queue.pop(folder, None)  # so that it comes last
            self._queue[folder] = self._one_by_one.submit(self._train, folder, overrides)

    def place(self, folder: Path) -> int | None:
        """0 while it trains, 1 if it is next, and so on; None if it is not in the queue."""
        with self._changing:
            queue = [one for one, training in self._queue.items() if not training.done()]
        return queue.index(folder) if folder in queue else None

    def error(self, folder: Path) -> UserError | None:
        """Why a training failed, in one line."""
        training = self._queue.get(folder)
        if training is None or not training.done() or training.cancelled():
            return None
        return training.result()

    def stop(self, folder: Path) -> None:
        """Stop a training, which saves its state, or remove it from the queue."""
        with self._changing:
            training = self._queue.get(folder)
            if training is None or training.cancel() or training.done():
                return
            # Only once: a second signal would stop it before it has saved its state.
            if folder not in self._stopped and self._process is not None:
                with suppress(OSError):
                    interrupt(self._process.pid)
            self._stopped.add(folder)

    def close(self) -> None:
        """Stop all trainings; returns when the running one has saved its state."""
        for folder in [*self._queue][::-1]:
            self.stop(folder)
        self._one_by_one.shutdown()

    def _train(self, folder: Path, overrides: Sequence[str]) -> UserError | None:
        with self._changing:
            if folder in self._stopped:
                return None
            try:
                self._process = process = _start(
                    "internal_gan", *overrides, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
                )
            except OSError as error:
                return UserError(f"the training could not start: {error.strerror or error}")
        _, said = process.communicate()
        with self._changing:
            self._process = None
        errors = [line for line in said.splitlines() if line.startswith("error: ")]
        if process.returncode in (0, 130, 143) or (folder in self._stopped and not errors):
            return None
        fields = json_object(errors[-1].removeprefix("error: ")) if errors else {}
        return UserError(**(fields or {"problem": "the training ended unexpectedly"}))
