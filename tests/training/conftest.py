"""A clock for the tests of training."""

import pytest

from internal_gan.training import budget, callbacks, engine, progress
from tests.toy import Clock


@pytest.fixture
def clock(measured: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of everything in training."""
    clock = Clock()
    for module in (engine, budget):
        monkeypatch.setattr(module, "time", clock)
    for module in (callbacks, progress):
        monkeypatch.setattr(module, "monotonic", clock.monotonic)
    return clock
