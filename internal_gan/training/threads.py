"""The number of CPU threads. A rule chooses it, so that the same command gives the same model on a
busy machine, too; on request it is measured."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from internal_gan import process_settings
from internal_gan.config.fields import AUTO

# Pixels of the largest stage for each thread. With fewer, another thread gains less than 10 %
# (decision 0011).
PIXELS_EACH = 1000

_choosing = threading.Lock()


def choices(
    wanted: int | str | None, device: torch.device, pixels: int, earlier: int | None = None
) -> Sequence[int]:
    """The numbers of threads to choose from, in ascending order; just one unless they are measured.

    Args:
        wanted: the user's choice; ``auto`` measures, None is ``OMP_NUM_THREADS`` or else the rule.
        device: the training device; the number matters on the CPU only.
        pixels: of the largest stage.
        earlier: what a resumed training used before, and keeps if it may.
    """
    if process_settings.forked:
        return [1]
    if device.type != "cpu" or (wanted is None and os.environ.get("OMP_NUM_THREADS")):
        wanted = torch.get_num_threads()
    if isinstance(wanted, int):
        return [wanted]
    cores = usable_cores()
    if earlier is not None and earlier <= cores:
        return [earlier]
    if wanted == AUTO:
        return [*(2**n for n in range(cores.bit_length()) if 2**n < cores), cores]
    useful = max(1, pixels // PIXELS_EACH)
    return [2 ** (min(cores, useful).bit_length() - 1)]


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
