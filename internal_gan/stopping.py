"""Work that ends early, between two passes over a picture, when nobody wants it any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_stop = ContextVar[Callable[[], bool] | None]("stop", default=None)


class Stopped(Exception):  # noqa: N818 (nothing went wrong)
    """The work ended because its ``stop`` returned true; there is no result."""


@contextmanager
def stopping(stop: Callable[[], bool] | None) -> Iterator[None]:
    """A block in which :func:`check_stop` asks ``stop``."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


def check_stop() -> None:
    """Raise :class:`Stopped` if the work of this thread is not wanted any more."""
    stop = _stop.get()
    if stop is not None and stop():
        raise Stopped
