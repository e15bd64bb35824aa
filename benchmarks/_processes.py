"""Runs the package's commands in child processes, which end when the benchmark ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

from benchmarks._common import ROOT, last_line, print_json, say, write_summary
from internal_gan.errors import UserError

T = TypeVar("T")


class StoppedError(Exception):
    """The benchmark was asked to stop in the meantime."""


class Processes:
    """Runs the package in child processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()

    def train(self, run: Path, arguments: Sequence[str], log: Path, threads: int) -> None:
        """Train by the command line, with ``arguments`` and ``output=``, until the run is finished,
        whether it is new or resumed; errors are those of :meth:`run`."""
        say(f"{run.name}: training")
        self.run([*arguments, f"output={run}", "skip_finished=true"], log, threads)

    def run(self, arguments: Sequence[str], log: Path, threads: int) -> None:
        """Run ``python -m internal_gan ARGUMENTS`` and append its output to ``log``.

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
                # In a session of its own it gets Ctrl-C only through `stop`: a second signal
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

    def stop(self) -> None:
        """Ask every process to stop, and wait until it has saved its state."""
        self._stopping.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


@dataclass(frozen=True)
class Job:
    """A photo to train on with a seed, and where its files are."""

    photo: str
    seed: int
    image: Path
    output: Path

    @property
    def name(self) -> str:
        return f"{self.photo}-seed{self.seed}"

    @property
    def run(self) -> Path:
        return self.folder("runs")

    @property
    def result(self) -> Path:
        return self.output / "results" / f"{self.name}.json"

    @property
    def log(self) -> Path:
        return self.output / "logs" / f"{self.name}.txt"

    def folder(self, kind: str) -> Path:
        return self.output / kind / self.name

    def train(self, processes: Processes, threads: int, *options: str) -> None:
        """Train on the photo with the seed and further options; see :meth:`Processes.train`."""
        arguments = [*options, f"image={self.image}", f"seed={self.seed}"]
        processes.train(self.run, arguments, self.log, threads)


def do_jobs(
    jobs: Mapping[str, Callable[[Processes], T]],
    at_once: int = 1,
    on_results: Callable[[list[T]], object] = list,
) -> tuple[list[T], list[str]]:
    """Run jobs; after each, ``on_results`` gets the results so far, in the order of the jobs.
    Returns them, and a line for every job that failed.

    SIGTERM acts like Ctrl-C: it stops the processes and then the benchmark, with exit code 130.
    """
    found, failures, processes = dict[str, T](), list[str](), Processes()
    earlier = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with ThreadPoolExecutor(at_once) as pool:
            futures = {pool.submit(job, processes): name for name, job in jobs.items()}
            try:
                for future in as_completed(futures):
                    name = futures[future]
                    try:
                        found[name] = future.result()
                        say(f"[{len(found)}/{len(jobs)}] {name}")
                        on_results([found[one] for one in jobs if one in found])
                    except UserError as error:
                        failures.append(f"{name}: {error}")
                        say(failures[-1])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                processes.stop()
                raise
    except KeyboardInterrupt:
        say("stopped; run the same command to continue")
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, earlier)
    return [found[one] for one in jobs if one in found], failures


def report(
    name: str,
    output: Path,
    jobs: Mapping[str, Callable[[Processes], dict[str, Any]]],
    about: Mapping[str, Any],
    tables: Callable[[Mapping[str, Any]], Mapping[str, str]],
    at_once: int = 1,
) -> None:
    """Run jobs, keep the ``tables`` of their results in the output folder, and print the record."""

    def summarise(found: list[dict[str, Any]]) -> None:
        write_summary(output, tables({**about, "results": found}))

    results, failures = do_jobs(jobs, at_once, summarise)
    print_json(name, {**about, "results": results, "failures": failures})


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
