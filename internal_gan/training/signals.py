"""Ctrl-C and SIGTERM: a run stops cleanly, and immediately on the second signal."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

# On Windows, only Ctrl-Break can be sent to another process, as SIGBREAK.
STOPPING = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", signal.SIGINT)}


class StopRequest:
    """Context in which Ctrl-C or SIGTERM requests a clean stop, a second one an immediate stop.

    Catches no signals outside the main thread, where Python allows no handlers. If ``wanted``
    returns true when :attr:`reason` is read, that requests a stop, too.
    """

    def __init__(self, wanted: Callable[[], bool] | None = None) -> None:
        self._wanted = wanted
        self._reason: str | None = None
        self._before: dict[int, Any] = {}

    @property
    def reason(self) -> str | None:
        """What requested a stop: such as ``SIGINT`` or ``stop()``; None so far."""
        if self._reason is None and self._wanted is not None and self._wanted():
            self._reason = "stop()"
        return self._reason

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._reason is not None:
            raise KeyboardInterrupt
        self._reason = signal.Signals(number).name


def ctrl_c_ends() -> None:
    """Let Ctrl-C end the process immediately with code 130, as long as there is nothing to save.

    Libraries may swallow a KeyboardInterrupt during their import and stay incomplete, raise
    another error, or abort. If Ctrl-C is ignored, it stays ignored.
    """
    _replace(signal.default_int_handler, _end)


def ctrl_c_raises() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, after :func:`ctrl_c_ends`."""
    _replace(_end, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _replace(before: Any, after: Any) -> None:
    here = threading.current_thread() is threading.main_thread()
    if here and signal.getsignal(signal.SIGINT) is before:
        signal.signal(signal.SIGINT, after)
