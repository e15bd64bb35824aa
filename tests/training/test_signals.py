"""The first signal requests a stop, the second forces it; later signals act as before."""

import os
import signal

import pytest

from internal_gan.training.signals import StopRequest, ctrl_c_ends, ctrl_c_raises
from tests.commands import Answer, run_python
from tests.test_several_threads import in_threads

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@BOTH
def test_the_second_signal_stops_at_once(number: signal.Signals) -> None:
    with StopRequest() as stop:
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(number)
        assert stop.reason == "SIGINT"


@BOTH
def test_the_previous_handlers_are_restored(number: signal.Signals) -> None:
    def mine(*arguments: object) -> None:
        raise AssertionError("not called")

    before = signal.signal(number, mine)
    try:
        with StopRequest():
            assert signal.getsignal(number) is not mine
        assert signal.getsignal(number) is mine
        with pytest.raises(RuntimeError, match="inside"), StopRequest():
            raise RuntimeError("inside")
        assert signal.getsignal(number) is mine
    finally:
        signal.signal(number, before)


def test_requests_can_be_nested() -> None:
    with StopRequest() as outer:
        with StopRequest() as inner:
            send(signal.SIGTERM)
        assert (outer.reason, inner.reason) == (None, "SIGTERM")
        send(signal.SIGTERM)
        assert outer.reason == "SIGTERM"


def test_in_another_thread_handlers_are_not_changed() -> None:
    before = signal.getsignal(signal.SIGINT)

    def work() -> list[object]:
        with StopRequest() as stop:
            return [signal.getsignal(signal.SIGINT), stop.reason]

    assert in_threads(work) == [[before, None]]


# Ctrl-C arrives while a library is being imported, which turns it into another error.
INTERRUPTED = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in jobs of some shells

class Library:
    def find_spec(self, name, *_):
        if name == "hydra":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                raise ImportError("half of it is missing")

sys.meta_path.insert(0, Library())
from internal_gan.__main__ import main
main()
"""


def test_ctrl_c_while_importing_ends_the_process_at_once() -> None:
    assert run_python(INTERRUPTED) == Answer(130, "", "")


@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.default_int_handler])
def test_ctrl_c_works_again_unless_it_was_ignored_before(before: object) -> None:
    outside = signal.signal(signal.SIGINT, before)  # type: ignore[arg-type]
    try:
        ctrl_c_ends()
        assert (signal.getsignal(signal.SIGINT) is before) == (before is signal.SIG_IGN)
        ctrl_c_raises()
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, outside)
