"""``image=-`` and ``output=-``, through pipes of real processes."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from internal_gan.images.files.image import read_image
from internal_gan.images.masks import write_mask
from tests.commands import Shell, plain_environment, start_process
from tests.tiny import SRGB, holes, write_png

HOLE = (slice(12, 24), slice(20, 34))
FILL = ("fill", "mask=mask.png", "output=-")


@pytest.fixture(autouse=True)
def place(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a turned JPEG file, a 16-bit PNG file, and their mask."""
    for folder in ("work", "temporary"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    levels = np.random.default_rng(0).integers(0, 65536, (6, 8, 3)).repeat(8, 0).repeat(8, 1)
    write_png("deep.png", levels.astype(np.uint16))
    turned = Image.fromarray((levels >> 8).astype(np.uint8)).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save("turned.jpg", exif=exif, icc_profile=SRGB, dpi=(300, 300))
    write_mask("mask.png", holes((48, 64), (12, 20, 12, 14)))
    return Path.cwd()


def piped(*arguments: str, given: bytes) -> tuple[int, bytes, str]:
    """The exit code of a process with this standard input, and what it says on both others."""
    command = [sys.executable, "-m", "internal_gan", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, env=plain_environment())
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("photo", ["deep.png", "turned.jpg"])
def test_a_pipe_gets_the_file_that_a_run_would_write(place: Path, photo: str, shell: Shell) -> None:
    before = {*place.iterdir()}
    code, written, said = piped(*FILL, "image=-", given=Path(photo).read_bytes())
    assert code == 0, said
    assert {*place.iterdir()} == before
    assert not [*place.with_name("temporary").iterdir()]
    shell.done("fill", photo, "mask=mask.png", "output=run")
    assert Path("run/fill/000.png").read_bytes() == written
    Path("out.png").write_bytes(written)
    result, given = read_image("out.png"), read_image(photo)
    assert (result.bit_depth, result.icc_profile) == (given.bit_depth, given.icc_profile)
    changed = (result.pixels != given.pixels).any(dim=1)[0]
    assert changed[HOLE].any()
    changed[HOLE] = False
    assert not changed.any()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
@pytest.mark.parametrize("command", [("--help",), (*FILL, "deep.png")])
def test_a_command_whose_output_nobody_reads_ends_quietly(place: Path, command: Any) -> None:
    process = start_process(*command, cwd=place)
    process.stdout.close()
    assert process.wait() == 141
    with process.stderr as said:
        assert said.read() == ""


def test_a_terminal_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    said = shell.refused(*FILL, "deep.png")
    assert said == "output=-: a terminal shows no picture; add > result.png"
    monkeypatch.setattr(sys, "stdin", None)
    said = shell.refused("fill", "-", "mask=mask.png")
    assert said == "image=-: nothing is piped into this command; add < x.jpg"
