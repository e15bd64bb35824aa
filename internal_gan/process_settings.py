"""Process-wide settings that a block changes temporarily."""

from __future__ import annotations

import gc
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager


def shared(
    setting: Callable[[], AbstractContextManager[None]],
) -> Callable[[], AbstractContextManager[None]]:
    """Let threads share a context: the first to enter changes the setting, the last restores it.

    >>> @shared
    ... @contextmanager
    ... def lit():
    ...     print("on")
    ...     yield
    ...     print("off")
    >>> with lit(), lit():
    ...     print("inside")
    on
    inside
    off
    """
    lock, stack = threading.Lock(), ExitStack()
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


@shared
@contextmanager
def ignored_warnings() -> Iterator[None]:
    """Ignore libraries' warnings, such as about harmless oddities in files."""
    with warnings.catch_warnings(action="ignore"):
        yield


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import torch and what needs it without looking for garbage in them, then or later.

    Torch and numba make half a million objects that stay. Looking through them takes a quarter of
    a second while they are imported, and as much again when the process ends.
    """
    first = "torch" not in sys.modules
    if first:
        gc.disable()
    try:
        yield
    finally:
        if first:
            gc.freeze()
            gc.enable()
