"""Child processes that end with the benchmark that started them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from benchmarks._common import ROOT
from internal_gan.errors import UserError


class StoppedError(Exception):
    """The benchmark was asked to stop while this was going on."""


class Processes:
    """Runs Python in child processes, several at once from several threads.

    Inside the ``with`` block SIGTERM raises KeyboardInterrupt as Ctrl-C does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()
        self._earlier: Any = None

    def __enter__(self) -> "Processes":
        self._earlier = signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGTERM, self._earlier)

    def run(self, arguments: Sequence[str], log: Path, threads: int) -> None:
        """Run ``python ARGUMENTS`` with so many threads, its output added to ``log``.

        Raises:
            UserError: it failed; with the last line of its output.
            StoppedError: the benchmark was asked to stop.
        """
        count = str(threads)
        environment = os.environ | {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            with self._lock:
                if self._stopping.is_set():
                    raise StoppedError
                # In a session of its own it hears of Ctrl-C from `stop` alone: a second signal
                # would tell it not to save.
                process = subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(process)
            code = process.wait()
        with self._lock:
            self._running.discard(process)
        if self._stopping.is_set():
            raise StoppedError
        if code:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise UserError(f"exit code {code}: {lines[-1] if lines else 'no output'}; see {log}")

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: the benchmark was asked to stop.
        """
        if self._stopping.wait(seconds):
            raise StoppedError

    def stop(self) -> None:
        """Ask every process to end, and wait until it has saved what it has."""
        self._stopping.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
