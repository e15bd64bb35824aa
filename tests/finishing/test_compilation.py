"""Compiled code is cached in a writable folder, and works without one."""

import os
import shutil
from pathlib import Path

import pytest

from internal_gan.finishing.drawing import compile_loops
from tests.commands import ROOT, run_python


@pytest.fixture
def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a copy of the package in which compiled code cannot be cached."""
    without = shutil.ignore_patterns("__pycache__", "conf")
    shutil.copytree(ROOT / "internal_gan", tmp_path / "internal_gan", ignore=without)
    # A file in place of the cache folder also stops the superuser.
    (tmp_path / "internal_gan" / "patches" / "__pycache__").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def python(script: str, home: str) -> list[str]:
    answer = run_python(script, HOME=home, PYTHONPATH="", PYTHONDONTWRITEBYTECODE="1")
    assert answer.code == 0, answer.err
    return answer.out.splitlines()


@pytest.mark.slow
def test_the_first_use_announces_the_compilation(read_only: Path) -> None:
    script = "from internal_gan.finishing.drawing import compile_loops as c; c(print); c(print)"
    home = read_only / "home"
    home.mkdir()
    (line,) = python(script, str(home))
    assert line.startswith("Compiling the search for patches: about ")
    assert line.endswith(" s, only the first time")
    assert list(home.rglob("*.nbc"))
    assert python(script, str(home)) == []


@pytest.mark.slow
@pytest.mark.usefixtures("read_only")
def test_without_a_writable_folder_a_remedy_is_named() -> None:
    script = """
import numpy as np
from internal_gan.finishing import drawing
from internal_gan.patches.fast import search
drawing.vote = lambda *arguments: None
drawing.search = lambda *arguments, **options: (
    search(*arguments, **options) if options else search(*arguments, sweeps=0)
)
drawing.compile_loops(print)
image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
start = np.indices((4, 4), np.int32).transpose(1, 2, 0).copy()
print(search(image, image, start=start, sweeps=0).distances.any())
"""
    line, answer = python(script, os.devnull)
    assert line.endswith("numba has no cache folder; NUMBA_CACHE_DIR sets one")
    assert "each time" in line
    assert answer == "False"


def test_later_uses_print_nothing() -> None:
    said = list[str]()
    compile_loops(lambda text: None)
    compile_loops(said.append)
    assert said == []
