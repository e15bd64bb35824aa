"""Process-wide settings that a block changes temporarily."""

from __future__ import annotations

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
