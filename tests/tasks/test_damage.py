"""With a damaged or foreign run folder, every command copes or ends with a one-line error."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from internal_gan.runs.folder import RunFolder
from tests.commands import TINY_RUN, Shell

Damage = Callable[[Path], object]


@pytest.fixture
def run(shell: Shell, learnt: str) -> Path:
    """A copy of a finished training, ``runs/a`` in the working folder."""
    return Path(shutil.copytree(learnt, "runs/a"))


def in_place_of(path: Path, make: Damage) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    make(path)


def text(content: str) -> Damage:
    return lambda path: path.write_text(content)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("metrics.jsonl", lambda path: path.write_bytes(bytes(range(256)))),
        ("status.json", text('{"state": "stopped", "reason": ' + "[" * 100_000 + "}")),
        *(("index.html", Path.mkdir), ("index.html", os.mkfifo), ("scales", os.mkfifo)),
        *(("sample", text("mine")), ("log.txt", Path.mkdir), ("metrics.jsonl", os.mkfifo)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_resume_works_or_names_the_file(shell: Shell, run: Path, name: str, damage: Damage) -> None:
    RunFolder(run).write_status("stopped")
    in_place_of(run / name, damage)
    answer = shell(f"resume={run}")
    if name in ("scales", "sample", "log.txt") or (run / "metrics.jsonl").is_fifo():
        assert answer.code == 2
        (line,) = (line for line in answer.lines if line.startswith("error: "))
        assert str(run / name) in line
        return
    assert answer.code == 0, answer.err
    assert RunFolder(run).status()["state"] == "finished"
    if damage is Path.mkdir:
        assert f"the page {run / name} could not be written: " in (run / "log.txt").read_text()


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("config.yaml", os.mkfifo, "not a regular file"),
        ("config.yaml", text("seed: [1"), "line 1"),
        ("model.safetensors", os.mkfifo, "is not a file"),
        ("model.safetensors", Path.mkdir, "is not a file"),
        ("photo.png", text("no picture"), "photo.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tasks_name_the_file(shell: Shell, run: Path, name: str, damage: Damage, said: str) -> None:
    in_place_of(run / name, damage)
    line = shell.refused("task=sample", f"checkpoint={run}", "output=out")
    assert str(run / name) in line
    assert said in line
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("name", "damage", "recorded"),
    [
        ("config.yaml", os.mkfifo, False),
        ("config.yaml", text("seed: [1"), True),
        ("status.json", text('{"state": [], "seconds": "x"}'), False),
        ("status.json", text('{"state": [], "seconds": "x"}'), True),
        ("photo.png", text("no picture"), False),
        ("photo.png", os.mkfifo, True),
        ("sample/000.png", text("no picture"), False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_run_does_not_hide_its_neighbours(
    shell: Shell, run: Path, name: str, damage: Damage, recorded: bool
) -> None:
    shutil.copytree(run, "runs/b")
    if recorded:
        Path("runs/.jobs").mkdir()
        for job in ("a", "b"):
            record = {"overrides": [f"seed={job}"], "code": 0}
            Path(f"runs/.jobs/{job}.json").write_text(json.dumps(record))
        Path("runs/.jobs/c.json").write_text('{"overrides": []')
    in_place_of(run / name, damage)
    shell.done("task=compare", "runs=runs")
    table = Path("runs/comparison.md").read_text()
    assert "| b |" in table
    assert "c" not in {line.split(" | ")[0].strip("| ./") for line in table.splitlines()}


def test_a_run_without_a_configuration_can_be_started_again(shell: Shell, run: Path) -> None:
    RunFolder(run).write_status("stopped")
    photo = (run / "photo.png").rename("photo.png")
    for entry in [*run.iterdir()]:
        if entry.name != "status.json":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    assert f"start it again with output={run}" in shell.refused(f"resume={run}")
    shell.done(f"image={photo}", f"output={run}", *TINY_RUN, "sample.count=1")
    assert RunFolder(run).status()["state"] == "finished"
