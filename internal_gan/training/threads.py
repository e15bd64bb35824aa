"""Chooses the number of CPU threads by measurement; on a busy machine, one can be best."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import torch

from internal_gan.training.callbacks import StagePlan
from internal_gan.training.recovery import Recovery
from internal_gan.training.trainee import NotFiniteError

T = TypeVar("T")

_log = logging.getLogger(__name__)
_choosing = threading.Lock()

# More threads are used only if they take less than this fraction of the time, since the number of
# threads affects the last digits of results.
WORTH = 0.9
# Steps to time for each number of threads when a stage begins, after one to warm up.
PROBE_STEPS = 3
# The largest fraction of a stage's steps to spend on measuring.
PROBE_SHARE = 0.05
# Measure again if steps over such a window are this many times slower than expected.
SLOWER = 1.5
WINDOW_SECONDS = 3.0
WINDOW_STEPS = 8


class Threads:
    """The numbers of threads to choose from: just one if the user or the device decides it.

    Args:
        wanted: the user's choice; None measures, unless ``OMP_NUM_THREADS`` is set.
        device: the training device; the number matters on the CPU only.

    Attributes:
        counts: the numbers in ascending order.
    """

    def __init__(self, wanted: int | None, device: torch.device) -> None:
        if device.type != "cpu" or (wanted is None and os.environ.get("OMP_NUM_THREADS")):
            wanted = torch.get_num_threads()
        self._decided = wanted is not None
        self.counts = numbers(usable_cores()) if wanted is None else [wanted]

    def fastest(self, seconds_per_step: Callable[[], float]) -> tuple[int, float]:
        """Use the fastest number of threads; returns it and its seconds per step.

        Args:
            seconds_per_step: runs some steps and returns the mean time per step.
        """
        best: tuple[int, float] | None = None
        for count in self.counts:
            use(count)
            seconds = seconds_per_step()
            if best is not None and seconds > WORTH * best[1]:
                break  # if two threads gain nothing, neither will four
            best = count, seconds
        assert best is not None
        use(best[0])
        return best

    def kept(self, count: int) -> bool:
        """Whether a training that used ``count`` threads can continue with as many."""
        if self._decided:
            return self.counts == [count]
        return count <= max(self.counts)


@dataclass
class Pacemaker:
    """Chooses a stage's number of threads when it begins and when steps become much slower.

    Steps taken to measure are undone, so they cost time but do not change results.

    Attributes:
        recovery: runs the stage's steps.
        threads: the numbers to choose from.
        planned: the stage's plan, with its threads and seconds per step.
        note: called with every chosen number of threads.
    """

    recovery: Recovery
    threads: Threads
    planned: StagePlan
    note: Callable[[int], None]

    def __post_init__(self) -> None:
        self._expected: float | None = self.planned.seconds_per_step

    def begin(self, earlier: int | None = None) -> None:
        """Choose the number of threads to begin with.

        Args:
            earlier: the number that an interrupted stage used before; None otherwise.
        """
        if earlier is not None and self.threads.kept(earlier):
            use(earlier)
        else:
            use(self.planned.threads)
            if earlier is None and self._is_long():
                self._measure()
        count = torch.get_num_threads()
        if earlier not in (None, count):
            _log.warning(
                "Continuing with %d threads instead of %d: results may differ in their last digits",
                count,
                earlier,
            )
        self.note(count)
        self._restart()

    def keep_up(self) -> None:
        """Measure again if the last steps were much slower than expected; call after every step."""
        self._steps += 1
        elapsed = perf_counter() - self._began
        if len(self.threads.counts) < 2 or elapsed < WINDOW_SECONDS or self._steps < WINDOW_STEPS:
            return
        seconds = elapsed / self._steps
        if self._expected is None:
            self._expected = seconds
        elif seconds > SLOWER * self._expected:
            before = torch.get_num_threads()
            self.recovery.keep()
            self._measure()
            count = torch.get_num_threads()
            _log.info(
                "Steps take %.1f times as long as before: now using %d threads instead of %d",
                seconds / self._expected,
                count,
                before,
            )
            self.note(count)
            # The next window sets the new expectation.
            self._expected = None
        self._restart()

    def _restart(self) -> None:
        self._began, self._steps = perf_counter(), 0

    def _is_long(self) -> bool:
        """Whether measuring would be a small part of the remaining steps."""
        probes = len(self.threads.counts) * (1 + PROBE_STEPS)
        left = self.recovery.trainee.steps - self.recovery.step
        return len(self.threads.counts) > 1 and probes <= PROBE_SHARE * left

    def _measure(self) -> None:
        self.threads.fastest(self._timed_steps)
        self.recovery.restore()

    def _timed_steps(self) -> float:
        """Mean seconds per step over a few steps, after one to warm up."""
        trainee, step = self.recovery.trainee, self.recovery.step
        start = 0.0
        for number in range(1 + PROBE_STEPS):
            if number == 1:
                start = perf_counter()
            with suppress(NotFiniteError):
                trainee.step(step)
        return (perf_counter() - start) / PROBE_STEPS


def use(count: int) -> None:
    """Let torch use ``count`` threads when called from this thread."""
    if count == torch.get_num_threads():
        return
    with _choosing:
        others = _elsewhere(torch.get_num_threads)
        torch.set_num_threads(count)
        # torch also applies the number to every Python thread that has not computed yet.
        _elsewhere(partial(torch.set_num_threads, others))
        if torch.get_num_threads() != count:  # built without OpenMP: one setting for all
            torch.set_num_threads(count)


def _elsewhere(function: Callable[[], T]) -> T:
    """Call ``function`` in a new thread."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


@contextmanager
def restored() -> Iterator[None]:
    """Restore torch's number of threads when the block ends."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        use(before)


def numbers(cores: int) -> Sequence[int]:
    """The powers of 2 below ``cores``, and ``cores``.

    >>> numbers(6)
    [1, 2, 4, 6]
    """
    powers = [2**n for n in range(cores.bit_length()) if 2**n < cores]
    return [*powers, cores]


def usable_cores(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Number of cores this process may use, given its affinity and its container's limit."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    limit = _group_cores(root)
    return cores if limit is None else max(1, min(cores, int(limit)))


def _group_cores(root: Path) -> float | None:
    """The container's CPU limit in cores, or None.

    Read from ``cpu.max`` (cgroups version 2) or ``cpu.cfs_quota_us`` (version 1).
    """
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        with suppress(OSError, ValueError, ZeroDivisionError):
            text = " ".join((root / name).read_text(encoding="ascii") for name in names)
            quota, period = map(int, text.split())
            if quota > 0:
                return quota / period
    return None
