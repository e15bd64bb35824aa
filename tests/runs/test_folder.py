"""The run folder reports its run's true state, even if the run died without writing it."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest

from internal_gan.errors import UserError
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.log import log_to

HOLD = """
import sys, time
from internal_gan.runs.folder import RunFolder
folder = RunFolder.create(sys.argv[1])
folder.config_path.write_text("task: train\\n")
folder.write_status("running", stage=2, step=17)
print("ready", flush=True)
time.sleep(60)
"""


@contextmanager
def training_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path / "runs" / "a photo" / "1")
    folder.config_path.write_text("task: train\n")
    return folder


def edit_status(folder: RunFolder, **fields: object) -> None:
    folder.status_path.write_text(json.dumps(json.loads(folder.status_path.read_text()) | fields))


def test_fields_are_kept_except_the_reason_of_a_past_state(folder: RunFolder) -> None:
    started = folder.status()["started"]
    folder.write_status("stopped", stage=3, step=5, reason="Ctrl-C")
    assert folder.status()["reason"] == "Ctrl-C"
    folder.write_status("finished", seconds=12.5)
    status = folder.status()
    assert (status["state"], status["stage"], status["seconds"]) == ("finished", 3, 12.5)
    known = status["process_start"] < time.time()
    assert (status["started"], status.get("reason"), known) == (started, None, True)


def test_a_killed_run_is_interrupted_and_its_folder_free(tmp_path: Path) -> None:
    with training_process(tmp_path / "run") as process:
        folder = RunFolder.open(tmp_path / "run")
        assert folder.status()["state"] == "running"
        process.send_signal(signal.SIGKILL)
        # We do not wait for the process: as a zombie it still has its process id.
        deadline = time.monotonic() + 30
        while folder.status()["state"] == "running" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert folder.status()["state"] == "interrupted"
        process.wait()
        status = folder.status()
    assert (status["state"], status["stage"], status["step"]) == ("interrupted", 2, 17)
    folder.claim()
    assert folder.status().items() >= {"state": "running", "pid": os.getpid()}.items()


def test_while_another_process_trains_its_folder_is_refused_and_can_be_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with training_process(tmp_path / "run") as process:
        folder = RunFolder.open(tmp_path / "run")
        busy = f"process {process.pid} .* is training in it"
        with pytest.raises(UserError, match=busy):
            folder.claim()
        # On file systems without locks, the status suffices.
        monkeypatch.setattr("fcntl.lockf", Mock(side_effect=OSError(95, "Not supported")))
        with pytest.raises(UserError, match=busy):
            folder.claim()
        assert folder.status()["pid"] == process.pid
        waiting = threading.Thread(target=folder.wait)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
    said = capsys.readouterr().out
    assert said == f"{folder.path}: process {process.pid} is using it; waiting for it to end\n"
    folder.claim()


def test_a_status_file_from_the_future_does_not_count_as_alive(folder: RunFolder) -> None:
    edit_status(folder, host="elsewhere", pid=17)
    for ahead, state in ((60, "running"), (7200, "interrupted"), (1e8, "interrupted")):
        os.utime(folder.status_path, (time.time() + ahead, time.time() + ahead))
        assert folder.status()["state"] == state


@pytest.mark.parametrize(
    "fields",
    # The first is a process with an id that was used again, the others are impossible.
    [{"process_start": 1}, *({"pid": pid} for pid in (2**80, 0, -1, "x", None))],
)
def test_another_or_odd_process_is_not_alive(folder: RunFolder, fields: dict[str, object]) -> None:
    edit_status(folder, **fields)
    assert folder.status()["state"] == "interrupted"


def test_claim_removes_what_a_killed_writer_left(folder: RunFolder) -> None:
    (folder.path / "scales").mkdir()
    leftover = folder.path / "scales" / ".tmp-0123456789ab.png"
    leftover.write_bytes(b"half")
    folder.write_status("stopped")
    folder.claim()
    assert not leftover.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, "9" * 10_000])
def test_an_unreadable_status_is_unknown(folder: RunFolder, content: str) -> None:
    folder.status_path.write_text(content)
    assert folder.status()["state"] == "unknown"


def test_warnings_are_shown_and_errors_are_left_to_whoever_catches_them(
    folder: RunFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.Logger, "hasHandlers", lambda _: False)
    logger = logging.getLogger("internal_gan.x")
    monkeypatch.setattr(logging.getLogger("internal_gan"), "propagate", False)
    with log_to(folder.log_path):
        logger.info("one")
        logger.warning("two")
        logger.error("three")
    assert capsys.readouterr().err == "two\n"
    assert len(folder.log_path.read_text().splitlines()) == 3


def test_a_full_disk_has_a_last_status(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_status("running", reason="x" * 1000)
    monkeypatch.setattr("internal_gan.files._sync", Mock(side_effect=OSError(28, "full")))
    with pytest.raises(UserError, match="the disk is full"):
        folder.write_status("running", stage=3)
    assert "stage" not in folder.status()
    folder.write_status("failed", reason="y" * 2000)
    status = json.loads(folder.status_path.read_text())
    assert (status["state"], "reason" in status) == ("failed", False)


def test_a_status_that_cannot_be_written_at_all_stays(folder: RunFolder) -> None:
    resource = pytest.importorskip("resource")
    folder.status_path.write_bytes(before := b'{"pid": 1}')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Writing more to a file then fails, as on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), limits[1]))
    try:
        with pytest.raises(UserError, match="cannot write"):
            folder.write_status("failed", reason="x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert folder.status_path.read_bytes() == before
    folder.release()


def test_a_stopped_task_begins_again_among_files_that_are_not_its_own(folder: RunFolder) -> None:
    (folder.path / "notes.txt").write_text("mine")
    folder.write_status("stopped")
    folder.forget()
    assert RunFolder.create(folder.path).status()["state"] == "running"
    assert {path.name for path in folder.path.glob("[!.]*")} == {"status.json", "notes.txt"}


@pytest.mark.parametrize("content", ["{", "{}", '{"state": "stopped"}', '{"state": "finished"}'])
def test_a_run_that_may_be_finished_does_not_begin_again(folder: RunFolder, content: str) -> None:
    folder.write_status("stopped")
    folder.status_path.write_text(content)
    before = sorted(folder.path.rglob("*"))
    with pytest.raises(UserError, match="its run may be finished"):
        folder.forget()
    assert sorted(folder.path.rglob("*")) == before


def test_create_writes_over_no_model(folder: RunFolder) -> None:
    folder.config_path.rename(folder.model_path)
    folder.write_status("stopped")
    with pytest.raises(UserError, match="is not empty"):
        RunFolder.create(folder.path)
