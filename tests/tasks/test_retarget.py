"""task=retarget, and a training that ends with it."""

import shutil
from pathlib import Path

import pytest
import torch

from internal_gan.images.files.image import read_image
from internal_gan.images.masks import write_mask
from internal_gan.runs.folder import RunFolder
from internal_gan.units import by
from tests.commands import Shell
from tests.tiny import INGAN_PAPER, holes, trained_ingan


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "model"
    trained_ingan(path, "model.steps=1")
    return path


@pytest.fixture
def model(tmp_path: Path, shell: Shell, trained_once: Path) -> str:
    """The run folder of a trained InGAN of (20, 28) pixels."""
    shutil.copytree(trained_once, tmp_path / "model")
    return "model"


def retarget(shell: Shell, *options: str) -> dict[str, tuple[int, int]]:
    """Run the task on ``model`` with output ``out``; return the pictures' names and sizes."""
    shell.done("task=retarget", "checkpoint=model", "output=out", "device=cpu", *options)
    return {path.name: read_image(path).size for path in sorted(Path("out/retarget").iterdir())}


def test_a_training_ends_with_retargeting(shell: Shell, photo: str) -> None:
    short = ("trainer.max_steps=2", "retarget.shape=[30,80]", "device=cpu")
    answer = shell.done(*INGAN_PAPER, f"image={photo}", "output=run", *short)
    assert read_image("run/retarget/30x80.png").size == (30, 80)
    assert read_image("run/scales/00.png").size == (20, 28)
    assert "task=retarget checkpoint=run" in answer.out
    assert "Picture:  run/retarget/30x80.png, 30x80 pixels" in answer.out
    page = Path("run/index.html").read_text()
    assert "task=retarget" in page
    assert "task=sample" not in page
    shell.done("task=retarget", "checkpoint=run", "output=out", "retarget.shape=[30,80]")
    first, second = (Path(run, "retarget/30x80.png").read_bytes() for run in ("run", "out"))
    assert first == second


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("retarget.shape=[null,7]", {"5x7.png"}),
        ("retarget.shape=[[30,80],[21,13]]", {"30x80.png", "21x13.png"}),
        ("retarget.shape=[[100%,400%],[50%,50%]]", {"20x112.png", "10x14.png"}),
        ("marks=true", {"20x56.png", "20x14.png", "40x56.png"}),
    ],
)
def test_every_size_is_exact_to_the_pixel(
    shell: Shell, model: str, option: str, expected: set[str]
) -> None:
    found = retarget(shell, option)
    assert {*found} == expected
    assert all(name == f"{by(size)}.png" for name, size in found.items())
    assert RunFolder(Path("out")).status()["state"] == "finished"


def test_a_part_as_high_as_the_photo_is_kept_over_several_passes(shell: Shell, model: str) -> None:
    write_mask("keep.png", holes((20, 28), (0, 12, 20, 5)))
    # One pass cannot stretch the free columns fourfold.
    (name,) = retarget(shell, "retarget.protect=keep.png", "retarget.shape=[20,100]")
    photo, painted = (read_image(f"out/{n}").pixels for n in ("photo.png", f"retarget/{name}"))
    columns = photo[..., 12:17]
    assert any(torch.equal(painted[..., at : at + 5], columns) for at in range(96))
