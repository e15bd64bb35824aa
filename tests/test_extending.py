"""The examples of docs/extending.md work when applied to a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import ROOT, TINY_RUN

TEXT = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w/.]+)`:\n\n```(?:python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIFF = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package and its configuration, with the examples applied."""
    place = tmp_path_factory.mktemp("copy")
    for name in ("internal_gan", "conf"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in FILE.findall(TEXT):
        path = place / name
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for number, change in enumerate(DIFF.findall(TEXT)):
        patch = place / f"{number}.diff"
        patch.write_text(change, encoding="utf-8")
        subprocess.run(["git", "apply", "--unidiff-zero", patch.name], cwd=place, check=True)
    return place


def run(copy: Path, *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "internal_gan", *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def pixels(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_examples_touch_as_many_files_as_they_say() -> None:
    changed = re.findall(r"^\+\+\+ b/(.+)$", TEXT, re.MULTILINE)
    added = [name for name, _ in FILE.findall(TEXT)]
    # A page and a test make it six files.
    assert len(changed) + sum("tasks" in name for name in added) == 4
    assert sum("toy" in name for name in added) == 4


def test_the_task_of_the_example_mirrors_the_photo_of_any_model(
    copy: Path, tiny_photo: Path
) -> None:
    run(copy, f"image={tiny_photo}", *TINY_RUN, "output=trained")
    for axis in ("x", "y"):
        arguments = ("task=mirror", "checkpoint=trained", f"mirror.axis={axis}")
        run(copy, *arguments, f"output=singan-{axis}", "device=cpu")
    x, y = (pixels(copy / f"singan-{axis}" / "mirror" / "000.png") for axis in ("x", "y"))
    assert np.array_equal(x[:, ::-1], y[::-1])
    assert not np.array_equal(x, y)


def test_the_family_of_the_example_trains_and_ends_with_its_task(
    copy: Path, tiny_photo: Path
) -> None:
    said = run(
        copy, "model=toy", f"image={tiny_photo}", "trainer=debug", "output=toy", "device=cpu"
    )
    assert "task=mirror" in said
    assert (copy / "toy" / "mirror" / "000.png").is_file()
    run(copy, "task=mirror", "checkpoint=toy", "output=again", "device=cpu")
    again = pixels(copy / "again" / "mirror" / "000.png")
    assert np.array_equal(again, pixels(copy / "toy" / "mirror" / "000.png"))
    assert "mirror.axis" in run(copy, "task=mirror", "--help")
