"""A run's ``log.txt``: the package's log records from the threads of this run alone."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from internal_gan.process_settings import shared

_LOGGER = logging.getLogger("internal_gan")
# The files of the runs that the current thread works on.
_files: ContextVar[tuple[logging.Handler, ...]] = ContextVar("files", default=())


@contextmanager
def log_to(path: Path) -> Iterator[None]:
    """Append the package's log records of this thread to a file while the block runs. If the caller
    has not set up logging, warnings go to standard error, too; errors do not, as they are raised.
    """
    file = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace", delay=True)
    # An error here, as on a full disk, would bury the one that matters.
    file.handleError = lambda record: None  # type: ignore[method-assign]
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with _set_up():
        token = _files.set((*_files.get(), file))
        try:
            yield
        finally:
            _files.reset(token)
            with suppress(OSError):
                file.close()


@shared
@contextmanager
def _set_up() -> Iterator[None]:
    """Let the package's records reach handlers, and show warnings if nobody else does."""
    warnings = logging.StreamHandler()
    warnings.addFilter(lambda record: record.levelno == logging.WARNING)
    if not _LOGGER.hasHandlers():
        _LOGGER.addHandler(warnings)
    files = _Files()
    _LOGGER.addHandler(files)
    level = _LOGGER.level
    if level == logging.NOTSET:
        _LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        for handler in (warnings, files):
            _LOGGER.removeHandler(handler)
        _LOGGER.setLevel(level)


class _Files(logging.Handler):
    """Passes records on to the files of their thread. If a logger's own handlers changed while
    other threads log, one of theirs could be passed over."""

    def emit(self, record: logging.LogRecord) -> None:
        for file in _files.get():
            file.handle(record)
