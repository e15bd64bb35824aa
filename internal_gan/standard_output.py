"""Standard output and standard error that cannot stop a run."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from internal_gan.process_settings import shared


@shared
@contextmanager
def spare_output() -> Iterator[None]:
    r"""Drop output of the block that a closed pipe or a full disk keeps from being written.

    Characters missing in the encoding are printed as ``\xe9``. Blocks may be nested and run in
    several threads. Streams that are not files, as in notebooks, stay as they are.
    """
    before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    during = {name: _spare(stream) for name, stream in before.items()}
    for name, stream in during.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in during.items():
            # None if the process was started without this stream.
            if stream is not None:
                stream.flush()
            # Other code may have replaced it meanwhile.
            if getattr(sys, name) is stream:
                setattr(sys, name, before[name])


def lost_output() -> OSError | None:
    """Why the current block of :func:`spare_output` dropped output; None if it did not."""
    if sys.stdout is not None:
        sys.stdout.flush()
    raw = _raw(sys.stdout)
    return raw.error if isinstance(raw, _Spare) else None


class _Spare(io.RawIOBase):
    """Passes data on until writing fails, and drops the rest."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self.error: OSError | None = None
        self._raw = raw

    def write(self, data: Any) -> int:
        if self.error is None:
            try:
                # None: a terminal made non-blocking by another program took nothing.
                return self._raw.write(data) or len(data)
            except OSError as error:
                self.error = error
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()


def _raw(stream: TextIO | None) -> object:
    buffer = getattr(stream, "buffer", None)
    # Without a buffer (python -u), text goes directly to the file.
    return getattr(buffer, "raw", buffer)


def _spare(stream: Any) -> Any:
    raw = _raw(stream)
    if not isinstance(raw, io.RawIOBase) or isinstance(raw, _Spare):
        return stream
    with suppress(OSError):
        stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Spare(raw)),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering or stream.write_through,
    )
