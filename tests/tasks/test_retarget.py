"""task=retarget, and a training that ends with it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import internal_gan
from internal_gan.config.compose import compose, load_options
from internal_gan.config.options import shapes_in
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import is_picture
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from internal_gan.models.abilities import Retargets
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import how_of
from internal_gan.tasks.formats import Wishes
from internal_gan.tasks.retarget import Target, targets
from internal_gan.units import by
from tests.commands import Shell
from tests.tiny import INGAN_FAST, INGAN_PAPER, holes, model_of, network_of, picture, tiny_options

PATCHES = "finish.detail=patches"


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fast InGAN trained at (20, 28) on a dark photo of (80, 112)."""
    folder = tmp_path_factory.mktemp("learnt")
    write_image(folder / "dark.png", picture(80, 112) * 0.4 - 0.5)
    options = [*INGAN_FAST[1:], "model.steps=1", "retarget.shape=[100%,100%]", "device=cpu"]
    how: Any = {"overrides": options, "output": folder / "run"}
    internal_gan.fit(folder / "dark.png", "ingan", **how)
    return folder / "run"


def retarget(shell: Shell, learnt: Path, *options: str) -> set[str]:
    """Run the task with output ``out``; return the names of its results."""
    shell.done("task=retarget", f"checkpoint={learnt}", "device=cpu", "output=out", *options)
    return {path.name for path in Path("out/retarget").glob("*.png") if is_picture(path.name)}


def of(name: str) -> Tensor:
    return read_image(f"out/retarget/{name}.png").pixels


def size_of(name: str) -> tuple[int, int]:
    return read_image(f"out/retarget/{name}").size


def target_of(trained: Source, model: Retargets, *options: str) -> Target:
    """What the task would draw."""
    wanted = Source(compose(["task=retarget", PATCHES, *options]), trained=trained)
    asked = wanted.options.retarget
    (target,) = targets(model, asked, shapes_in(asked.shape), Wishes(), how_of(wanted))
    return target


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
        ("retarget.shape=[[30,80],[21,13]]", {"30x80.png", "21x13.png"}),
        ("retarget.shape=null", {"20x56.png", "20x14.png", "40x56.png"}),
    ],
)
def test_every_size_is_exact(shell: Shell, learnt: Path, option: str, expected: set[str]) -> None:
    assert retarget(shell, learnt, option) == expected
    assert {f"{by(size_of(name))}.png" for name in expected} == expected


def test_a_part_as_high_as_the_photo_is_kept_over_many_passes(shell: Shell, learnt: Path) -> None:
    write_mask("keep.png", holes((20, 28), (0, 12, 20, 5)))
    # One pass cannot stretch the free columns fourfold.
    retarget(shell, learnt, "retarget.protect=keep.png", "retarget.shape=[20,100]")
    columns, painted = read_image("out/photo.png").pixels[..., 12:17], of("20x100")
    assert any(torch.equal(painted[..., at : at + 5], columns) for at in range(96))


@pytest.mark.parametrize(
    ("options", "name", "drawing"),
    [
        (["retarget.shape=[100%,200%]"], "80x224", (20, 56)),
        (["retarget.shape=[100%,50%]"], "80x56", (20, 14)),
        (["retarget.shape=[100%,200%]", "finish.resolution=56"], "40x112", (20, 56)),
        (["retarget.shape=[100%,200%]", "finish.resolution=model"], "20x56", (20, 56)),
        # By default the result shows as much as the photo does, at a scale between the training
        # image's and the photo's.
        (["retarget.shape=[80,224]"], "80x224", (20, 56)),
        (["retarget.shape=[40,112]"], "40x112", (14, 40)),
        (["retarget.shape=[40,null]"], "40x56", (20, 28)),
        (["retarget.shape=[40,112]", "finish.resolution=photo"], "40x112", (10, 28)),
        (["retarget.shape=[40,112]", "finish.resolution=56"], "40x112", (20, 56)),
        (["retarget.shape=[40,200%]"], "40x224", (10, 56)),
        (["retarget.shape=[null,50%]"], "40x56", (10, 14)),
        (["retarget.shape=1:1"], "95x95", (24, 24)),
        (["retarget.shape=9:16", "finish.resolution=56"], "63x35", (32, 18)),
        (["retarget.shape=[13,35]"], "13x35", (13, 35)),
        (["retarget.shape=[80,112]", "finish.resolution=model"], "80x112", (80, 112)),
    ],
    ids=str,
)
def test_sizes_are_those_of_the_result(learnt: Path, options: Any, name: str, drawing: Any) -> None:
    trained = Source(load_options(learnt / "config.yaml"), learnt)
    target = target_of(trained, network_of(learnt), *options)
    assert target.name == name == by(target.size)
    assert target.drawing_size == pytest.approx(drawing, abs=1)


def test_a_large_photo_keeps_its_own_pixels() -> None:
    pixels = picture(150, 600, seed=3)
    trained = Source(tiny_options(base=INGAN_FAST), files={"image": Photo(pixels)})
    model = model_of("model.max_size=56", base=INGAN_FAST, pixels=pixels)
    for resolution, size in (("auto", (39, 155)), ("photo", (150, 600))):
        wanted = ("retarget.shape=[60,100]", f"finish.resolution={resolution}")
        assert target_of(trained, model, *wanted).finisher.photo_size == size


def test_the_pixels_come_from_the_photo(shell: Shell, learnt: Path) -> None:
    assert retarget(shell, learnt, PATCHES, "retarget.shape=[100%,150%]") == {"80x168.png"}
    assert (size_of("80x168.png"), size_of("drawn/80x168.png")) == ((80, 168), (20, 42))
    own, made = read_image(learnt.parent / "dark.png").pixels, of("80x168")
    assert abs(float(own.mean() - made.mean())) < 0.2
    assert float(own.min()) - 0.1 < float(made.min()) < float(made.max())
    assert float(made.max()) < float(own.max()) + 0.1


def test_an_outline_is_cut_at_the_results_size(shell: Shell, learnt: Path) -> None:
    write_mask("shape.png", holes((90, 120), (11, 21, 60, 80)))
    assert retarget(shell, learnt, PATCHES, "retarget.mask=shape.png") == {"90x120-shape.png"}
    alpha: Any = read_image("out/retarget/90x120-shape.png").alpha
    assert torch.equal(alpha > 0.5, read_image("shape.png").pixels[:, :1] > 0)
    # The shape's bounding rectangle was drawn and finished.
    height, width = size_of("drawn/90x120-shape.png")
    assert abs(height / width - 60 / 80) < 0.1
    assert height < 40
    found = internal_gan.verify("out/retarget/90x120-shape.png", learnt.parent / "dark.png")
    assert found.holds
    assert found.exact > 0 < found.other


def test_a_transform_has_a_smooth_edge_at_the_results_size(shell: Shell, learnt: Path) -> None:
    wish = ("retarget.corners=[[0,0.15],[0,0.85],[1,1],[1,0]]", "retarget.shape=[100%,200%]")
    assert retarget(shell, learnt, PATCHES, *wish) == {"80x224.png"}
    alpha: Any = read_image("out/retarget/80x224.png").alpha
    assert float(alpha.mean()) == pytest.approx(0.85, abs=0.02)
    assert float(((alpha > 0) & (alpha < 1)).float().mean()) < 0.05


@pytest.mark.parametrize(
    "mask",
    [holes((80, 112), (34, 50, 12, 16)), holes((20, 28), (8, 12, 4, 5))],
    ids=["photo", "learnt"],
)
def test_what_is_protected_is_a_copy_of_the_photo(shell: Shell, learnt: Path, mask: Tensor) -> None:
    write_mask("keep.png", mask)
    retarget(shell, learnt, PATCHES, "retarget.protect=keep.png", "retarget.shape=[100%,200%]")
    photo, made = to_uint8(read_image(learnt.parent / "dark.png").pixels), to_uint8(of("80x224"))
    # 16 x 12 pixels that occur nowhere else in the photo.
    part = photo[0, :, 34:46, 50:66].float()
    windows = made[0].float().unfold(1, 12, 1).unfold(2, 16, 1)
    differences = (windows - part[:, None, None]).abs().sum(dim=(0, 3, 4))
    assert differences.min() == 0
    row, column = (differences == 0).nonzero()[0].tolist()
    # The part keeps its relative position.
    assert abs(row - 34) <= 4
    assert abs((column + 8) / 224 - 58 / 112) < 0.08
    found = internal_gan.verify("out/retarget/80x224.png", learnt.parent / "dark.png")
    assert found.holds
    assert (found.exact > 0, found.other) == (True, 0)
