"""The exception for mistakes that users can correct, and common messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf, isfinite


class UserError(ValueError):
    """A mistake that the user can correct; its one line says what is wrong and what is allowed.

    The command line prints it without a traceback and exits with code 2.
    """


class MissingPackageError(UserError):
    """A package is not installed; the message has the command that installs it."""


def check_range(low: float, high: float = inf, /, **values: float | None) -> None:
    """Raise a ValueError for numbers that are not finite or outside [low, high]; None passes.

    >>> check_range(1, interval=0)
    Traceback (most recent call last):
    ValueError: interval is 0; allowed: 1 or more
    """
    for name, value in values.items():
        if value is not None and not (low <= value <= high and isfinite(value)):
            allowed = f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
            raise ValueError(f"{name} is {value}; allowed: {allowed}")


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint at the allowed name closest to ``name``, or an empty string if none is similar.

    >>> nearest("singn", ["singan", "ingan"])
    "; did you mean 'singan'?"
    """
    found = get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f"; did you mean '{found[0]}'?" if found else ""


def unknown(what: str, name: object, allowed: Iterable[str]) -> UserError:
    """The error for a name that is not allowed.

    >>> print(unknown("task", "sampel", ["train", "sample"]))
    task=sampel: there is no such task; did you mean 'sample'? Allowed: train, sample
    """
    names = list(allowed)
    hint = nearest(str(name), names) or "."
    return UserError(f"{what}={name}: there is no such {what}{hint} Allowed: {', '.join(names)}")
