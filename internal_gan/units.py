"""The type of image sizes; durations, memory, counts and figures as text."""

import re
from collections.abc import Sequence
from itertools import pairwise
from math import inf

# (height, width) in pixels.
Size = tuple[int, int]


def parse_duration(text: str) -> float:
    """Parse ``90s``, ``10m``, ``1.5h`` or ``1h30m`` into seconds; a ValueError for 0 or other text.

    >>> parse_duration("1h30m")
    5400.0
    """
    number = r"(\d*\.?\d+)"
    match = re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s)?", text.strip())
    hours, minutes, rest = (float(part or 0) for part in match.groups()) if match else (0, 0, 0)
    seconds = 3600.0 * hours + 60.0 * minutes + rest
    if not 0 < seconds < inf:
        raise ValueError("not a duration; write it like 90s, 10m or 1h30m")
    return seconds


def duration(seconds: float) -> str:
    """A duration as text, in at most two units.

    >>> [duration(s) for s in (0.4, 9.96, 59.6, 250, 3600, 27000, 200000)]
    ['0.4 s', '10 s', '1 min', '4 min 10 s', '1 h', '7 h 30 min', '2 d 8 h']
    """
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    total = round(seconds)
    units = (86400, "d"), (3600, "h"), (60, "min"), (1, "s")
    for (size, unit), (part, part_unit) in pairwise(units):
        rounded = round(total / part) * part
        if rounded >= size:
            rest = rounded % size // part
            return f"{rounded // size} {unit}" + (f" {rest} {part_unit}" if rest else "")
    return f"{total} s"


def memory(count: float) -> str:
    """A number of bytes as text, in MB or GB (10^6 or 10^9 bytes).

    >>> [memory(n) for n in (3e5, 4.2e7, 9.999e8, 1.24e9, 2.5e10)]
    ['1 MB', '42 MB', '1.0 GB', '1.2 GB', '25 GB']
    """
    if count < 999.5e6:
        return f"{max(count / 1e6, 1):.0f} MB"
    return f"{count / 1e9:.1f} GB" if count < 9.95e9 else f"{count / 1e9:.0f} GB"


def by(size: Sequence[int]) -> str:
    """(height, width) as text, such as ``300x800``."""
    return f"{size[0]}x{size[1]}"


def counted(count: int, what: str) -> str:
    """A number with its noun, in the plural unless the number is 1.

    >>> counted(1, "sample"), counted(8, "sample")
    ('1 sample', '8 samples')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def three_digits(value: float | None) -> str:
    """A figure as tables show it; empty for None.

    >>> three_digits(0.12345), three_digits(None)
    ('0.123', '')
    """
    return "" if value is None else f"{value:.3g}"


def ratio_of(name: str) -> float | None:
    """Width over height of a shape such as ``16:9``, from 0.01 to 100; None for anything else.

    >>> ratio_of("16:9") == 16 / 9, ratio_of("16:0")
    (True, None)
    """
    found = re.fullmatch(r"([1-9]\d{0,3}):([1-9]\d{0,3})", name)
    if found is None:
        return None
    ratio = int(found[1]) / int(found[2])
    return ratio if 0.01 <= ratio <= 100 else None
