"""The values that a sweep gives to each option, and the jobs they make."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep, ValueType

from internal_gan.config.arguments import key_of
from internal_gan.errors import UserError

# All are checked before the first one starts.
MOST_JOBS = 100_000


def choices_of(overrides: Iterable[str]) -> dict[str, list[str]]:
    """The values that each option takes, as overrides; none for an interval.

    Raises:
        UserError: an option takes no value, or too many.

    >>> choices_of(["seed=1,2", "image=x.jpg"])
    {'seed': ['seed=1', 'seed=2'], 'image': ['image=x.jpg']}
    """
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return {key_of(o.get_key_element()): _values(o) for o in parsed}


def jobs_of(overrides: Sequence[str]) -> list[list[str]]:
    """The overrides of each job of Hydra's own sweeper."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    own = [override for override in parsed if not override.is_hydra_override()]
    return BasicSweeper.split_arguments(own, None)[0]


def check_countable(choices: Mapping[str, Sequence[str]], overrides: Iterable[str]) -> None:
    """Raise a UserError for intervals or too many jobs, for Hydra's own sweeper."""
    for override in overrides:
        key = key_of(override)
        if not choices.get(key, [override]):
            raise UserError(
                f"{override}: an interval needs a sweeper that searches; without one, list the "
                f"values, such as {key}=0,1 or {key}=range(0,2)"
            )
    count = math.prod(map(len, choices.values()))
    if count > MOST_JOBS:
        raise UserError(f"these options make {count} runs; at most {MOST_JOBS} are allowed")


def _values(override: Override) -> list[str]:
    written = override.input_line or ""
    if override.value_type == ValueType.GLOB_CHOICE_SWEEP:
        raise UserError(f"{written}: list the names, separated by commas")
    if not override.is_sweep_override():
        return [written]
    if not override.is_discrete_sweep():
        return []
    _check_range(override.value(), written)
    found = [f"{override.get_key_element()}={v}" for v in override.sweep_string_iterator()]
    if not found:
        raise UserError(f"{written}: this range is empty")
    return found


def _check_range(value: object, written: str) -> None:
    if isinstance(value, RangeSweep):
        if value.step == 0:
            raise UserError(f"{written}: the step of a range cannot be 0")
        if len(list(itertools.islice(value.range(), MOST_JOBS + 1))) > MOST_JOBS:
            raise UserError(f"{written}: too many runs; at most {MOST_JOBS} are allowed")
