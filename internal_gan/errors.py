"""The one exception for mistakes that the person at the keyboard can put right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf, isfinite


class UserError(ValueError):
    """One line that names what is wrong and what is allowed.

    The command line prints it as ``error: ...`` and ends with exit code 2, without a traceback.
    """


def check_range(low: float, high: float = inf, /, **values: float | None) -> None:
    """Refuse numbers outside of ``low`` to ``high``, both included, and infinite ones; None passes.

    Raises:
        ValueError: names the number, its value and what is allowed.

    >>> check_range(1, interval=0)
    Traceback (most recent call last):
    ValueError: interval is 0; allowed: 1 or more
    """
    for name, value in values.items():
        if value is not None and not (low <= value <= high and isfinite(value)):
            allowed = f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
            raise ValueError(f"{name} is {value}; allowed: {allowed}")


def nearest(name: str, allowed: Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the allowed name most like ``name``, or ``""`` for none.

    >>> nearest("singn", ["singan", "ingan"])
    "; did you mean 'singan'?"
    """
    found = get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f"; did you mean '{found[0]}'?" if found else ""


def unknown(what: str, name: object, allowed: Iterable[str]) -> UserError:
    """The error for a name that is none of the allowed ones.

    >>> print(unknown("task", "sampel", ["train", "sample"]))
    task=sampel: there is no such task; did you mean 'sample'? Allowed: train, sample
    """
    names = list(allowed)
    hint = nearest(str(name), names)
    joint = hint or "."
    return UserError(f"{what}={name}: there is no such {what}{joint} Allowed: {', '.join(names)}")
