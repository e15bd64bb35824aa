"""Every command of the guides runs, on stand-ins for the files that it names."""

import os
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.plugins import Plugins
from omegaconf import DictConfig
from PIL import Image

from internal_gan.cli import main
from internal_gan.config.arguments import overrides_of, values_of
from internal_gan.images.masks import write_mask
from tests.commands import ROOT, Shell
from tests.judging.stand_in import weights_file
from tests.nn.test_perceptual import WIDTHS
from tests.nn.test_perceptual import stand_in as vgg
from tests.test_docs import COMMAND
from tests.tiny import holes

PHOTO = ROOT / "examples" / "photos" / "large" / "mountains.jpg"
QUICK = ("trainer=debug",)
WIDTH, HEIGHT = 160, 144
GUIDES = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("user-guide", "evaluation", "many-runs")),
    *sorted((ROOT / "docs" / "applications").glob("*.md")),
]
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The server runs until it is stopped.
NOT_HERE = re.compile(r"^app\b")
# The stand-in for VGG is narrow.
NARROW = f"model.features.widths={list(WIDTHS)}".replace(" ", "")
FAMILY = {"retarget": "ingan", "fill": "edgeconnect"}
MASKS = (
    *("mask.png", "hole.png", "keep.png", "other.png", "drawn.png", "lines.png"),
    "important.png",
)
PHOTOS = ("photo.jpg", "your-photo.jpg", "small.jpg", "another.jpg")
EDITED = ("edited.png", "filled.png", "pasted.png", "painting.png", "normal.png")


def commands_of(page: Path) -> list[str]:
    shown = "".join(BLOCK.findall(page.read_text(encoding="utf-8").replace("\\\n", "")))
    return [command for command in COMMAND.findall(shown) if not NOT_HERE.search(command)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all the files that the guides name."""
    path = tmp_path_factory.mktemp("guides")
    for folder in ("photos", "holes", "folder"):
        (path / folder).mkdir()
    with Image.open(PHOTO) as photo:
        photo.thumbnail((300, 200))
        for name in (*PHOTOS, *EDITED, "depth.png", "photos/a.jpg", "photos/b.jpg", "folder/a.png"):
            photo.crop((0, 0, WIDTH, HEIGHT)).save(path / name)
        turned = photo.crop((0, 0, WIDTH, HEIGHT)).convert("RGBA")
        turned.paste((0, 0, 0, 0), (0, 0, WIDTH // 8, HEIGHT // 8))
        turned.save(path / "straightened.png")
    for name in (*MASKS, "holes/a.png", "holes/b.png"):
        left = 50 if name == "other.png" else 60
        write_mask(path / name, holes((HEIGHT, WIDTH), (50, left, 26, 26)))
    weights_file(path / "weights-inception-2015-12-05-6726825d.pth")
    torch.save(vgg(), path / "vgg19.pth")
    return path


class RayLauncher(BasicLauncher):
    """Ray's launcher without Ray: the jobs run here, one after the other."""

    def __init__(self, ray: DictConfig) -> None:
        super().__init__()
        assert set(ray) == {"init", "remote"}


# Tells what it got, and does what a cluster would, in the background: a job for each array task.
SBATCH = """#!/bin/sh
cp "$1" "$(dirname "$0")/submitted.sh"
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' "$1")
for task in $(seq 0 "$last"); do
  SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$task sh "$1"
done > /dev/null 2>&1 &
echo Submitted batch job 7
"""
SRUN = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do
  case "$1" in --output | --error) shift ;; esac
  shift
done
exec "$@"
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for Slurm's commands, on the path."""
    for name, text in {"sbatch": SBATCH, "srun": SRUN, "sacct": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that users add: Ray's launcher."""
    package = ModuleType("hydra_plugins.hydra_ray_launcher")
    module = ModuleType(f"{package.__name__}.ray_launcher")
    monkeypatch.setattr(module, "RayLauncher", RayLauncher, raising=False)
    monkeypatch.setattr(RayLauncher, "__module__", module.__name__)
    for one in (package, module):
        monkeypatch.setitem(sys.modules, one.__name__, one)
    known = Plugins.instance().class_name_to_class
    monkeypatch.setitem(known, f"{module.__name__}.RayLauncher", RayLauncher)


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
    page: Path, place: Path, models: dict[str, Path], shell: Shell, cluster: Path, stand_ins: None
) -> None:
    """In the order of the page, where RUN is the newest model of the family that the task needs.

    Users' weights are random. Ray's jobs run in this process, Slurm's by a script for ``sbatch``.
    """
    os.chdir(place)  # until the shell is gone
    newest = dict(models)
    for number, command in enumerate(commands_of(page)):
        words = shlex.split(command, comments=True)
        given = {word.partition("=")[0] for word in words}
        options = values_of(overrides_of([word for word in words if word[0] != "-"]))
        task = options.get("task", "train")
        words = [word.replace("RUN", str(newest[FAMILY.get(task, "singan")])) for word in words]
        if "hydra/launcher" in given:
            words = [word for word in words if not word.startswith("output=")]
            given -= {"output"}
        if not given & {"output", "resume"}:
            words.append(f"output={Path('runs', page.stem, str(number))}")
        asks = task == "train" or (given & {"model", "experiment"} and "model=patches" not in words)
        trains = bool(asks) and not given & {"checkpoint", "resume"}
        if trains:
            words += [*QUICK, *(["finish.detail=patches"] if "layers" in given else [])]
            words += [NARROW] if "vgg19" in command else []
        # The guides' photos are about ten times as large.
        words = [re.sub(r"^(sample.size=.\d+)00,(\d+)00", r"\g<1>0,\g<2>0", word) for word in words]
        answer = shell(*words)
        assert answer.code == 0, (command, answer.err)
        if "hydra/launcher=submitit_slurm" in words:
            asked = (cluster / "submitted.sh").read_text().splitlines()
            assert {"#SBATCH --partition=gpu", "#SBATCH --gpus-per-node=1"} <= set(asked)
        if trains and "-m" not in words:
            output = next(word[7:] for word in words if word.startswith("output="))
            newest[_family(words)] = Path(output)


def _family(words: list[str]) -> str:
    """The family that a command trains."""
    text = " ".join(words)
    return next((name for name in ("ingan", "edgeconnect") if f"={name}" in text), "singan")
