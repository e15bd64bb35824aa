"""Only what a run could have written is read from its files, whatever they contain."""

import json
from pathlib import Path
from typing import Any

import pytest

from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import Result, read_metrics, read_results, read_status, seconds_of
from tests.recorded import write

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
        *("[1, 2]\n", "\n", "{\n", "[" * 100_000 + "\n"),
        '{"a":' * 100_000 + "1" + "}" * 100_000 + "\n",
        *('{"stage": 0, "step": 1, "seconds": ' + "9" * 5000 + "}\n", {"event": "plan"}),
        *({**PLAN, "stages": [1]}, {**PLAN, "stages": [{**PLAN["stages"][0], "size": [20]}]}),
        {**PLAN, "stages": [{**PLAN["stages"][0], "seconds_per_step": 1e300}]},
        *({**END, "seconds": None}, {"event": ["plan"], **STEP}, {**STEP, "step": True}),
        *({**STEP, "seconds": float("nan")}, {**STEP, "generator": float("inf")}),
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
        *(("state", "asleep"), ("state", ["running"]), ("pid", 2**80), ("seconds", HUGE)),
        *(("reason", {"deep": []}), ("share", "half"), ("seams", {"top": "x"})),
    ],
)
def test_invalid_status_fields_are_skipped(tmp_path: Path, field: str, value: Any) -> None:
    """A field of a later version is kept."""
    path = written(tmp_path / "status.json", {**STATUS, "mood": ["good"], field: value})
    assert read_status(path) == {k: v for k, v in STATUS.items() if k != field} | {"mood": ["good"]}


def test_what_a_task_records_is_read_in_its_order(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    made = [
        Result("retarget/20x80.png", caption="20 × 80"),
        Result("retarget/20x40.png"),
        Result("sample/scale-1/000.png", "aside", "First"),
    ]
    write(folder.path, *(result.file for result in made), "retarget/older.png")
    folder.write_status("running", results=made)
    folder.write_status("finished")
    assert read_results(folder.path) == made
    assert [result.task for result in made] == ["retarget", "retarget", "sample"]
    assert [result.group for result in made] == ["", "", "scale-1"]
    folder.write_status("finished", results=[])
    assert read_results(folder.path) == []


@pytest.mark.parametrize(
    "entry",
    [
        *(None, "sample/0.png", {}, {"file": "sample/0.png", "kind": "masterpiece"}),
        *({"file": "../secret.png"}, {"file": "sample/gone.png"}, {"file": "sample/folder.png"}),
        *({"file": "sample/link.png"}, {"file": "sample/\0.png"}),
        {"file": "sample/" + "x" * 300 + ".png"},
    ],
)
def test_invalid_results_are_skipped_and_others_kept(tmp_path: Path, entry: Any) -> None:
    run = tmp_path / "run"
    write(run, "sample/0.png", "sample/1.png", "../secret.png")
    (run / "sample" / "folder.png").mkdir()
    (run / "sample" / "link.png").symlink_to(tmp_path / "secret.png")
    results = [entry, {"file": "sample/1.png", "of_a_later_version": 1}]
    (run / "status.json").write_text(json.dumps({"state": "finished", "results": results}))
    assert read_results(run) == [Result("sample/1.png")]


@pytest.mark.parametrize("status", ["", "{", '{"results": 3}', '{"state": "finished"}'])
def test_without_a_record_there_are_none(tmp_path: Path, status: str) -> None:
    write(tmp_path, "sample/10.png")
    (tmp_path / "status.json").write_text(status)
    assert read_results(tmp_path) == []
