"""Durations are read as people write them."""

import pytest

from internal_gan.units import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("1h0m1s", 3601), (" 5m ", 300)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10", "m", "10 m", "0m0s", "-5m", "5d", "1m1h", "1.2.3s", "5m!", "9" * 400 + "h"]
)
def test_invalid_durations_are_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"90s, 10m or 1h30m$"):
        parse_duration(text)
