"""Durations are read as people write them."""

import pytest

from internal_gan.units import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("1h0m1s", 3601), (" 5m ", 300)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
