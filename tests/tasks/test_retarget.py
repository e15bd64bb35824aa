"""task=retarget, and a training that ends with it."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from internal_gan.images.files.image import read_image, write_image
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell
from tests.tiny import INGAN_FAST, INGAN_PAPER, picture, trained_ingan


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
    answer = shell("task=retarget", "checkpoint=model", "output=out", "device=cpu", *options)
    assert answer.code == 0, answer.err
    return {path.name: read_image(path).size for path in sorted(Path("out/retarget").iterdir())}


def test_a_training_ends_with_retargeting(shell: Shell, photo: str) -> None:
    answer = shell(
        *INGAN_PAPER,
        f"image={photo}",
        "output=run",
        "trainer.max_steps=2",
        "retarget.shape=[30,80]",
        "device=cpu",
    )
    assert answer.code == 0, answer.err
    assert read_image("run/retarget/30x80.png").size == (30, 80)
    assert read_image("run/scales/00.png").size == (20, 28)
    compared = sorted(Path("run/compare/30x80").iterdir())
    assert [p.name for p in compared] == ["ingan.png", "plain-resizing.png"]
    assert {read_image(p).size for p in compared} == {(30, 80)}
    assert "task=retarget checkpoint=run" in answer.out
    assert "Pictures: run/retarget" in answer.out
    page = Path("run/index.html").read_text()
    assert "task=retarget" in page
    assert "task=sample" not in page
    again = shell("task=retarget", "checkpoint=run", "output=out", "retarget.shape=[30,80]")
    assert again.code == 0, again.err
    first, second = (Path(run, "retarget/30x80.png").read_bytes() for run in ("run", "out"))
    assert first == second


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("retarget.shape=[33,91]", {"33x91.png": (33, 91)}),
        ("retarget.shape=[40,null]", {"40x56.png": (40, 56)}),
        ("retarget.shape=[null,7]", {"5x7.png": (5, 7)}),
        ("retarget.shape=[[30,80],[21,13]]", {"30x80.png": (30, 80), "21x13.png": (21, 13)}),
        ("retarget.scale=[1.0,2.0]", {"20x56.png": (20, 56)}),
        ("retarget.scale=[[1,4],[0.5,0.5]]", {"20x112.png": (20, 112), "10x14.png": (10, 14)}),
        ("seed=1", {"20x56.png": (20, 56), "20x14.png": (20, 14), "40x56.png": (40, 56)}),
    ],
)
def test_every_size_is_exact_to_the_pixel(
    shell: Shell, model: str, option: str, expected: dict[str, tuple[int, int]]
) -> None:
    assert retarget(shell, option, "retarget.compare=false") == expected
    assert not Path("out/compare").exists()
    assert RunFolder(Path("out")).status()["state"] == "finished"


def test_another_outline_comes_with_alpha(shell: Shell, model: str) -> None:
    corners = "retarget.corners=[[0.3,0.0],[0,1],[1,1],[0.7,0.0]]"
    assert retarget(shell, "retarget.shape=[40,60]", corners) == {"40x60.png": (40, 60)}
    alpha = read_image("out/retarget/40x60.png").alpha
    assert alpha is not None
    assert float(alpha.mean()) == pytest.approx(0.7, abs=0.02)
    assert alpha[0, 0, :10, 0].max() == 0
    assert alpha[0, 0, 15:25, 0].min() == 1


def test_the_outline_of_a_mask(shell: Shell, model: str) -> None:
    shape = Image.new("L", (60, 40), 0)
    shape.paste(255, (10, 5, 50, 30))
    shape.save("shape.png")
    given = read_image("shape.png").pixels[:, :1] > 0
    assert retarget(shell, "retarget.mask=shape.png") == {"40x60-shape.png": (40, 60)}
    alpha = read_image("out/retarget/40x60-shape.png").alpha
    assert alpha is not None
    assert torch.equal(alpha > 0.5, given)


@pytest.mark.parametrize("base", [INGAN_PAPER, INGAN_FAST], ids=["paper", "fast"])
def test_a_model_learns_from_further_photos_and_draws_the_first(
    shell: Shell, base: tuple[str, ...]
) -> None:
    for seed, name in enumerate(("a b.png", "c.png")):
        write_image(Path(name), picture(40, 56 - 8 * seed, seed=seed))
    options = ("model.steps=2", "retarget.shape=[18,40]", "retarget.compare=false", "device=cpu")
    photos = ("image=a b.png", "learn_from=c.png")
    answer = shell(*base, *photos, "output=run", *options)
    assert answer.code == 0, answer.err
    assert "further photos: 1" in answer.out
    assert "<h1>a b.png" in Path("run/index.html").read_text()
    assert read_image("run/photo.png").size == (20, 28)
    assert [read_image(path).size for path in Path("run/photos").iterdir()] == [(23, 28)]
    again = shell("task=retarget", "checkpoint=run", "output=out", *options[1:])
    assert again.code == 0, again.err
    first, second = (Path(run, "retarget/18x40.png").read_bytes() for run in ("run", "out"))
    assert first == second


Box = tuple[int, int, int, int]


def protecting(size: tuple[int, int] = (20, 28), box: Box = (12, 8, 17, 12)) -> str:
    """A mask with a white box (left, top, right, bottom)."""
    mask = Image.new("L", size[::-1], 0)
    mask.paste(255, box)
    mask.save("keep.png")
    return "retarget.protect=keep.png"


@pytest.mark.parametrize(
    ("shape", "corner"), [("[20,56]", (8, 26)), ("[40,19]", (19, 7)), ("[20,28]", (8, 12))]
)
def test_what_is_protected_keeps_its_pixels(
    shell: Shell, model: str, shape: str, corner: tuple[int, int]
) -> None:
    (name,) = retarget(shell, protecting(), f"retarget.shape={shape}")
    photo, painted = (
        read_image(f"out/{name}").pixels for name in ("photo.png", f"retarget/{name}")
    )
    top, left = corner
    assert torch.equal(painted[..., top : top + 4, left : left + 5], photo[..., 8:12, 12:17])
    assert not torch.equal(painted[..., :4, :5], photo[..., :4, :5])


def test_a_part_as_high_as_the_photo_is_kept_over_several_passes(shell: Shell, model: str) -> None:
    mask = protecting(box=(12, 0, 17, 20))
    # One pass cannot stretch the free columns fourfold.
    (name,) = retarget(shell, mask, "retarget.shape=[20,100]")
    photo, painted = (
        read_image(f"out/{name}").pixels for name in ("photo.png", f"retarget/{name}")
    )
    columns = photo[..., 12:17]
    assert any(torch.equal(painted[..., at : at + 5], columns) for at in range(96))


def test_the_models_family_may_be_given(shell: Shell, model: str) -> None:
    options = ("task=retarget", f"checkpoint={model}", "model=ingan_unet", "retarget.shape=[20,20]")
    assert shell(*options).code == 0
