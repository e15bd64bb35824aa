"""Settings that a whole process has in common, changed for the time of a block."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager


def shared(
    setting: Callable[[], AbstractContextManager[None]],
) -> Callable[[], AbstractContextManager[None]]:
    """Let several threads be in a context at once: the first to enter changes the setting, and the
    last to leave changes it back.

    Each thread by itself would put back what it found, which may be another one's change.

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
    """Ignore what libraries warn of, such as oddities in a file that do not matter here."""
    with warnings.catch_warnings(action="ignore"):
        yield
