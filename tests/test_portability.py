"""What some system lacks is used only where there is another way; the other ways work.

The names below are missing, or mean something else, on Windows or macOS.
"""

import os
import re
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
from tests.commands import ROOT

PACKAGE = ROOT / "internal_gan"
OF_OS = "fork|getuid|kill|killpg|setsid|sched_getaffinity|sysconf|O_NONBLOCK|geteuid|umask"
OF_SIGNAL = "SIGKILL|SIGHUP|SIGALRM|SIGUSR1|pause"
# Modules, names in modules, and files of Linux.
USES = (
    r"^ *(?:import|from) (fcntl|grp|pwd|resource|termios)\b",
    rf"\b(os\.(?:{OF_OS})|signal\.(?:{OF_SIGNAL})|socket\.AF_UNIX|shlex\.quote)\b",
    r"\"(/(?:proc|sys|dev|tmp)[^\"]*)\"",
)
# Where they are, and what stands in for them elsewhere.
ANOTHER_WAY = {
    ("runs/folder.py", "fcntl"): "msvcrt",
    ("app/processes.py", "os.kill"): "with CTRL_BREAK_EVENT on Windows",
    ("training/threads.py", "os.sched_getaffinity"): "os.cpu_count",
    ("training/threads.py", "/sys/fs/cgroup/cpu.max"): "no limit",
    ("device.py", "/sys/fs/cgroup"): "psutil alone",
    ("device.py", "resource"): "the same",
}


def test_whatever_a_system_lacks_has_another_way() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        found |= {(name, use) for what in USES for use in re.findall(what, text, re.MULTILINE)}
    assert found == set(ANOTHER_WAY)


def test_names_of_files_fit_every_system() -> None:
    names = [path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*")]
    names += [path.relative_to(ROOT).as_posix() for path in (ROOT / "conf").rglob("*")]
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if set(name) & set('<>:"|?*\\')] == []


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
