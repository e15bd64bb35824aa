"""A run's ``log.txt``: what the package notes while the run goes on, and nothing of its neighbours'
in other threads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from internal_gan.process_settings import shared

_LOGGER = logging.getLogger("internal_gan")


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append the package's log records of this thread to a file while the block runs.

    Warnings are shown as well where the caller has not set up any logging, as without a file;
    errors are not: they are raised, too, and told by whoever catches them.
    """
    file = _QuietFileHandler(path, encoding="utf-8", errors="backslashreplace", delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with _distributed():
        token = _files.set((*_files.get(), file))
        try:
            yield
        finally:
            _files.reset(token)
            file.close()


@shared
@contextmanager
def _distributed() -> Iterator[None]:
    """Hand the package's records to the files of the runs that they come from."""
    # Of its own handlers a logger must lose none while other threads go through them.
    handlers: list[logging.Handler] = [_Distributor()]
    if not _LOGGER.hasHandlers():
        handlers.append(_Warnings(logging.WARNING))
    level = _LOGGER.level
    if level == logging.NOTSET:
        _LOGGER.setLevel(logging.INFO)
    for handler in handlers:
        _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            _LOGGER.removeHandler(handler)
        _LOGGER.setLevel(level)


class _Distributor(logging.Handler):
    """Hands a record to the files of the runs that the current thread works on."""

    def handle(self, record: logging.LogRecord) -> bool:
        for file in _files.get():
            file.handle(record)
        return True


class _QuietFileHandler(logging.FileHandler):
    """A log that cannot be written, as on a full disk, must not bury the real error."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (name of the base)
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()


class _Warnings(logging.Handler):
    """Shows warnings on standard error, and nothing above them."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.ERROR and logging.lastResort is not None:
            logging.lastResort.handle(record)


# Of the runs that the current thread works on, the outer one first.
_files: ContextVar[tuple[_QuietFileHandler, ...]] = ContextVar("files", default=())
