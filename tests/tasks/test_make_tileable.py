"""task=make_tileable through the command line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.config.record import save_options
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell
from tests.tiny import picture, trained


@pytest.fixture
def model(tmp_path: Path, shell: Shell, photo: str) -> str:
    """The run folder of a three-scale model of the photo, (20, 28) pixels at the finest scale."""
    run = trained(tmp_path / "model")
    run.options.image = str(tmp_path / photo)
    save_options(run.options, run.folder.config_path)
    write_image(tmp_path / "model" / "photo.png", run.model.image)
    return "model"


def test_the_tileable_photo_and_a_proof_are_written(shell: Shell, model: str, photo: str) -> None:
    answer = shell("task=make_tileable", f"checkpoint={model}", "output=out")
    assert answer.code == 0, answer.err
    before, made = read_image(photo).pixels, read_image("out/make_tileable/000.png").pixels
    inside = (..., slice(6, -6), slice(9, -9))
    assert torch.equal(made[inside], before[inside])
    assert not torch.equal(made, before)
    for name, image in (("before", before), ("after", made)):
        copies = read_image(f"out/make_tileable/tiled-2x2-{name}.png").pixels
        assert torch.equal(copies, image.repeat(1, 1, 2, 2))
    status = RunFolder(Path("out")).status()
    for axis in ("top and bottom", "left and right"):
        assert status["seams"][axis] < status["seams_before"][axis]
        assert axis in answer.out
    assert "Step across the border before" in Path("out/index.html").read_text()


def test_the_band_is_made_of_the_photos_own_pixels(shell: Shell, model: str, photo: str) -> None:
    command = ("task=make_tileable", f"checkpoint={model}", "output=out", "finish.detail=patches")
    answer = shell(*command, "make_tileable.axes=x", "make_tileable.band=8")
    assert answer.code == 0, answer.err
    before = ((read_image(photo).pixels[0] + 1) * 127.5).round().permute(1, 2, 0).numpy()
    pixels = ((read_image("out/make_tileable/000.png").pixels[0] + 1) * 127.5).round()
    made = pixels.permute(1, 2, 0).numpy()
    assert np.array_equal(made[:, 8:-8], before[:, 8:-8])
    kept = before[:, 8:-8].reshape(-1, 3)
    band = np.concatenate([made[:, :8], made[:, -8:]]).reshape(-1, 3)
    assert np.mean([np.abs(kept - pixel).max(axis=1).min() for pixel in band]) < 15
    status = RunFolder(Path("out")).status()
    assert status["seams"]["left and right"] < status["seams_before"]["left and right"]
    assert read_image("out/make_tileable/drawn/000.png").size == (20, 28)


def test_one_axis_can_be_made_tileable_alone(shell: Shell, model: str, photo: str) -> None:
    command = ("task=make_tileable", f"checkpoint={model}", "output=out", "make_tileable.axes=x")
    assert shell(*command, "make_tileable.band=7").code == 0
    before, made = read_image(photo).pixels, read_image("out/make_tileable/000.png").pixels
    assert torch.equal(made[..., 7:-7], before[..., 7:-7])
    assert (made != before)[..., 10:-10, :3].any()
    assert Path("out/make_tileable/tiled-1x2-after.png").is_file()


def test_a_photo_keeps_its_size_depth_mode_and_profile(shell: Shell, model: str) -> None:
    gray = (picture(50, 70)[0, 0].numpy() * 0.5 + 0.5) * 65535
    Image.fromarray(gray.clip(0, 65535).astype(np.uint16)).save("deep.png")
    command = ("task=make_tileable", f"checkpoint={model}", "output=out")
    answer = shell(*command, "make_tileable.image=deep.png")
    assert answer.code == 0, answer.err
    made: Photo = read_image("out/make_tileable/000.png")
    assert (made.size, made.bit_depth, made.is_gray) == ((50, 70), 16, True)
    inside = (..., slice(8, -8), slice(11, -11))
    assert torch.equal(made.pixels[inside], read_image("deep.png").pixels[inside])


def test_a_deleted_photo_is_read_from_the_run(shell: Shell, model: str, photo: str) -> None:
    Path(photo).unlink()
    answer = shell("task=make_tileable", f"checkpoint={model}", "output=out")
    assert answer.code == 0, answer.err
    assert "the training's copy" in answer.out
    assert read_image("out/make_tileable/000.png").size == (20, 28)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("make_tileable.axes=z", "make_tileable.axes=z: needs one of both, x, y"),
        ("make_tileable.band=0.7", "make_tileable.band=0.7: needs a fraction above 0"),
        ("make_tileable.band=21", "make_tileable.band is 21; allowed: .* 1 to 20, in pixels"),
        ("make_tileable.start_scale=9", "make_tileable.start_scale is 9; allowed: 0 to 2"),
        ("make_tileable.start_scale=-1", "make_tileable.start_scale=-1: needs a whole number"),
        ("make_tileable.image=none.png", "make_tileable.image=none.png: no such file"),
        ("make_tileable.seed=-1", "make_tileable.seed=-1: needs a whole number"),
        ("sample.count=3", "sample.count: cannot be changed here"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    shell: Shell, model: str, argument: str, message: str
) -> None:
    answer = shell("task=make_tileable", f"checkpoint={model}", argument)
    assert answer.code == 2
    (line,) = answer.lines
    assert re.match(f"error: {message}", line)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["model", "photo.png"]


class TestWithoutAModel:
    """task=make_tileable image=FILE: the band is filled with the photo's patches."""

    @pytest.fixture(autouse=True)
    def photo(self, shell: Shell) -> None:
        write_image("given.png", picture(64, 90))

    def test_borders_meet_and_the_rest_is_the_photo(self, shell: Shell) -> None:
        answer = shell("task=make_tileable", "image=given.png", "output=out")
        assert answer.code == 0, answer.err
        before, after = (
            read_image(path).pixels for path in ("given.png", "out/make_tileable/000.png")
        )
        inside = (..., slice(10, 54), slice(14, 76))
        assert torch.equal(before[inside], after[inside])
        assert not torch.equal(before, after)
        facts = json.loads(Path("out/status.json").read_text())
        for axis, step in facts["seams"].items():
            assert step < facts["seams_before"][axis]

    def test_python_gives_the_same(self, shell: Shell) -> None:
        options = ("make_tileable.axes=x", "make_tileable.seed=3", "output=out")
        assert shell("task=make_tileable", "image=given.png", *options).code == 0
        for photo in ("given.png", Image.open("given.png")):
            made = internal_gan.make_tileable(photo, axes="x", seed=3)
            written = Image.open("out/make_tileable/000.png")
            assert np.array_equal(np.asarray(made), np.asarray(written))

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ([], "task=make_tileable needs image=FILE or, for a trained model, checkpoint=RUN"),
            (["image=given.png", "make_tileable.start_scale=1"], "make_tileable.start_scale: can"),
            (["image=given.png", "make_tileable.band=900"], "make_tileable.band is 900"),
            (["image=broken.png"], "error: image=broken.png: not an image"),
        ],
    )
    def test_mistakes_are_one_line(self, shell: Shell, options: list[str], said: str) -> None:
        Path("broken.png").write_bytes(b"not a picture")
        answer = shell("task=make_tileable", *options)
        assert answer.code == 2
        assert said in answer.err
        assert answer.err.count("\n") == 1
        assert not Path("runs").exists()
