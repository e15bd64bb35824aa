"""The command line as a person uses it, in real processes and in this process."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import internal_gan
from internal_gan.cli import main
from tests.tiny import ARRAY, EDGECONNECT, HOLE, INGAN_FAST, TINY, ZSSR

ROOT = Path(__file__).resolve().parents[1]
TINY_RUN = ("trainer=debug", *TINY, "precision=fp32", "device=cpu")


# Options for tiny networks of each family.
OF_FAMILY = {
    "singan": ("trainer=debug", "precision=fp32", *TINY),
    "ingan": ("trainer=debug", "precision=fp32", *INGAN_FAST[1:]),
    "edgeconnect": ("trainer=debug", "precision=fp32", *EDGECONNECT[1:]),
    "zssr": ("trainer=debug", "precision=fp32", *ZSSR[1:]),
}


def fitted(family: str, folder: Path, photo: Any = ARRAY, **how: Any) -> internal_gan.Run:
    """A run of a tiny network; EdgeConnect's has a hole."""
    how = {"mask": HOLE if family == "edgeconnect" else None, "device": "cpu", **how}
    return internal_gan.fit(photo, family, overrides=OF_FAMILY[family], output=folder, **how)


@dataclass
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


def pixels(path: str | Path) -> np.ndarray[Any, np.dtype[Any]]:
    with Image.open(path) as image:
        return np.asarray(image)


def plain_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def start_process(*arguments: str, cwd: Path, **environment: str) -> Any:
    """``python -m internal_gan``, started in its own process: a Popen."""
    return subprocess.Popen(
        [sys.executable, "-m", "internal_gan", *arguments],
        cwd=cwd,
        env=plain_environment() | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run_process(*arguments: str, cwd: Path, **environment: str) -> Answer:
    """Run ``python -m internal_gan`` in its own process to the end."""
    process = start_process(*arguments, cwd=cwd, **environment)
    out, err = process.communicate()
    return Answer(process.returncode, out, err)


def run_python(
    code: str, *arguments: str | Path, cwd: str | Path | None = None, **environment: str
) -> Answer:
    """Run Python code, with arguments, in a process of its own that finds this package."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    given = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(command, cwd=cwd, env=given, capture_output=True, text=True)
    return Answer(done.returncode, done.stdout, done.stderr)


class Shell:
    """The command line in this process, which saves the seconds needed to import torch."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Answer:
        self._capsys.readouterr()
        code: object = 0
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        captured = self._capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    def done(self, *arguments: str) -> Answer:
        """The answer of a command that must succeed."""
        answer = self(*arguments)
        assert answer.code == 0, answer.err
        return answer

    def refused(self, *arguments: str) -> str:
        """The line, less ``error: ``, that a command that must be refused says and no more."""
        answer = self(*arguments)
        (line,) = answer.lines
        assert (answer.code, line[:7]) == (2, "error: ")
        return line[7:]
