"""What stands in for what some system lacks works; the fast tests run on every system."""

import os
import signal
import sys
import types
from pathlib import Path

import pytest

from internal_gan import files
from internal_gan.app import processes
from internal_gan.config import arguments
from internal_gan.errors import UserError
from internal_gan.runs.folder import RunFolder
from internal_gan.training import threads


def test_a_lock_without_fcntl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[int] = []

    def locking(descriptor: int, mode: int, length: int) -> None:
        if locked:
            raise PermissionError("locked")
        locked.append(descriptor)

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    monkeypatch.setattr(sys, "platform", "win32")
    RunFolder.create(tmp_path / "run")
    assert locked
    with pytest.raises(UserError, match="is training in it"):
        RunFolder(tmp_path / "run").claim()


def test_a_file_in_use_is_replaced_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [PermissionError("another process reads it")] * 3
    replace = Path.replace

    def once_free(path: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", once_free)
    monkeypatch.setattr(sys, "platform", "win32")
    with files.atomic_write(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_cores_without_affinity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert threads.usable_cores(tmp_path / "no limit") == 6


def test_windows_is_asked_to_stop_by_ctrl_break(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    processes.interrupt(12)
    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", 1, raising=False)
    processes.interrupt(12)
    assert sent == [(12, signal.SIGINT), (12, 1)]


def test_commands_are_quoted_for_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert arguments.quoted("image=my photo.jpg", "a=[1,2]") == "'image=my photo.jpg' 'a=[1,2]'"
    monkeypatch.setattr(sys, "platform", "win32")
    assert arguments.quoted("image=my photo.jpg", "a=[1,2]") == '"image=my photo.jpg" a=[1,2]'
