"""The command line's answers to mistakes in every task, and its help, word for word.

In ``transcripts.txt`` each command follows a ``$``, with its output below. Lines that begin with
``#`` are headings. ``FREE`` stands for the amount of free memory.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import internal_gan
from internal_gan.config.compose import compose
from internal_gan.images.files.image import to_uint8
from internal_gan.tasks.train import train
from tests.commands import ROOT, Shell
from tests.tiny import EDGECONNECT, INGAN_FAST, INGAN_PAPER, LEAN, picture

FAMILIES = {
    "singan": LEAN,
    "ingan": INGAN_FAST,
    "ingan_unet": INGAN_PAPER,
    "edgeconnect": (*EDGECONNECT, "mask.box=[10,12,8,9]"),
}


def transcripts() -> Iterator[tuple[str, str]]:
    """Every command with its output."""
    text = (ROOT / "tests" / "transcripts.txt").read_text(encoding="utf-8")
    for part in re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).split("$ internal-gan")[1:]:
        command, _, said = part.partition("\n")
        yield command.strip(), said.strip()


MISTAKES = [(command, said) for command, said in transcripts() if command != "--help"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of every family, photos and masks."""
    path = tmp_path_factory.mktemp("place")
    for folder in ("photos", "masks", "empty"):
        (path / folder).mkdir()
    for name, seed in (("photo.png", 0), ("other.png", 1), ("photos/photo.png", 2)):
        Image.fromarray(to_uint8(picture(seed=seed))[0].permute(1, 2, 0).numpy()).save(path / name)
    for name, size, box in (
        ("mask.png", (56, 40), (20, 12, 33, 24)),
        ("keep.png", (28, 20), (12, 8, 17, 12)),
        ("small.png", (30, 20), (5, 5, 9, 9)),
        ("black.png", (56, 40), (0, 0, 0, 0)),
        ("white.png", (56, 40), (0, 0, 56, 40)),
        ("masks/photo.png", (56, 40), (20, 12, 33, 24)),
    ):
        mask = Image.new("L", size, 0)
        mask.paste(255, box)
        mask.save(path / name)
    (path / "text.png").write_text("not an image", encoding="utf-8")
    for name, options in FAMILIES.items():
        train(compose([f"image={path / 'photo.png'}", *options, f"output={path / name}"]))
    return path


@pytest.fixture
def shell(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    monkeypatch.chdir(place)
    return Shell(capsys)


@pytest.mark.parametrize(("command", "said"), MISTAKES, ids=[c for c, _ in MISTAKES])
def test_mistakes_are_answered_word_for_word(shell: Shell, command: str, said: str) -> None:
    before = sorted(Path.cwd().rglob("*"))
    answer = shell(*command.split())
    assert (answer.code, answer.out) == (2, "")
    assert re.sub(r"(?<= and )\S+ \S+(?= are free;)", "FREE", answer.err.strip()) == said
    assert sorted(Path.cwd().rglob("*")) == before


def test_the_help_and_the_version(shell: Shell) -> None:
    # The choices at the end depend on the number of files.
    assert shell("--help").out.partition("Choices for")[0].strip() == dict(transcripts())["--help"]
    assert shell("--version").out == f"internal-gan {internal_gan.__version__}\n"
