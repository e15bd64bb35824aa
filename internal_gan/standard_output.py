"""Standard output and standard error that cannot stop a run."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from internal_gan.process_settings import shared


@shared
@contextmanager
def spare_output() -> Iterator[None]:
    r"""Drop output of the block that a closed pipe or a full disk keeps from being written.

    Characters missing in the encoding are printed as ``\xe9``. Blocks may be nested and run in
    several threads. Streams that are not files, as in notebooks, stay as they are.
    """
    before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    during = {n: _Spare(s) for n, s in before.items() if isinstance(s, io.TextIOWrapper)}
    for name, stream in during.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in during.items():
            stream.flush()
            # Other code may have replaced it meanwhile.
            if getattr(sys, name) is stream:
                setattr(sys, name, before[name])


def lost_output() -> OSError | None:
    """Why the current block of :func:`spare_output` dropped output; None if it did not."""
    if isinstance(sys.stdout, _Spare):
        sys.stdout.flush()
    return getattr(sys.stdout, "error", None)


class _Spare:
    """Passes text on until writing fails, and drops the rest."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self.error: OSError | None = None
        self._stream = stream
        self._try(self._stream.reconfigure, errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, call: Callable[..., object], *args: str, **how: str) -> None:
        if self.error is not None:
            return
        try:
            call(*args, **how)
        except BlockingIOError:
            pass  # a terminal made non-blocking by another program took nothing
        except OSError as error:
            self.error = error
            # What the stream still holds would fail again when the process ends.
            with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), self._stream.fileno())
