"""Only values that a run could have written are read from its files, whatever they contain."""

import json
from pathlib import Path
from typing import Any

import pytest

from internal_gan.runs.records import read_metrics, read_status, seconds_of

PLAN: dict[str, Any] = {
    "event": "plan",
    "stages": [{"name": "scale 0", "size": [20, 30], "steps": 3, "seconds_per_step": 0.5}],
}
STEP = {"stage": 0, "step": 1, "seconds": 1.5, "generator": -0.5, "penalty": None}
END = {"stage": 0, "step": 3, "seconds": 2.5}
STATUS = {"state": "stopped", "pid": 17, "host": "here", "seconds": 2.5, "seams": {"top": 1.5}}
HUGE = 10**400


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(r if isinstance(r, str) else json.dumps(r) + "\n" for r in rows))
    return path


def test_records_of_a_run_are_read_back(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [PLAN, STEP, END]
    assert read_metrics(written(tmp_path / "metrics.jsonl", *rows)) == rows
    assert seconds_of(rows) == 2.5
    assert read_status(written(tmp_path / "status.json", STATUS)) == STATUS


@pytest.mark.parametrize(
    "odd",
    [
        "[1, 2]\n",
        "\n",
        "{\n",
        "[" * 100_000 + "\n",
        '{"a":' * 100_000 + "1" + "}" * 100_000 + "\n",
        '{"stage": 0, "step": 1, "seconds": ' + "9" * 5000 + "}\n",
        {"event": "plan"},
        {**PLAN, "stages": [1]},
        {**PLAN, "stages": [{**PLAN["stages"][0], "size": [20]}]},
        {**PLAN, "stages": [{**PLAN["stages"][0], "seconds_per_step": 1e300}]},
        {**END, "seconds": None},
        {"event": ["plan"], **STEP},
        {**STEP, "step": True},
        {**STEP, "seconds": float("nan")},
        {**STEP, "generator": float("inf")},
        {**STEP, "generator": HUGE},
    ],
    ids=lambda odd: str(odd)[:60],
)
def test_invalid_lines_are_skipped_and_others_kept(tmp_path: Path, odd: Any) -> None:
    path = written(tmp_path / "metrics.jsonl", PLAN, STEP, odd, END)
    assert read_metrics(path) == [PLAN, STEP, END]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "asleep"),
        ("state", ["running"]),
        ("pid", 2**80),
        ("seconds", HUGE),
        ("reason", {"deep": []}),
        ("share", "half"),
        ("seams", {"top": "x"}),
    ],
)
def test_invalid_status_fields_are_skipped(tmp_path: Path, field: str, value: Any) -> None:
    path = written(tmp_path / "status.json", {**STATUS, field: value})
    assert read_status(path) == {k: v for k, v in STATUS.items() if k != field}


def test_a_field_of_a_later_version_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "status.json", {**STATUS, "mood": ["good"]})
    assert read_status(path)["mood"] == ["good"]
