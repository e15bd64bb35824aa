"""layers=: images of the photo's size that accompany results."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import read_origin
from internal_gan.runs.records import read_results
from tests.commands import Shell
from tests.tasks.conftest import FINISHED


def sample(shell: Shell, *options: str) -> None:
    shell.done("task=sample", "checkpoint=run", "output=out", *options)


def test_every_result_comes_with_every_layer(run: Path, shell: Shell) -> None:
    rng = np.random.default_rng(0)
    depth = rng.normal(25000, 4500, (120, 168)).astype(np.uint16)
    mask = rng.integers(0, 7, (120, 168)).astype(np.uint8)
    Image.fromarray(depth).save("depth.tif")
    Image.fromarray(mask).save("mask.png")
    sample(shell, "layers=[mask.png,depth.tif]", "sample.count=2")
    for number in ("000", "001"):
        places = read_origin(f"out/sample/{number}.origin.png").places
        # Few values are labels.
        found = read_layer(f"out/sample/layers/mask/{number}.png").values
        assert (found == mask[places[..., 0], places[..., 1]]).all()
        there = read_layer(f"out/sample/layers/depth/{number}.png").values
        copied = depth[places[..., 0], places[..., 1]]
        assert abs(there - copied.astype(float)).mean() < depth.std() / 2
    results = read_results(Path("out"))
    assert {r.kind for r in results if "layers" in r.file} == {"aside"}
    assert len([r for r in results if r.kind == "result"]) == 2


def test_a_training_keeps_its_layers(shell: Shell, photo: str) -> None:
    mask = np.random.default_rng(1).integers(0, 7, (40, 56)).astype(np.uint8)
    Image.fromarray(mask).save("mask.png")
    shell.done("model=singan", f"image={photo}", "layers=mask.png", "output=run", *FINISHED)
    assert Path("run/sample/layers/mask/000.png").is_file()
    sample(shell, "sample.count=1", "finish.resolution=30")
    found = read_layer("out/sample/layers/mask/000.png").values
    assert set(np.unique(found)) <= set(np.unique(mask))
    own = read_layer("mask.png")
    Path("mask.png").unlink()
    shutil.move("run", "moved")
    shell.done("task=sample", "checkpoint=moved", "output=again", "sample.count=1")
    places = read_origin("again/sample/000.origin.png").places
    there = read_layer("again/sample/layers/mask/000.png").values
    assert (there == mask[places[..., 0], places[..., 1]]).all()
    # A changed photo may have another size.
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save("small.png")
    Image.fromarray(np.eye(24, 32, dtype=np.uint8) * 255).save("where.png")
    edited = ("task=edit", "edit.image=small.png", "mask=where.png", "output=edited")
    shell.done("checkpoint=moved", *edited)
    origin = read_origin("edited/edit/000.origin.png")
    there = read_layer("edited/edit/layers/mask/000.png").values
    assert (there == own.shrunk_to(origin.photo_size).along(origin).values).all()


def test_a_layer_that_is_the_photo_is_the_result(shell: Shell, large: str) -> None:
    """The strictest test of seams: they are hidden as those of the colours were."""
    shutil.copy(large, "same.png")
    asked = ("image=photo.png", "layers=same.png")
    for task, more in (("sample", "sample.count=1"), ("make_tileable", "seed=0")):
        shell.done(f"task={task}", *asked, more, f"output={task}")
        made = read_layer(f"{task}/{task}/000.png").values
        layer = read_layer(f"{task}/{task}/layers/same/000.png").values
        assert (made != read_layer(large).values).any()
        assert (made == layer).all()
