"""task=preview: pictures composed of a photo's patches, without training."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.errors import UserError
from internal_gan.finishing.layers import read_layer
from internal_gan.finishing.origin import EXACT, read_origin
from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.image import to_uint8 as as_bytes
from internal_gan.images.files.marks import xmp
from internal_gan.images.resize import resize
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import State
from tests.commands import Shell
from tests.tiny import picture

pytestmark = pytest.mark.usefixtures("gravel")


def preview(shell: Shell, *options: str) -> Path:
    answer = shell("task=preview", "image=photo.png", "output=out", *options)
    assert answer.code == 0, answer.err
    assert "without a trained network" in answer.out
    return Path("out/preview")


def test_previews_are_the_photos_own_pixels(shell: Shell) -> None:
    folder = preview(shell, "preview.count=2", "seed=3")
    own = np.asarray(Image.open("photo.png"))
    made = [np.asarray(Image.open(folder / name)) for name in ("000.png", "001.png")]
    assert (made[0] != made[1]).any()
    origin = read_origin(folder / "000.origin.png")
    exact = origin.kinds == EXACT
    rows, columns = origin.places[..., 0], origin.places[..., 1]
    assert exact.mean() > 0.1
    assert np.array_equal(made[0][exact], own[rows, columns][exact])
    assert read_image(folder / "drawn" / "000.png").size == (43, 60)
    assert read_mark(folder / "000.png") == xmp("compositeCapture", "preview", None)
    status = json.loads(Path("out/status.json").read_text())
    assert status["state"] == "finished"
    assert "preview/000.png" in Path("out/index.html").read_text()


def test_pictures_appear_one_by_one_with_the_time_left(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.tasks.reporting.RESULTS_SECONDS", 0.0)
    seen: list[tuple[int, float, float]] = []
    write_status = RunFolder.write_status

    def watched(folder: RunFolder, state: State, **fields: Any) -> None:
        write_status(folder, state, **fields)
        now = folder.status()
        if "share" in now and "results" in fields:
            made = sum(one["kind"] == "result" for one in now["results"])
            seen.append((made, now["share"], now["seconds_left"]))

    monkeypatch.setattr(RunFolder, "write_status", watched)
    preview(shell, "preview.count=3")
    assert [(made, share) for made, share, _ in seen[:2]] == [(1, 0.333), (2, 0.667)]
    assert seen[0][2] > seen[1][2] > 0
    status = json.loads(Path("out/status.json").read_text())
    assert (status["share"], status["seconds_left"]) == (1, 0)
    # It was started before the first picture was drawn.
    spent = datetime.fromisoformat(status["updated"]) - datetime.fromisoformat(status["started"])
    assert abs(spent.total_seconds() - status["seconds"]) <= 2


@pytest.mark.parametrize(("least", "count"), [(0.0, 1), (1e9, 0)])
def test_the_first_picture_tells_once_how_long_the_others_take(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, least: float, count: int
) -> None:
    monkeypatch.setattr("internal_gan.tasks.reporting.RESULTS_SECONDS", 0.0)
    monkeypatch.setattr("internal_gan.tasks.reporting.MIN_TOLD", least)
    answer = shell("task=preview", "image=photo.png", "preview.count=3", "output=out")
    told = re.findall("^1 of 3 pictures done in .* s; about .* s left$", answer.out, re.MULTILINE)
    assert len(told) == answer.out.count(" left") == count


def test_a_size_and_a_narrow_photo(shell: Shell) -> None:
    folder = preview(shell, "preview.count=1", "preview.size=[70,200]")
    assert read_image(folder / "000.png").size == (70, 200)
    write_image("photo.png", picture(16, 160))
    answer = shell("task=preview", "image=photo.png", "preview.count=1", "output=narrow")
    assert answer.code == 0, answer.err
    assert read_image("narrow/preview/000.png").size == (16, 160)


def test_what_a_mask_keeps_stays_bit_for_bit(shell: Shell) -> None:
    mask = Image.new("L", (84, 60), 0)
    mask.paste(255, (30, 20, 42, 32))
    mask.save("keep.png")
    heights = np.random.default_rng(0).normal(25000, 4500, (60, 84)).astype(np.uint16)
    Image.fromarray(heights).save("height.png")
    options = ("preview.keep=keep.png", "preview.count=1", "finish.resolution=40")
    folder = preview(shell, *options, "layers=height.png")
    made = read_image(folder / "000.png").pixels
    photo = as_bytes(read_image("photo.png").shrunk_to((29, 40)).pixels)
    kept = resize(read_image("keep.png").pixels[:, :1], (29, 40))[0, 0] > 0
    same = (as_bytes(made) == photo).all(dim=1)[0]
    assert same[kept].all()
    assert same[~kept].float().mean() < 0.5
    assert Path("out/inputs/preview.keep.png").is_file()
    own = read_layer("height.png").shrunk_to((29, 40)).values
    equal = torch.from_numpy(read_layer("out/preview/layers/height/000.png").values == own)
    assert equal[kept].all()
    assert not equal[~kept].all()


@pytest.mark.slow
def test_python_draws_the_same(shell: Shell) -> None:
    folder = preview(shell, "preview.count=2", "preview.freedom=0.4", "seed=5")
    with Image.open("photo.png") as given:
        pictures = internal_gan.preview(given, 2, freedom=0.4, seed=5)
    for number, made in enumerate(pictures):
        with Image.open(folder / f"{number:03d}.png") as written:
            assert np.array_equal(np.asarray(made), np.asarray(written))
    wide = internal_gan.preview("photo.png", 1, size=(40, 100), output_type="pt")
    assert wide.shape == (1, 3, 40, 100)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (["task=preview", "preview.size=[300,400]"], "preview.size=[300,400]"),
        (["task=extend", "extend.margins=[0,0,160,200]"], "extend.margins=[0,0,160,200]"),
        (["model=singan", "sample.size=[300,400]"], "sample.size=[300,400]"),
        (["model=ingan", "retarget.shape=[300,400]"], "retarget.shape=[300,400]"),
        (["task=super_resolution", "super_resolution.factor=4"], "super_resolution.factor=4"),
    ],
)
def test_a_very_large_result_must_be_confirmed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, options: list[str], option: str
) -> None:
    monkeypatch.setattr("internal_gan.tasks.base.LARGE", 50_000)
    write_image("photo.png", picture(100, 120))
    answer = shell(*options, "image=photo.png")
    assert answer.code == 2
    assert f"error: {option}: a result of " in answer.err
    assert " megapixels takes about " in answer.err
    assert answer.err.endswith("of memory; to go on, add confirm=large\n")
    assert answer.err.count("\n") == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("size", "option"), [(None, "finish.resolution"), ((90, 90), "preview.size")]
)
def test_too_little_memory_is_one_line_in_python(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int] | None, option: str
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("internal_gan.tasks.preview.Preview.draw", refuse)
    with pytest.raises(UserError, match=f"not enough memory; a smaller {option} needs less"):
        internal_gan.preview(np.zeros((40, 50, 3), np.uint8), size=size)
