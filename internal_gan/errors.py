"""The exception for mistakes that users can correct, and common messages."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from typing import Any, Literal, Self

Kind = Literal["missing", "unknown", "large", "unconfirmed", "unexpected"]

# What people, and the tabs of the page, call tasks.
ALSO_CALLED = {
    **dict.fromkeys(("remove", "erase", "inpaint"), "fill"),
    **dict.fromkeys(("enlarge", "upscale"), "super_resolution"),
    **dict.fromkeys(("resize", "reshape"), "retarget"),
    **dict.fromkeys(("variations", "variation", "generate"), "sample"),
    **dict.fromkeys(("tile", "texture"), "make_tileable"),
    **dict.fromkeys(("film", "video", "animation"), "animate"),
}


class UserError(ValueError):
    """A mistake that the user can correct; its one line has what is wrong and what is allowed.

    The command line prints it without a traceback and exits with code 2. Programs need not read the
    line where the attributes hold the same:

    Attributes:
        problem: the line without ``advice``.
        option: the full name of the option to correct, such as ``sample.size``.
        kind: ``"missing"`` for a file, a run or a folder that does not exist; ``"unknown"`` for a
            name that is none of ``allowed``; ``"large"`` for a picture of more pixels than are
            read; ``"unconfirmed"`` for a result that needs ``confirm=large``; ``"unexpected"`` for
            an error in this package, which the page shows like a user's.
        allowed: the names that are allowed, or the numbers in words, as ``1 to 9``.
        advice: what to do, and the end of the line; empty if there is none apart.
    """

    def __init__(
        self,
        problem: str,
        *,
        option: str | None = None,
        kind: Kind | None = None,
        allowed: Sequence[str] | str | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(f"{problem}; {advice}" if advice else problem)
        self.problem = problem
        self.option = option
        self.kind = kind
        self.allowed = allowed
        self.advice = advice

    def reworded(self, problem: str, **fields: Any) -> Self:
        """The same mistake with another ``problem`` and other ``fields``."""
        return type(self)(**{**vars(self), "problem": problem, **fields})


@contextmanager
def about(option: str) -> Iterator[None]:
    """Let the UserErrors of a block name the option with the value that they begin with."""
    try:
        yield
    except UserError as error:
        raise error.reworded(f"{option}={error.problem}", option=option) from error


@contextmanager
def refusing(what: str, option: str | None = None) -> Iterator[None]:
    """Let plain ValueErrors of a block be UserErrors that begin with ``what``."""
    try:
        yield
    except UserError:
        raise
    except ValueError as error:
        raise UserError(f"{what}: {error}", option=option) from error


@dataclass(frozen=True)
class Range:
    """The finite numbers from ``low`` to ``high`` that are above ``above``.

    >>> str(Range(1)), str(Range(1, 9)), str(Range(above=0)), str(Range(above=0, high=1))
    ('1 or more', '1 to 9', 'above 0', 'above 0, at most 1')
    """

    low: float = -inf
    high: float = inf
    above: float = -inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high and self.above < value < inf

    def __str__(self) -> str:
        bounds = vars(self).values()
        low, high, above = (str(n) if isinstance(n, int) else f"{n:g}" for n in bounds)
        if self.above > -inf:
            return f"above {above}" + (f", at most {high}" if self.high < inf else "")
        return f"{low} or more" if self.high == inf else f"{low} to {high}"


def check_range(low: float, high: float = inf, /, **values: float | None) -> None:
    """Raise a ValueError for numbers that are not finite or outside [low, high]; None passes.

    >>> check_range(1, interval=0)
    Traceback (most recent call last):
    ValueError: interval is 0; allowed: 1 or more
    """
    for name, value in values.items():
        if value is not None and value not in Range(low, high):
            raise ValueError(f"{name} is {value}; allowed: {Range(low, high)}")


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint at the allowed name that ``name`` means or is most like; empty if none is similar."""
    found = get_close_matches(ALSO_CALLED.get(name, name), list(allowed), n=1, cutoff=0.6)
    return f"; did you mean '{found[0]}'?" if found else ""


def unknown(what: str, name: object, allowed: Iterable[str]) -> UserError:
    """The error for a name that is not allowed.

    >>> print(unknown("task", "sampel", ["train", "sample"]))
    task=sampel: there is no such task; did you mean 'sample'? Allowed: train, sample
    """
    names = list(allowed)
    hint = nearest(str(name), names) or "."
    text = f"{what}={name}: there is no such {what}{hint} Allowed: {', '.join(names)}"
    return UserError(text, option=what, kind="unknown", allowed=names)
