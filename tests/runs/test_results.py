"""A run's results are those its tasks recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import Result, read_results
from tests.recorded import write


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
        None,
        "sample/0.png",
        {},
        {"file": "sample/0.png", "kind": "masterpiece"},
        {"file": "../secret.png"},
        {"file": "sample/gone.png"},
        {"file": "sample/folder.png"},
        {"file": "sample/link.png"},
        {"file": "sample/\0.png"},
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
