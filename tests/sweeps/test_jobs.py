"""The jobs of a multirun: their records, and handling of killed processes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import wait_for
from internal_gan.sweeps.jobs import Record, Sweep, lasting, run_apart


def test_overrides_that_affect_the_result_are_recorded_in_full(tmp_path: Path) -> None:
    overrides = ["image='x.jpg'", "seed=1", "device=cpu", "skip_finished=true", "output=a"]
    assert lasting(overrides) == [f"image={Path('x.jpg').absolute()}", "seed=1"]


def test_records_come_back_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    for seed in (10, 9):
        sweep.write(Record(f"seed={seed}", [f"seed={seed}"], "failed", "why", 2, 1.5))
    assert [record.name for record in sweep.records()] == ["seed=9", "seed=10"]
    assert sweep.read("seed=10") == Record("seed=10", ["seed=10"], "failed", "why", 2, 1.5)
    Path(tmp_path, ".jobs", "seed=9.json").write_text("{")
    assert sweep.read("seed=9") is None
    assert sweep.read("seed=8") is None


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "a"}',
        '{"name": "b", "overrides": []}',
        '{"name": "a", "overrides": "seed=1"}',
        '{"name": "a", "overrides": [1]}',
        '{"name": "a", "overrides": [], "state": null}',
        '{"name": "a", "overrides": [], "seconds": "long"}',
    ],
)
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    sweep = Sweep(tmp_path)
    sweep.write(Record("a", []))
    Path(tmp_path, ".jobs", "a.json").write_text(content)
    assert sweep.read("a") is None
    assert sweep.records() == []


def program(folder: Path, text: str) -> str:
    """A program that runs the shell commands ``text`` in place of Python."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_a_killed_process_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'echo "$@" >> calls; test -e once && exit 0; touch once; kill -9 $$'
    monkeypatch.setattr(sys, "executable", program(tmp_path, text))
    assert run_apart(["seed=1"], tmp_path / "log", str(tmp_path), "x") == (0, "")
    assert (tmp_path / "calls").read_text() == 2 * "-m internal_gan seed=1\n"
    assert capsys.readouterr().out == "x: killed by SIGKILL, attempt 1 of 3\n"


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_a_process_that_is_always_killed_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, "echo . >> calls; kill -9 $$"))
    code, reason = run_apart([], tmp_path / "log", str(tmp_path), "x")
    assert code == 1
    assert "killed by SIGKILL 3 times" in reason
    assert len((tmp_path / "calls").read_text().splitlines()) == 3


@pytest.mark.parametrize(("known", "told"), [(None, "2"), ("5", "5")])
def test_a_process_gets_its_share_of_threads_by_default(
    known: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path, "echo $OMP_NUM_THREADS > threads"))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if known is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", known)
    assert run_apart([], tmp_path / "log", str(tmp_path), "x", 2) == (0, "")
    assert (tmp_path / "threads").read_text() == f"{told}\n"


def test_the_last_error_of_a_failed_process_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "echo 'error: one'; echo 'error: the disk is full' >&2; echo end; exit 2"
    monkeypatch.setattr(sys, "executable", program(tmp_path, text))
    assert run_apart([], tmp_path / "log", str(tmp_path), "x") == (2, "the disk is full")


def test_a_run_folder_that_another_process_uses_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = (
        "import sys; from pathlib import Path; from internal_gan.runs.folder import "
        "RunFolder; RunFolder.create(Path(sys.argv[1])); print('mine', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", claim, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        waiting = threading.Thread(target=wait_for, args=(RunFolder(tmp_path / "run"),))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        other.stdin.close()
        waiting.join(10)
        assert not waiting.is_alive()
    said = capsys.readouterr().out
    assert said == f"{tmp_path / 'run'}: process {other.pid} is using it; waiting for it to end\n"
