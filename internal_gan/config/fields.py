"""What an option is: a field of a dataclass that says which values it takes.

The standard library alone, so that every layer may import it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

AUTO = "auto"
LARGEST_SEED = 2**63 - 1


def option(
    default: Any,
    needs: str,
    allowed: Callable[[Any], bool] = lambda value: True,
    *,
    is_path: bool = False,
) -> Any:
    """A field of the schema.

    Args:
        needs: completes the sentence "this option needs ..." in an error message.
        allowed: whether a value of the right type will do; null is not asked about.
        is_path: the value names a file or folder; Hydra's signs in it are only letters.
    """
    about = {"needs": needs, "allowed": allowed, "is_path": is_path}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


def path_option(needs: str) -> Any:
    """A field that names a file or folder, null by default."""
    return option(None, needs, lambda value: value != "", is_path=True)


def one_of(names: tuple[str, ...], default: str | None) -> Any:
    """A field that takes one of a few names, and null where that is the default."""
    needs = "one of " + ", ".join(names) + (", or null" if default is None else "")
    return option(default, needs, lambda value: value in names)


def fields_of(schema: Any, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Every option of a schema (a dataclass or an instance) with its full name."""
    for entry in dataclasses.fields(schema):
        yield f"{prefix}{entry.name}", entry
        group: Any = entry.default_factory
        if dataclasses.is_dataclass(group):
            yield from fields_of(group, f"{prefix}{entry.name}.")


def seed_option() -> Any:
    """A seed of a task's own; null: the run's."""
    return option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )
