"""The number of CPU threads; on a busy machine, one can be best."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from internal_gan import process_settings

_choosing = threading.Lock()


def choices(wanted: int | None, device: torch.device, earlier: int | None = None) -> Sequence[int]:
    """The numbers of threads to choose from, in ascending order; just one if it is decided.

    Args:
        wanted: the user's choice; None measures, unless ``OMP_NUM_THREADS`` is set.
        device: the training device; the number matters on the CPU only.
        earlier: what a resumed training used before, and keeps if it may.
    """
    if process_settings.forked:
        return [1]
    if device.type != "cpu" or (wanted is None and os.environ.get("OMP_NUM_THREADS")):
        wanted = torch.get_num_threads()
    if wanted is not None:
        return [wanted]
    cores = usable_cores()
    if earlier is not None and earlier <= cores:
        return [earlier]
    return [*(2**n for n in range(cores.bit_length()) if 2**n < cores), cores]


def use(count: int) -> None:
    """Let torch use ``count`` threads when called from this thread."""
    if count == torch.get_num_threads():
        return
    with _choosing, ThreadPoolExecutor(1) as elsewhere:
        others = elsewhere.submit(torch.get_num_threads).result()
        torch.set_num_threads(count)
        # torch also applies the number to every Python thread that has not computed yet.
        elsewhere.submit(torch.set_num_threads, others).result()
        if torch.get_num_threads() != count:  # built without OpenMP: one setting for all
            torch.set_num_threads(count)


@contextmanager
def restored() -> Iterator[None]:
    """Restore torch's number of threads when the block ends."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        use(before)


def usable_cores(limit: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Number of cores this process may use, given its affinity and its container's ``limit``."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no limit
        quota, period = map(int, limit.read_text(encoding="ascii").split())
        cores = max(1, min(cores, quota // period))
    return cores
