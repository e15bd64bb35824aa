"""Runs the package's commands in child processes, which end when the benchmark ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, TypeVar

from benchmarks._common import ROOT, last_line, say
from internal_gan.errors import UserError

T = TypeVar("T")


class StoppedError(Exception):
    """The benchmark was asked to stop in the meantime."""


class Processes:
    """Runs the package in child processes, several at once.

    Inside the ``with`` block, SIGTERM acts like Ctrl-C: it stops the processes and then the
    benchmark, with exit code 130.
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
        if kind is not None:
            self._stop()
        signal.signal(signal.SIGTERM, self._earlier)
        if kind is KeyboardInterrupt:
            say("stopped; run the same command to continue")
            sys.exit(130)

    def train(self, run: Path, arguments: Sequence[str], log: Path, threads: int) -> None:
        """Train by the command line until the run is finished, whether it is new or resumed.

        Args:
            arguments: of the command line, without ``output=``.

        Raises:
            UserError, StoppedError: as :meth:`run`.
        """
        say(f"{run.name}: training")
        self.run([*arguments, f"output={run}", "skip_finished=true"], log, threads)

    def run(self, arguments: Sequence[str], log: Path, threads: int) -> None:
        """Run ``python -m internal_gan ARGUMENTS`` and append its output to ``log``.

        Args:
            threads: the number it may use.

        Raises:
            UserError: it failed; the message has the last line of its output.
            StoppedError: the benchmark was asked to stop.
        """
        count = str(threads)
        environment = os.environ | {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            with self._lock:
                if self._stopping.is_set():
                    raise StoppedError
                # In a session of its own it gets Ctrl-C only through `_stop`: a second signal
                # would tell it not to save.
                process = subprocess.Popen(
                    [sys.executable, "-m", "internal_gan", *arguments],
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
            raise UserError(f"exit code {code}: {last_line(log)}; see {log}")

    def do_all(
        self,
        jobs: Mapping[str, Callable[[], T]],
        at_once: int,
        on_result: Callable[[str, T], object],
    ) -> list[str]:
        """Run jobs, several at once, and report each result as it comes.

        Returns:
            A line for every job that failed; the others go on.
        """
        failures = []
        with ThreadPoolExecutor(at_once) as pool:
            futures = {pool.submit(job): name for name, job in jobs.items()}
            try:
                for future in as_completed(futures):
                    try:
                        on_result(futures[future], future.result())
                    except UserError as error:
                        failures.append(f"{futures[future]}: {error}")
                        say(failures[-1])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise
        return failures

    def _stop(self) -> None:
        """Ask every process to stop, and wait until it has saved its state."""
        self._stopping.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def do_jobs(
    jobs: Mapping[str, Callable[[Processes], T]],
    at_once: int = 1,
    on_results: Callable[[list[T]], object] = list,
) -> tuple[list[T], list[str]]:
    """Run jobs; after each, ``on_results`` gets the results so far, in the order of the jobs.

    Returns:
        The results, and a line for every job that failed.
    """
    found: dict[str, T] = {}

    def in_order() -> list[T]:
        return [found[name] for name in jobs if name in found]

    def add(name: str, result: T) -> None:
        found[name] = result
        say(f"[{len(found)}/{len(jobs)}] {name}")
        on_results(in_order())

    with Processes() as processes:
        work = {name: partial(job, processes) for name, job in jobs.items()}
        failures = processes.do_all(work, at_once, add)
    return in_order(), failures


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
