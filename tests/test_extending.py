"""The examples of docs/extending.md work when applied to a copy of the package."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.commands import ROOT, TINY_RUN, pixels, run_python

TEXT = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w/.]+)`[^`\n]*:\n\n```(?:python|yaml)\n(.*?)^```$", re.M | re.S)
DIFF = re.compile(r"^```diff\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package and its configuration, with the examples applied."""
    place = tmp_path_factory.mktemp("copy")
    for name in ("internal_gan", "conf"):
        # With the compiled loops in its caches.
        shutil.copytree(ROOT / name, place / name)
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


# Further commands start in the same process, which saves the seconds needed to import torch.
COMMANDS = """
import json, sys
from internal_gan.cli import main
for words in json.loads(sys.argv[1]):
    main(words)
"""
IN_PYTHON = """
import internal_gan
model = internal_gan.load("toy")
for number, picture in enumerate(model.sample(2, size=(30, 50), seed=4)):
    picture.save(f"python-{number}.png")
assert not hasattr(model, "edit")
try:
    main(["task=edit", "checkpoint=toy", "edit.image=photo.png"])
except SystemExit as end:
    assert end.code == 2
"""
# Trains a toy for the tab Variations, and draws with it.
IN_THE_APP = """
import time
from pathlib import Path
from starlette.testclient import TestClient
from internal_gan.app.guard import HEADER
from internal_gan.app.server import application
from internal_gan.app.settings import Settings

settings = Settings(runs=Path("runs"), trainer="debug")
with TestClient(application(settings), "http://127.0.0.1:7860") as client:
    client.headers[HEADER] = "1"
    photo = client.post("/photos?name=a.png", content=Path(sys.argv[2]).read_bytes()).json()
    page = f"/photos/{photo['photo']}"
    families = client.get(page).json()["models"]["sample"].values()
    offered = [family["title"] for family in families]
    assert offered == ["SinGAN", "Toy"], offered
    run = client.post(f"{page}/runs", json={"task": "sample", "model": "toy"}).json()
    while run["state"] in ("waiting", "running"):
        time.sleep(0.1)
        (run,) = client.get(page).json()["runs"]
    assert run["state"] == "finished", run
    assert run["can"] == ["sample", "evaluate"], run["can"]
    drawn = client.post(f"{page}/runs", json={"task": "sample", "run": run["run"]}).json()
    assert drawn["state"] == "finished", drawn
"""


def run(copy: Path, photo: Path, *commands: Sequence[str], then: str = "") -> str:
    """What the copy prints when it runs commands, and ``then`` Python code, in one process."""
    words = json.dumps(commands)
    answer = run_python(COMMANDS + then, words, photo, cwd=copy, PYTHONPATH=str(copy))
    assert answer.code == 0, answer.err
    return answer.out + answer.err


def test_the_examples_touch_as_many_files_as_they_say() -> None:
    changed = re.findall(r"^\+\+\+ b/(.+)$", TEXT, re.MULTILINE)
    added = [name for name, _ in FILE.findall(TEXT)]
    assert len(changed[:-1]) + sum("tasks" in name for name in added) == 3
    assert changed[-1] == "internal_gan/config/catalogue.py"
    assert sum("toy" in name for name in added) + 1 == 5


def test_the_task_of_the_example_mirrors_the_photo(copy: Path, tiny_photo: Path) -> None:
    mirror = ("task=mirror", "checkpoint=trained", "device=cpu")
    told = run(
        *(copy, tiny_photo, (f"image={tiny_photo}", *TINY_RUN, "output=trained")),
        *((*mirror, f"mirror.axis={axis}", f"output=singan-{axis}") for axis in ("x", "y")),
        ("mirror", str(tiny_photo), "output=at-once"),
        ("task=mirror", "--help"),
    )
    x, y = (pixels(copy / f"singan-{axis}" / "mirror" / "000.png") for axis in ("x", "y"))
    assert np.array_equal(x[:, ::-1], y[::-1])
    assert not np.array_equal(x, y)
    assert "mirror.axis" in told.rpartition("Done")[2]


def test_the_family_of_the_example_samples_in_every_place(copy: Path, tiny_photo: Path) -> None:
    pytest.importorskip("starlette")
    asked = ("sample.size=[30,50]", "sample.count=2", "seed=4")
    told = run(
        *(copy, tiny_photo),
        ("model=toy", f"image={tiny_photo}", "trainer=debug", "output=toy", "device=cpu"),
        ("task=sample", "checkpoint=toy", *asked, "output=drawn", "device=cpu"),
        then=IN_PYTHON + IN_THE_APP,
    )
    assert "task=sample" in told
    saved = [pixels(copy / "drawn" / "sample" / f"00{n}.png") for n in (0, 1)]
    assert saved[0].shape == (30, 50, 3)
    assert not np.array_equal(saved[0], saved[1])
    drawn = [pixels(copy / f"python-{n}.png") for n in (0, 1)]
    assert all(np.array_equal(a, b) for a, b in zip(saved, drawn, strict=True))
    assert (
        "a model of toy; task=edit needs one that redraws a given picture: patches, singan" in told
    )


def test_families_train_with_the_losses_of_the_example(copy: Path, tiny_photo: Path) -> None:
    short = (f"image={tiny_photo}", "trainer=debug", "device=cpu")
    run(
        *(copy, tiny_photo),
        ("model=singan", "model/adversarial_loss=pearson", *short, "output=singan-loss"),
        ("model=ingan", "model/patch_loss=[retargeting,covariance]", *short, "output=ingan-loss"),
    )
    terms = json.loads((copy / "ingan-loss" / "metrics.jsonl").read_text().splitlines()[-1])
    assert "covariance" in str(terms), terms
    assert "internal_gan.nn.pearson.Pearson" in (copy / "singan-loss" / "config.yaml").read_text()
