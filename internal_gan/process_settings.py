"""Settings of the whole process: environment variables that torch's libraries read only once, which
importing this package sets, and others that a block changes temporarily."""

import os
import platform
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

# Whether this process was forked from one that had imported this package.
forked = False


def set_environment() -> None:
    """Set environment variables for this process and its children, unless the user did."""
    # By default, waiting threads spin on their cores. If another process is busy, they block each
    # other, and training can be ten times slower. Without any spinning, two threads on a quiet
    # machine take 1.25 times as long. GNU's OpenMP, which torch has on Linux, can spin for a
    # fraction of a millisecond and then sleep.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    # On processors with AMX, oneDNN's weight gradient of a bfloat16 convolution in channels-last
    # layout multiplies uninitialised memory by zero, which gives NaN if that memory holds one
    # (torch 2.13). Kernels for the instruction set below are correct. oneDNN reads the variable at
    # its first operation, so it still takes effect if torch has been imported but not yet used.
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")


def _note_fork() -> None:
    """Let a child of fork compute on one thread: it has none of those that torch may have in its
    parent, and would wait for them for ever."""
    global forked
    forked = True
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def shared(
    setting: Callable[[], AbstractContextManager[None]],
) -> Callable[[], AbstractContextManager[None]]:
    """Let threads share a context: the first to enter changes the setting, the last restores it."""
    lock = threading.Lock()
    stack = ExitStack()
    users = 0

    @contextmanager
    def block() -> Iterator[None]:
        nonlocal users
        with lock:
            if not users:
                stack.enter_context(setting())
            users += 1
        try:
            yield
        finally:
            with lock:
                users -= 1
                if not users:
                    stack.close()

    return block


def temporary(owner: Any, name: str, value: Any) -> Callable[[], AbstractContextManager[None]]:
    """A shared context in which an attribute of a module has another value."""

    @shared
    @contextmanager
    def changed() -> Iterator[None]:
        before = getattr(owner, name)
        setattr(owner, name, value)
        try:
            yield
        finally:
            setattr(owner, name, before)

    return changed


# A context without libraries' warnings, such as about harmless oddities in files.
ignored_warnings = shared(partial(warnings.catch_warnings, action="ignore"))
