"""What a run recorded about itself, read back from ``status.json`` and ``metrics.jsonl``.

A run folder may be damaged, edited or somebody else's, and none of that may stop a run. A line or
a field that this package could not have written counts as missing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from internal_gan.files import read_json_lines, read_json_object

State = Literal["running", "finished", "stopped", "failed"]
# Above any count, time or amount of memory, and still exact as a float.
_MOST = 1e15
# No loss exceeds it.
_LARGEST_FLOAT32 = 3.5e38
_LARGEST_PID = 2**31 - 1

_Fields = Mapping[str, Callable[[Any], bool]]


def read_status(path: Path) -> dict[str, Any]:
    """Read a ``status.json``; empty if it is missing or damaged.

    ``state``, if present, is a `State`. Fields unknown to this version are kept.
    """
    found = read_json_object(path)
    return {key: value for key, value in found.items() if key not in _STATUS or _STATUS[key](value)}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read a ``metrics.jsonl``; empty if it is missing.

    :class:`internal_gan.training.loggers.MetricsLogger` lists the fields of each event. Lines
    without an event have ``stage``, ``step`` and ``seconds``, and other fields that are finite
    numbers or null.

    Raises:
        UserError: not a regular file, or not readable.
    """
    return [row for row in read_json_lines(path) if _is_row(row)]


def seconds_of(rows: Sequence[Mapping[str, Any]]) -> float:
    """The training time recorded in the lines from `read_metrics`."""
    timed = (row["seconds"] for row in rows if row.get("event") != "plan")
    return float(max(timed, default=0.0))


def are_figures(value: Any) -> bool:
    """Whether ``value`` maps names to finite numbers."""
    return isinstance(value, dict) and all(v is not None and _is_scalar(v) for v in value.values())


def _is_row(row: Mapping[str, Any]) -> bool:
    event = row.get("event")
    if event == "plan":
        return _fits(row, _PLAN)
    if event == "stage_end":
        return _fits(row, _STAGE_END)
    losses = (value for key, value in row.items() if key not in _STEP)
    return _fits(row, _STEP) and all(map(_is_scalar, losses))


def _fits(found: Any, fields: _Fields) -> bool:
    return isinstance(found, dict) and all(fits(found.get(key)) for key, fits in fields.items())


def _are_stages(value: Any) -> bool:
    return isinstance(value, list) and all(_fits(stage, _STAGE) for stage in value)


def _is_size(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _is_amount(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, float) and 0 <= value <= _MOST)


def _is_scalar(value: Any) -> bool:
    if value is None:
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # math.isfinite raises on integers with too many digits.
    return number and abs(value) <= _LARGEST_FLOAT32 and math.isfinite(value)


_STAGE_END: _Fields = {"stage": _is_count, "seconds": _is_amount}
_STEP: _Fields = {**_STAGE_END, "step": _is_count}
_STAGE: _Fields = {
    "name": _is_text,
    "size": _is_size,
    "steps": _is_count,
    "seconds_per_step": _is_amount,
}
_PLAN: _Fields = {
    "stages": _are_stages,
    "peak_memory_bytes": lambda value: value is None or _is_amount(value),
}
_STATUS: _Fields = {
    "state": lambda value: value in get_args(State),
    "pid": lambda value: _is_count(value) and 0 < value <= _LARGEST_PID,
    **dict.fromkeys(("process_start", "seconds"), _is_amount),
    **dict.fromkeys(("stages", "stages_finished", "photos"), _is_count),
    **dict.fromkeys(("seams", "seams_before"), are_figures),
    "results": lambda value: isinstance(value, list),
    **dict.fromkeys(("host", "started", "updated", "reason", "device"), _is_text),
    **dict.fromkeys(("model_task", "classical"), _is_text),
}
