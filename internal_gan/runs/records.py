"""What a run wrote down about itself, read back: ``status.json`` and ``metrics.jsonl``.

A run folder may be damaged, edited or somebody else's, and none of that may keep a run from going
on. So a line or a field that this package could not have written counts as missing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from internal_gan.files import read_json_lines, read_json_object

STATES = ("running", "finished", "stopped", "failed")
# Above any count, time or amount of memory, and still exact as a float.
_MOST = 1e15
# The largest number that a loss can be.
_LARGEST_FLOAT32 = 3.5e38
_LARGEST_PID = 2**31 - 1


def read_status(path: Path) -> dict[str, Any]:
    """Read a ``status.json``; one that is missing or damaged is empty.

    ``state``, if present, is one of `STATES`. Fields that this version does not know are kept.
    """
    found = read_json_object(path)
    return {key: value for key, value in found.items() if _STATUS.get(key, _anything)(value)}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read a ``metrics.jsonl``; a missing file has no lines.

    :class:`internal_gan.training.loggers.MetricsLogger` describes them. A line about an event has
    the fields listed there. Any other has ``stage``, ``step`` and ``seconds``, and all its further
    values are finite numbers or null.

    Raises:
        UserError: it is not a regular file, or cannot be read.
    """
    return [row for row in read_json_lines(path) if _is_row(row)]


def seconds_of(rows: Sequence[Mapping[str, Any]]) -> float:
    """The training time at the last of the lines from `read_metrics`."""
    timed = (row["seconds"] for row in rows if row.get("event") != "plan")
    return float(max(timed, default=0.0))


def are_figures(value: Any) -> bool:
    """Whether this is a mapping of names to finite numbers."""
    return isinstance(value, dict) and all(v is not None and _is_scalar(v) for v in value.values())


def _is_row(row: Mapping[str, Any]) -> bool:
    event = row.get("event")
    if event == "plan":
        stages, memory = row.get("stages"), row.get("peak_memory_bytes")
        return (
            isinstance(stages, list)
            and all(isinstance(stage, dict) and _is_stage(stage) for stage in stages)
            and (memory is None or _is_amount(memory))
        )
    timed = _is_count(row.get("stage")) and _is_amount(row.get("seconds"))
    if event == "stage_end":
        return timed
    values = (value for key, value in row.items() if key not in ("stage", "step", "seconds"))
    return timed and _is_count(row.get("step")) and all(map(_is_scalar, values))


def _is_stage(stage: Mapping[str, Any]) -> bool:
    size = stage.get("size")
    return (
        _is_text(stage.get("name"))
        and isinstance(size, list)
        and len(size) == 2
        and all(map(_is_count, size))
        and _is_count(stage.get("steps"))
        and _is_amount(stage.get("seconds_per_step"))
    )


def _anything(value: Any) -> bool:
    return True


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
    # math.isfinite raises on a whole number of too many digits.
    return number and abs(value) <= _LARGEST_FLOAT32 and math.isfinite(value)


def _is_pid(value: Any) -> bool:
    return _is_count(value) and 0 < value <= _LARGEST_PID


_STATUS: Mapping[str, Callable[[Any], bool]] = {
    "state": lambda value: value in STATES if isinstance(value, str) else False,
    "pid": _is_pid,
    "process_start": _is_count,
    "seconds": _is_amount,
    **dict.fromkeys(("stages", "stages_finished", "photos"), _is_count),
    **dict.fromkeys(("seams", "seams_before"), are_figures),
    "results": lambda value: isinstance(value, list),
    **dict.fromkeys(("host", "started", "updated", "reason", "device"), _is_text),
    **dict.fromkeys(("model_task", "classical"), _is_text),
}
