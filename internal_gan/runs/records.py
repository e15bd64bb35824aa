"""What a run recorded about itself, read back from ``status.json`` and ``metrics.jsonl``.

A run folder may be damaged or edited, and that must not stop a run. A line or a field of the wrong
type counts as missing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from internal_gan.files import read_json_lines, read_json_object
from internal_gan.hints import fits, hints_of

State = Literal["running", "finished", "stopped", "failed"]


class Status(TypedDict, total=False):
    """The fields of ``status.json`` that are read back."""

    state: State
    pid: int
    process_start: float
    host: str
    started: str
    updated: str
    reason: str
    device: str
    seconds: float
    share: float
    seconds_left: float
    stages: int
    stages_finished: int
    photos: int
    seams: dict[str, float]
    seams_before: dict[str, float]
    results: list[Any]
    model_task: str


class PlannedStage(TypedDict):
    name: str
    size: tuple[int, int]
    steps: int
    seconds_per_step: float


class Plan(TypedDict):
    stages: list[PlannedStage]


class Step(TypedDict):
    stage: int
    step: int
    seconds: float


def read_status(path: Path) -> dict[str, Any]:
    """Read a ``status.json``; empty if it is missing or damaged.

    ``state``, if present, is a `State`. Fields unknown to this version are kept.
    """
    hints = hints_of(Status)
    found = read_json_object(path)
    return {key: value for key, value in found.items() if fits(value, hints.get(key, Any))}


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Read a ``metrics.jsonl``; empty if it is missing.

    A line with an event has a `Plan`; others have the fields of a `Step`, and further ones that are
    finite numbers or null. A file that is not regular, or not readable, is a UserError.
    """
    return [row for row in read_json_lines(path) if _is_row(row)]


def seconds_of(rows: Sequence[Mapping[str, Any]]) -> float:
    """The training time recorded in the lines from `read_metrics`."""
    timed = (row["seconds"] for row in rows if row.get("event") != "plan")
    return float(max(timed, default=0.0))


def _is_row(row: Mapping[str, Any]) -> bool:
    if row.get("event") == "plan":
        return fits(row, Plan)
    return fits(row, Step) and fits(row, dict[str, float | None])
