"""A run's ``log.txt``: the package's log records from the threads of this run alone."""

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

    If the caller has not set up logging, warnings are shown on standard error as well. Errors are
    not, for they are also raised, and whoever catches them reports them.
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
    """Send the package's records to the files of the runs that they come from."""
    handlers: list[logging.Handler] = [_Distributor()]
    if not _LOGGER.hasHandlers():
        warnings = logging.StreamHandler()
        warnings.addFilter(lambda record: record.levelno == logging.WARNING)
        handlers.append(warnings)
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
    """Sends a record to the files of the runs that the current thread works on."""

    def handle(self, record: logging.LogRecord) -> bool:
        for file in _files.get():
            file.handle(record)
        return True


class _QuietFileHandler(logging.FileHandler):
    """Ignores errors, as on a full disk, which would bury the one that matters."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (name of the base)
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()


# The files of the runs that the current thread works on, outermost first.
_files: ContextVar[tuple[_QuietFileHandler, ...]] = ContextVar("files", default=())
