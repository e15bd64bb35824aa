"""What some system lacks is used only where there is another way; the other ways work.

The names below are missing, or mean something else, on Windows or macOS.
"""

import ast
import os
import signal
import sys
import types
from collections.abc import Iterator
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
MODULES = {"fcntl", "grp", "pwd", "resource", "termios"}
NAMES = {
    *("os.fork", "os.getuid", "os.kill", "os.killpg", "os.setsid", "os.sched_getaffinity"),
    *("os.sysconf", "os.O_NONBLOCK", "os.geteuid", "os.umask", "signal.SIGKILL", "signal.SIGHUP"),
    *("signal.SIGALRM", "signal.SIGUSR1", "signal.pause", "socket.AF_UNIX", "shlex.quote"),
}
# Where they are, and what stands in for them elsewhere.
ANOTHER_WAY = {
    ("runs/folder.py", "fcntl"): "msvcrt",
    ("app/processes.py", "os.kill"): "with CTRL_BREAK_EVENT on Windows",
    ("training/threads.py", "os.sched_getaffinity"): "os.cpu_count",
    ("training/threads.py", "/sys/fs/cgroup/cpu.max"): "no limit",
    ("device.py", "/sys/fs/cgroup/memory.max"): "psutil alone",
}


def uses() -> Iterator[tuple[str, str]]:
    """The modules and what they use of the names above, and files of Linux."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                from_one = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for module in from_one or [alias.name for alias in node.names]:
                    if module in MODULES:
                        yield name, module
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if (found := f"{node.value.id}.{node.attr}") in NAMES:
                    yield name, found
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith(("/proc", "/sys", "/dev", "/tmp"))
            ):
                yield name, node.value


def test_whatever_a_system_lacks_has_another_way() -> None:
    assert set(uses()) == set(ANOTHER_WAY)


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

    windows = types.SimpleNamespace(LK_NBLCK=2, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", windows)
    monkeypatch.setattr(sys, "platform", "win32")
    RunFolder.create(tmp_path / "run")
    assert locked
    with pytest.raises(UserError, match="is training in it"):
        RunFolder(tmp_path / "run").claim()


def test_a_file_that_another_process_reads_is_replaced_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
