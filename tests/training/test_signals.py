"""One signal asks, the second one insists, and none is swallowed afterwards."""

import os
import signal
import threading

import pytest

from internal_gan.training.signals import StopRequest

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@BOTH
def test_the_first_signal_is_noted_by_name(number: signal.Signals) -> None:
    with StopRequest() as stop:
        assert stop.signal is None
        send(number)
        assert stop.signal == number.name


@BOTH
def test_the_second_signal_stops_at_once(number: signal.Signals) -> None:
    with StopRequest() as stop:
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(number)
        assert stop.signal == "SIGINT"


@BOTH
def test_the_handlers_before_are_back_afterwards(number: signal.Signals) -> None:
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
        assert (outer.signal, inner.signal) == (None, "SIGTERM")
        send(signal.SIGTERM)
        assert outer.signal == "SIGTERM"


def test_in_another_thread_it_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with StopRequest() as stop:
            seen.extend([signal.getsignal(signal.SIGINT), stop.signal])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, None]
