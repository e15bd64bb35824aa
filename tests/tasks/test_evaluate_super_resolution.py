"""task=evaluate_super_resolution: a folder of photos, with stops."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from internal_gan.images.files.image import read_image, to_uint8
from internal_gan.runs.folder import RunFolder
from internal_gan.tasks.train import train
from internal_gan.training.engine import TrainingStopped
from tests.commands import TINY_RUN, Shell
from tests.tiny import picture

TASK = "task=evaluate_super_resolution"
OPTIONS = (*TINY_RUN, "super_resolution.factor=2", "model.min_size=12", "model.steps=2")


@pytest.fixture
def photos(tmp_path: Path, shell: Shell) -> str:
    """A folder with two photos of 41 x 57 pixels."""
    (tmp_path / "photos").mkdir()
    for name, seed in (("sea", 0), ("hill", 1)):
        pixels = to_uint8(picture(41, 57, seed))[0].permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{name}.png")
    return "evaluate_super_resolution.photos=photos"


def test_every_photo_is_judged_and_a_stop_loses_nothing(
    shell: Shell, photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []

    def train_once(options: object, **keywords: object) -> object:
        trained.append(str(getattr(options, "image", "")))
        if len(trained) == 2:
            raise TrainingStopped("SIGINT")
        return train(options, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr("internal_gan.tasks.evaluate_super_resolution.train", train_once)
    answer = shell(TASK, photos, "output=out", *OPTIONS)
    assert answer.code == 130, answer.err
    assert "resume=out" in answer.out
    assert RunFolder(Path("out")).status()["state"] == "stopped"
    assert [Path(name).name for name in trained] == ["hill.png", "sea.png"]

    answer = shell("resume=out")
    assert answer.code == 0, answer.err
    assert [Path(name).name for name in trained] == ["hill.png", "sea.png", "sea.png"]
    results = json.loads(Path("out/results.json").read_text())
    assert [entry["photo"] for entry in results["photos"]] == ["hill", "sea"]
    assert results["degradation"] == "antialiased bicubic, clipped and rounded to 8 bits"
    for method in ("bicubic", "lanczos", "enlarged"):
        assert set(results["mean"][method]) == {"rmse", "psnr", "ssim"}
        assert read_image(f"out/evaluate_super_resolution/sea/{method}.png").size == (40, 56)
    assert read_image("out/shrunk/sea.png").size == (20, 28)
    assert "| mean of 2 | enlarged |" in Path("out/summary.md").read_text()
    assert "Lanczos" in Path("out/index.html").read_text()
    assert "PSNR" in answer.out
    assert "is finished" in shell("resume=out").out


def test_photos_without_a_counterpart_are_only_enlarged(shell: Shell, photos: str) -> None:
    Path("photos/hill.png").unlink()
    shrink = "evaluate_super_resolution.shrink=false"
    answer = shell(TASK, photos, shrink, "output=out", *OPTIONS)
    assert answer.code == 0, answer.err
    pictures = Path("out/evaluate_super_resolution/sea")
    assert read_image(pictures / "enlarged.png").size == (82, 114)
    assert not (pictures / "original.png").exists()
    assert "no original to compare with" in Path("out/summary.md").read_text()
    assert json.loads(Path("out/results.json").read_text())["degradation"] == "none"


@pytest.mark.parametrize(
    ("arguments", "piece"),
    [
        ([], "needs evaluate_super_resolution.photos=FOLDER"),
        (["evaluate_super_resolution.photos=none"], "there is no such folder"),
        (["evaluate_super_resolution.photos=empty"], "no images there"),
        (["evaluate_super_resolution.photos=photos", "image=photos/sea.png"], "image: cannot"),
        (["evaluate_super_resolution.photos=photos", "super_resolution.factor=8"], "sea.png"),
        (["evaluate_super_resolution.photos=photos", "checkpoint=x"], "checkpoint: cannot"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    shell: Shell, photos: str, arguments: list[str], piece: str
) -> None:
    Path("empty").mkdir()
    Path("photos/hill.png").unlink()
    answer = shell(TASK, *TINY_RUN, *arguments)
    assert answer.code == 2
    assert len(answer.lines) == 1
    assert piece in answer.lines[0]
    shutil.rmtree("empty")
    assert [p.name for p in Path.cwd().iterdir()] == ["photos"]
