"""Every command of the guides runs, on stand-ins for the files that it names."""

import re
import shlex
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from internal_gan.cli import main
from tests.commands import ROOT, Shell
from tests.test_docs import COMMAND

PHOTO = ROOT / "examples" / "photos" / "large" / "mountains.jpg"
QUICK = ("trainer=debug",)
WIDTH, HEIGHT = 160, 144
GUIDES = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("user-guide", "evaluation", "many-runs")),
    *sorted((ROOT / "docs" / "applications").glob("*.md")),
]
# The server runs until it is stopped; plugins need a cluster; weights are files or packages that
# users add.
NOT_HERE = re.compile(
    r"^app\b|launcher=(submitit|ray)|inception=|vgg19\.pth|features=vgg16|edges=hed|perceptual=true"
)
SEARCHES = find_spec("optuna") is not None
FAMILY = {"retarget": "ingan", "inpaint": "edgeconnect"}
MASKS = ("mask.png", "hole.png", "keep.png", "other.png", "drawn.png")
PHOTOS = ("photo.jpg", "your-photo.jpg", "small.jpg", "another.jpg", "meadow.jpg", "forest.jpg")
EDITED = ("edited.png", "pasted.png", "painting.png", "normal.png")


def commands_of(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8").replace("\\\n", "")
    found = [command for command in COMMAND.findall(text) if not NOT_HERE.search(command)]
    return [command for command in found if SEARCHES or "experiment=tune_" not in command]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all the files that the guides name; each photo is a crop of its own."""
    path = tmp_path_factory.mktemp("guides")
    for folder in ("photos", "holes", "folder"):
        (path / folder).mkdir()
    with Image.open(PHOTO) as photo:
        photo.thumbnail((300, 200))
        for name in (*PHOTOS, *EDITED, "depth.tif", "photos/a.jpg", "photos/b.jpg", "folder/a.png"):
            shift = zlib.crc32(name.encode()) % 100 if name in ("another.jpg", "forest.jpg") else 0
            photo.crop((shift, 0, shift + WIDTH, HEIGHT)).save(path / name)
    for name in (*MASKS, "holes/a.png", "holes/b.png"):
        mask = Image.new("L", (WIDTH, HEIGHT), 0)
        left = 50 if name == "other.png" else 60
        ImageDraw.Draw(mask).rectangle((left, 50, left + 25, 75), fill=255)
        mask.save(path / name)
    return path


@pytest.fixture(scope="module")
def models(place: Path) -> dict[str, Path]:
    """A run of each family, for pages that use a model before they train one."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for family in ("singan", "ingan", "edgeconnect"):
            found[family] = Path("models", family)
            mask = ["mask=hole.png"] if family == "edgeconnect" else []
            given = [f"model={family}", "image=photo.jpg", *mask, f"output={found[family]}"]
            main([*given, *QUICK, "finish.detail=patches"])
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings(r"ignore:\s*'hydra/launcher/\w+' is validated against")
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_command_of_a_guide_runs(
    page: Path,
    place: Path,
    models: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the order of the page, where RUN is the newest model of the family that the task needs."""
    monkeypatch.chdir(place)
    shell, newest = Shell(capsys), dict(models)
    for number, command in enumerate(commands_of(page)):
        words = shlex.split(command, comments=True)
        given = {word.partition("=")[0] for word in words}
        task = next((word[5:] for word in words if word.startswith("task=")), "train")
        words = [word.replace("RUN", str(newest[FAMILY.get(task, "singan")])) for word in words]
        if not given & {"output", "resume"}:
            words.append(f"output={Path('runs', page.stem, str(number))}")
        trains = task in ("train", "super_resolution") and not given & {"checkpoint", "resume"}
        if trains:
            words += [*QUICK, *(["finish.detail=patches"] if "layers" in given else [])]
        if "sample.size" in given and "sample.count" not in given:
            words.append("sample.count=1")
        answer = shell(*words)
        assert answer.code == 0, (command, answer.err)
        if trains and "-m" not in words:
            output = next(word[7:] for word in words if word.startswith("output="))
            newest[_family(words)] = Path(output)


def _family(words: list[str]) -> str:
    """The family that a command trains."""
    text = " ".join(words)
    return next((name for name in ("ingan", "edgeconnect") if f"={name}" in text), "singan")
