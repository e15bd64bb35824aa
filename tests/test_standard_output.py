"""Work goes on if its printed output is lost."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from internal_gan.config.record import save_options
from internal_gan.images.files.image import write_image
from internal_gan.runs.folder import RunFolder
from internal_gan.standard_output import lost_output, spare_output
from tests.commands import TINY_RUN, Shell
from tests.tiny import picture, trained

LINE = "a line that is longer than nothing\n"


class Failing(io.RawIOBase):
    """A file whose every write fails with an error, or accepts nothing (None)."""

    def __init__(self, number: int | None) -> None:
        self.number = number

    def write(self, data: object) -> int | None:
        if self.number is None:
            return None
        raise OSError(self.number, os.strerror(self.number))

    def writable(self) -> bool:
        return True


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int | None], None]]:
    """Makes writes to ``stdout`` or ``stderr`` fail with this error number."""
    with ExitStack() as stack:

        def put(name: str, number: int | None) -> None:
            raw = Failing(number)
            stream = io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", line_buffering=True)
            monkeypatch.setattr(sys, name, stream)
            # The stream must not fail when it is flushed at its deletion.
            stack.callback(setattr, raw, "write", len)

        yield put


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, None])
def test_a_block_goes_on_whatever_happens_to_its_output(
    lose: Callable[[str, int | None], None], name: str, number: int | None
) -> None:
    lose(name, number)
    before = getattr(sys, name)
    with spare_output(), spare_output():
        for _ in range(3):
            print(LINE * 1000, file=getattr(sys, name), flush=True)
        error = lost_output()
    assert getattr(sys, name) is before
    assert (error.errno if error else None) == (number if name == "stdout" else None)


def test_output_is_written_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdout", file)
        print("before")
        with spare_output():
            print("é and \udce9")
            assert sys.stdout.fileno() == file.fileno()
            assert not sys.stdout.isatty()
        print("after")
    assert (tmp_path / "out").read_text() == "before\n\\xe9 and \\udce9\nafter\n"


def test_missing_streams_and_streams_without_a_file_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = io.StringIO()
    monkeypatch.setattr(sys, "stdout", notebook)
    monkeypatch.setattr(sys, "stderr", None)
    with spare_output():
        print("shown")
        assert sys.stdout is notebook
        assert lost_output() is None
    assert notebook.getvalue() == "shown\n"


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC])
def test_a_run_finishes_if_its_output_is_lost(
    shell: Shell, tmp_path: Path, lose: Callable[[str, int | None], None], number: int
) -> None:
    run = trained(tmp_path / "model")
    save_options(run.options, run.folder.config_path)
    lose("stdout", number)
    answer = shell("task=sample", "checkpoint=model", "output=out", "device=cpu")
    assert answer.code == 0
    assert RunFolder(Path("out")).status()["state"] == "finished"
    assert "internal-gan" in Path("out/log.txt").read_text()
    warned = ["warning: cannot write standard output: the disk is full; free some space or choose"]
    assert [line[: len(warned[0])] for line in answer.lines] == warned * (number != errno.EPIPE)


def test_a_training_goes_on_without_standard_error(
    shell: Shell, lose: Callable[[str, int | None], None]
) -> None:
    write_image(Path("photo.png"), picture())
    lose("stderr", errno.EPIPE)
    assert shell("image=photo.png", "output=run", *TINY_RUN).code == 0
    assert RunFolder(Path("run")).status()["state"] == "finished"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--cfg", "job"]], ids=" ".join)
def test_a_command_that_only_prints_fails_if_its_output_is_lost(
    shell: Shell, lose: Callable[[str, int | None], None], arguments: list[str]
) -> None:
    lose("stdout", errno.EPIPE)
    assert shell(*arguments).code == 141
    lose("stdout", errno.ENOSPC)
    answer = shell(*arguments)
    assert answer.code == 2
    assert answer.lines == [
        "error: cannot write standard output: the disk is full; "
        "free some space or choose another folder"
    ]
