"""The command line's answers to mistakes in every task, and its help, word for word.

In ``transcripts.txt`` each command follows a ``$``; the output below is that of all commands right
above it, ``<`` names standard input, and lines that begin with ``#`` are headings. ``LAST`` stands
for the last word of the command, and ``FREE`` for the amount of free memory. A refused command
leaves every file as it was; the files that commands name are those of `furnish`.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import internal_gan
from internal_gan.config.compose import compose, save_options
from internal_gan.images.files.image import write_image
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.source import Source
from internal_gan.tasks.train import Hooks, train
from tests.commands import ROOT, Shell
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, picture

PHOTOS = {
    "photo.png": (40, 56),
    "other.png": (40, 56),
    "photos/photo.png": (40, 56),
    "wide.png": (24, 300),
    "tiny.png": (7, 9),
}
FAMILIES = {
    "singan": LEAN,
    "ingan": INGAN_FAST,
    "ingan_unet": INGAN_PAPER,
    "edgeconnect": (*EDGECONNECT, "mask.box=[10,12,8,9]"),
}


def transcripts() -> Iterator[tuple[str, str]]:
    """Every command with its output."""
    text = (ROOT / "tests" / "transcripts.txt").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for commands, said in re.findall(r"((?:^\$ .*\n)+)((?:^[^$\n].*\n|\n)*)", text, re.MULTILINE):
        for line in commands.splitlines():
            command = line.removeprefix("$ internal-gan").strip()
            yield command, said.strip().replace("LAST", command.rpartition(" ")[2])


MISTAKES = [(command, said) for command, said in transcripts() if command != "--help"]


def furnish(path: Path) -> None:
    """Write models of every family, photos, masks and other files into a folder."""
    for folder in ("photos", "masks", "empty", "sweep/.jobs"):
        (path / folder).mkdir(parents=True)
    for seed, (name, size) in enumerate(PHOTOS.items()):
        write_image(path / name, picture(*size, seed=seed))
    for name, size, box in (
        *(("mask.png", (56, 40), (20, 12, 33, 24)), ("keep.png", (28, 20), (12, 8, 17, 12))),
        *(("small.png", (30, 20), (5, 5, 9, 9)), ("black.png", (56, 40), (0, 0, 0, 0))),
        *(("white.png", (56, 40), (0, 0, 56, 40)), ("most.png", (56, 40), (3, 0, 56, 40))),
        ("masks/photo.png", (56, 40), (20, 12, 33, 24)),
    ):
        mask = Image.new("L", size, 0)
        mask.paste(255, box)
        mask.save(path / name)
    mask.save(path / "labels.jpg")
    Image.new("RGBA", (56, 40)).save(path / "clear.png")
    Image.new("RGBA", (56, 40), (200, 90, 30, 128)).save(path / "half.png")
    two = b"".join((path / name).read_bytes() for name in ("photo.png", "mask.png"))
    (path / "stream.png").write_bytes(two)
    (path / "text.png").write_text("not an image", encoding="utf-8")
    (path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (path / "drawing.svg").write_text("<svg/>", encoding="utf-8")
    tifffile.imwrite(path / "hdr.tif", np.ones((40, 56, 3), np.float32), photometric="rgb")
    tifffile.imwrite(path / "metres.tif", np.ones((40, 56), np.float32))
    thermal = np.arange(40 * 56, dtype=np.uint16).reshape(40, 56)
    tifffile.imwrite(path / "thermal.tif", thermal, photometric="minisblack")
    for name, options in FAMILIES.items():
        given = compose([f"image={path / 'photo.png'}", *options, f"output={path / name}"])
        train(Source(given), (), Hooks())
    drawn = RunFolder.create(path / "samples")
    save_options(compose(["task=sample", "model=patches"]), drawn.config_path)
    drawn.write_status("stopped")
    drawn.release()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("place")
    furnish(path)
    return path


@pytest.fixture
def shell(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(here)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return Shell(capsys)


def files() -> dict[Path, int]:
    """Every file of the working folder, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}


@pytest.mark.parametrize(("command", "said"), MISTAKES, ids=[c for c, _ in MISTAKES])
def test_mistakes_are_answered_word_for_word(
    shell: Shell, command: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files()
    command, _, given = command.partition(" < ")
    if given:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(given).read_bytes())))
    answer = shell(*command.split())
    assert answer.code == 2
    # Only whether a run's folder is free is seen once the run has told its settings.
    assert not answer.out or "output=" in command
    assert re.sub(r"(?<= and )\S+ \S+(?= are free;)", "FREE", answer.err.strip()) == said
    assert files() == before


def test_the_help_and_the_version(shell: Shell) -> None:
    # The choices at the end depend on the number of files.
    said = shell("--help").out.partition("Choices for")[0].strip()
    assert said == dict(transcripts())["--help"]
    lines = said.splitlines()
    assert len(lines) <= 42, "more than the first screen"
    assert max(map(len, lines)) <= 90
    assert shell("--version").out == f"internal-gan {internal_gan.__version__}\n"
