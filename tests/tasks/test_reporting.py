"""However a task ends, its folder records it, and the terminal reports it once."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

import internal_gan
from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_pil
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.recorder import recorded
from internal_gan.training.engine import TrainingStopped
from tests.commands import Shell
from tests.tiny import picture

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("raised", "told", "state", "reason"),
    [
        (TrainingStopped("SIGINT", "then", Path()), TrainingStopped, "stopped", "SIGINT then"),
        (UserError("too small"), UserError, "failed", "too small"),
        (KeyError("inside"), KeyError, "failed", "KeyError: 'inside'"),
        (FULL, UserError, "failed", "cannot write {}: the disk is full"),
        (OSError(errno.ENAMETOOLONG, "", "x" * 300), UserError, "failed", "the name is too long"),
        (OSError(errno.ENOENT, "gone", "x"), OSError, "failed", "FileNotFoundError"),
        (KeyboardInterrupt(), KeyboardInterrupt, "stopped", "stopped immediately"),
        (SystemExit(1), SystemExit, "stopped", "stopped immediately"),
        (GeneratorExit(), GeneratorExit, "stopped", "stopped immediately"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_the_status_records_every_outcome_and_nothing_is_printed(
    tmp_path: Path, capfd: Any, raised: BaseException, told: Any, state: str, reason: str
) -> None:
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(told), recorded(folder):
        raise raised
    status = folder.status()
    assert status["state"] == state
    assert reason.format(folder.path) in status["reason"]
    # Whoever catches the error prints it; printing it here would repeat it.
    assert "".join(capfd.readouterr()) == ""
    traceback = folder.log_path.is_file() and "Traceback" in folder.log_path.read_text()
    assert traceback == (told in (KeyError, OSError))
    if told is UserError:
        assert f"ERROR {status['reason']}" in folder.log_path.read_text()
    RunFolder(folder.path).claim()


def test_the_first_of_two_errors_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Mock(side_effect=ZeroDivisionError)
    monkeypatch.setattr("internal_gan.tasks.recorder.write_report", broken)
    folder = RunFolder.create(tmp_path / "run")
    with pytest.raises(KeyError), recorded(folder):
        raise KeyError("inside")
    assert folder.status()["state"] == "failed"


@pytest.mark.parametrize(
    ("task", "room"),
    [("sample", 0), ("sample", 1), ("sample", 4), ("super_resolution", 3), ("paint", 3)],
)
def test_a_full_disk_is_one_line_and_the_status_says_failed(
    shell: Shell, photo: str, model: str, monkeypatch: pytest.MonkeyPatch, task: str, room: int
) -> None:
    left = room

    def sync(path: Path, flags: int) -> None:
        """Let ``room`` files be written, then report a full disk."""
        nonlocal left
        left -= not path.is_dir()
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("internal_gan.files._sync", sync)
    extra = [f"paint.image={photo}"] if task == "paint" else []
    line = shell.refused(f"task={task}", f"checkpoint={model}", "output=out", "device=cpu", *extra)
    assert line.startswith("cannot write out/")
    assert line.endswith("the disk is full; free some space or choose another folder")
    assert RunFolder(Path("out")).status()["state"] == ("failed" if room else "unknown")
    assert not list(Path("out").rglob(".tmp-*"))


@pytest.mark.parametrize(
    ("task", "option", "error"),
    [
        ("sample", "sample.size", RuntimeError("DefaultCPUAllocator: can't allocate memory")),
        ("animate", "animate.size", torch.OutOfMemoryError("out of memory")),
        ("super_resolution", "super_resolution.factor", MemoryError()),
    ],
)
def test_too_little_memory_names_the_option_and_leaves_no_folder(
    shell: Shell, model: str, monkeypatch: pytest.MonkeyPatch, task: str, option: str, error: Any
) -> None:
    monkeypatch.setattr("internal_gan.models.singan.model.SinGAN.refine", Mock(side_effect=error))
    said = shell.refused(f"task={task}", f"checkpoint={model}")
    assert said == f"there is not enough memory; a smaller {option} needs less"
    assert list(Path.cwd().iterdir()) == [Path(model).absolute()]


def test_compare_read_only_runs(shell: Shell, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = Mock(side_effect=OSError(errno.EROFS, os.strerror(errno.EROFS)))
    shutil.copytree(model, "runs/a")
    Path("runs/a/sample").mkdir()
    shutil.copy("runs/a/photo.png", "runs/a/sample/000.png")
    before = sorted(Path("runs").rglob("*"))
    with monkeypatch.context() as disk:
        disk.setattr("internal_gan.tasks.compare.tempfile.TemporaryFile", refuse)
        line = shell.refused("task=compare", "runs=runs")
    assert line.startswith("cannot write runs: the file system is read-only;")
    assert line.endswith("; output=FOLDER writes the comparison elsewhere")
    Path("table").mkdir()
    with monkeypatch.context() as disk:
        # mkdir would create the cache of figures.
        disk.setattr(os, "mkdir", refuse)
        shell.done("task=compare", "runs=runs", "output=table")
    assert "| a |" in Path("table/comparison.md").read_text()
    assert sorted(Path("runs").rglob("*")) == before


@pytest.mark.parametrize(
    ("task", "given", "option", "pixels"),
    [
        ("extend", {"margins": (10, 0, 10, 0)}, "extend.margins", 60 * 50 + 20 * 50),
        ("fill", {"mask": np.eye(40, 50) > 0, "dilate": 0}, "image", 40 * 50 + 40),
        ("make_tileable", {"axes": "x"}, "image", 40 * 50 + 40 * 14),
    ],
)
def test_what_does_not_fit_into_memory_is_refused_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch, task: str, given: Any, option: str, pixels: int
) -> None:
    """New pixels count twice, and so does a photo with transparency."""
    photo, make, free = to_pil(picture(40, 50)), getattr(internal_gan, task), Mock()
    monkeypatch.setattr("internal_gan.device.free_memory", free)
    for image, free.return_value in (photo, 75 * pixels), (photo.convert("RGBA"), 150 * pixels):
        make(image, **given)
        free.return_value -= 1
        with pytest.raises(UserError, match=rf"^{option} of .* needs about"):
            make(image, **given)
