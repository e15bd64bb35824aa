"""Checks values from YAML and JSON against type hints."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

LISTS = (list, tuple, Sequence)
_LARGEST_INT = 2**63 - 1  # whole numbers fit into 64 bits
_LARGEST = 3.5e38  # all numbers fit into 32-bit floats, about

hints_of = functools.lru_cache(typing.get_type_hints)


def options_of(hint: Any) -> tuple[Any, ...]:
    """The members of a union; of another hint itself."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


def fits(value: Any, hint: Any) -> bool:  # noqa: C901 (one kind of hint after another)
    """Whether a value fits ``hint``; true for hints that cannot be checked.

    >>> fits([1, 2.5], list[float]), fits(1.0, int), fits(True, int), fits(float("nan"), float)
    (True, False, False, False)
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if len(options_of(hint)) > 1:
        return any(fits(value, option) for option in options_of(hint))
    if origin is typing.Literal:
        return value in parts
    if origin in LISTS:
        if not isinstance(value, list | tuple):
            return False
        of = parts if origin is tuple and Ellipsis not in parts else parts[:1] * len(value)
        return len(value) == len(of) and all(map(fits, value, of))
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and all(
            fits(name, parts[0]) and fits(part, parts[1]) for name, part in value.items()
        )
    if typing.is_typeddict(hint):
        return isinstance(value, dict) and all(
            fits(value.get(name), of) for name, of in hints_of(hint).items()
        )
    if origin is Callable:  # what makes a kind
        made = value.func if isinstance(value, functools.partial) else value
        kind = parts[1]
        if inspect.isclass(made):
            return not inspect.isclass(kind) or issubclass(made, kind)
        return inspect.isroutine(made)
    if hint in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool)
        number = whole or (hint is float and isinstance(value, float))
        return number and abs(value) <= (_LARGEST_INT if whole else _LARGEST)
    kind = origin or hint
    if isinstance(kind, type) and not getattr(kind, "_is_protocol", False):
        return isinstance(value, kind)
    return True


def typed(value: Any, hint: Any) -> Any:
    """A value from JSON, as dataclasses without unknown fields; a TypeError if it does not fit."""
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        hints = hints_of(hint)
        return hint(**{name: typed(value[name], hints[name]) for name in hints if name in value})
    if typing.get_origin(hint) is list and isinstance(value, list):
        return [typed(part, typing.get_args(hint)[0]) for part in value]
    if not fits(value, hint):
        raise TypeError(f"{value!r} is not {hint}")
    return value
