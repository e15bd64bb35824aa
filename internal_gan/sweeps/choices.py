"""The values that a sweep gives to each option, the jobs they make, and their names."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hydra.core.override_parser.types import Override, RangeSweep, ValueType

from internal_gan.config.arguments import key_of, unquote
from internal_gan.config.messages import parsed
from internal_gan.errors import UserError
from internal_gan.runs.folder import LONGEST_NAME
from internal_gan.runs.jobs import in_short

# All are checked before the first one starts.
MAX_JOBS = 100_000


def choices_of(overrides: Iterable[str]) -> dict[str, list[str]]:
    """The values that each option takes, as overrides; none for an interval.

    >>> choices_of(["seed=1,2", "image=x.jpg"])
    {'seed': ['seed=1', 'seed=2'], 'image': ['image=x.jpg']}
    """
    return {key_of(override): _values(parsed(override)) for override in overrides}


def jobs_of(choices: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Every combination of the choices, or a UserError for intervals or too many jobs."""
    for key, values in choices.items():
        if not values:
            raise UserError(
                f"{key}: an interval needs a sweeper that searches; without one, list the values, "
                f"such as {key}=0,1 or {key}=range(0,2)"
            )
    if math.prod(map(len, choices.values())) > MAX_JOBS:
        raise UserError(f"these options make too many runs; at most {MAX_JOBS} are allowed")
    return list(itertools.product(*choices.values()))


def job_name(overrides: Sequence[str], keys: Iterable[str]) -> str:
    """The name of a job and its run folder: its photo, and its values of the options ``keys``.

    >>> job_name(["image='my photos/a b.jpg'", "seed=3", "trainer=fast"], ["image", "seed"])
    'a_b-seed=3'
    """
    wanted = set(keys)
    parts: list[str] = []
    for override in overrides:
        key, value = key_of(override), override.partition("=")[2]
        if key == "image":
            parts.insert(0, Path(unquote(value)).stem)
        elif key in wanted:
            parts.append(f"{key.removeprefix('model.')}={in_short(unquote(value))}")
    name = re.sub(r"[^\w.=+-]+", "_", "-".join(parts)).strip("_.") or "job"
    if len(name.encode()) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{name.encode()[: LONGEST_NAME - 13].decode(errors='ignore')}-{digest}"
    return name


def _values(override: Override) -> list[str]:
    written, value = override.input_line or "", override.value()
    if override.value_type == ValueType.GLOB_CHOICE_SWEEP:
        raise UserError(f"{written}: list the names, separated by commas")
    if isinstance(value, RangeSweep) and value.step == 0:
        raise UserError(f"{written}: the step of a range cannot be 0")
    if not override.is_sweep_override():
        return [written]
    if not override.is_discrete_sweep():
        return []
    found = [*itertools.islice(override.sweep_string_iterator(), MAX_JOBS + 1)]
    if not found:
        raise UserError(f"{written}: this range is empty")
    return [f"{override.get_key_element()}={value}" for value in found]
