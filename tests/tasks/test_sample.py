"""task=sample: by the photo's own patches, and on a trained model."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan.config.compose import load_options, save_options
from internal_gan.errors import UserError
from internal_gan.finishing.layers import read_layer
from internal_gan.images.files.image import read_image, write_image
from internal_gan.models.singan.training import SinGANRecipe
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import save_model
from internal_gan.runs.records import State
from tests.commands import Shell, pixels
from tests.tiny import network_of, picture, sample, tiny_options, untrained, write_png

SIZE = (60, 84)


def at_once(shell: Shell, *options: str) -> Path:
    answer = shell.done("task=sample", "image=photo.png", "output=out", *options)
    assert "Works on the photo itself; nothing is trained" in answer.out
    several = "sample.count=1" not in options
    assert ("Pictures: out/sample\n" if several else "Picture:  out/sample/000.png") in answer.out
    return Path("out/sample")


@pytest.mark.usefixtures("gravel")
def test_a_photo_is_sampled_at_once_with_its_own_pixels(shell: Shell) -> None:
    folder = at_once(shell, "sample.count=2", "seed=3")
    assert (pixels(folder / "000.png") != pixels(folder / "001.png")).any()
    found = internal_gan.verify(folder / "000.png", "photo.png")
    assert found.holds
    assert found.exact > 0.1
    assert read_image(folder / "drawn" / "000.png").size == (43, 60)
    status = RunFolder(Path("out")).status()
    assert (status["state"], "model_task" in status) == ("finished", False)
    assert "sample/000.png" in Path("out/index.html").read_text()


@pytest.mark.usefixtures("gravel")
@pytest.mark.parametrize("task", ["sample", "retarget"])
def test_depth_opacity_and_layers_go_along(shell: Shell, task: str) -> None:
    """Of a photo of 16 bits, whose levels are copied exactly."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 200, (*SIZE, 4)).astype(np.uint16)
    levels[..., :3] += pixels("photo.png").astype(np.uint16) * 250
    levels[..., 3] = np.linspace(20000, 65535, SIZE[1])
    write_png("photo.png", levels)
    Image.fromarray(rng.integers(0, 65536, SIZE).astype(np.uint16)).save("height.png")
    name, wanted = {
        "sample": ("000", "sample.count=1"),
        "retarget": ("60x120", "retarget.shape=[60,120]"),
    }[task]
    shell.done(task, "photo.png", wanted, "layers=height.png", "output=out")
    folder = Path("out", task)
    made = read_image(folder / f"{name}.png")
    assert (made.bit_depth, made.mode) == (16, "RGBA")
    found = internal_gan.verify(folder / f"{name}.png", "photo.png")
    assert found.holds
    assert found.exact > 0.05
    assert read_layer(folder / f"layers/height/{name}.png").values.shape == made.size


def test_pictures_appear_with_the_time_left(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image("photo.png", picture(24, 32))
    monkeypatch.setattr("internal_gan.tasks.runner.RESULTS_SECONDS", 0.0)
    seen: list[tuple[int, float, float]] = []
    write_status = RunFolder.write_status

    def watched(folder: RunFolder, state: State, **fields: Any) -> None:
        write_status(folder, state, **fields)
        now = folder.status()
        if "share" in now and "results" in fields:
            made = sum(one["kind"] == "result" for one in now["results"])
            seen.append((made, now["share"], now["seconds_left"]))

    monkeypatch.setattr(RunFolder, "write_status", watched)
    at_once(shell, "sample.count=3")
    assert [(made, share) for made, share, _ in seen[:2]] == [(1, 0.333), (2, 0.667)]
    assert seen[0][2] > seen[1][2] > 0
    status = json.loads(Path("out/status.json").read_text())
    assert (status["share"], status["seconds_left"]) == (1, 0)
    # It was started before the first picture was drawn.
    spent = datetime.fromisoformat(status["updated"]) - datetime.fromisoformat(status["started"])
    assert abs(spent.total_seconds() - status["seconds"]) <= 2


@pytest.mark.parametrize(
    "options",
    [
        "task=sample sample.size=[300,400]",
        "task=extend extend.margins=[0,0,160,200]",
        "model=singan sample.size=[300,400]",
        "model=ingan retarget.shape=[300,400]",
        "task=super_resolution model=singan super_resolution.factor=4",
    ],
)
def test_a_very_large_result_must_be_confirmed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setattr("internal_gan.tasks.how.LARGE", 50_000)
    write_image("photo.png", picture(100, 120))
    *others, option = options.split()
    said = shell.refused(*others, option, "image=photo.png")
    what = r"a result of \d+ megapixels takes about .* of memory; to go on, add confirm=large"
    assert re.fullmatch(f"{re.escape(option)}: {what}", said)
    assert not Path("runs").exists()


def test_too_little_memory_is_one_line_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Mock(side_effect=MemoryError)
    monkeypatch.setattr("internal_gan.models.patches.model.Patches.sample", full)
    with pytest.raises(UserError, match=r"not enough memory; a smaller sample\.size needs less"):
        internal_gan.sample(picture(40, 50)[0] / 2 + 0.5, size=(90, 90))


def test_samples_go_to_a_run_folder_of_their_own(shell: Shell, model: str) -> None:
    before = sorted(p.name for p in Path(model).iterdir())
    answer = shell.done("task=sample", f"checkpoint={model}", "sample.count=3", "device=cpu")
    (folder,) = Path("runs/photo-singan").iterdir()
    assert len(list((folder / "sample").iterdir())) == 3
    assert (folder / "index.html").is_file()
    assert RunFolder(folder).status()["state"] == "finished"
    assert load_options(folder / "config.yaml").checkpoint == str(Path(model).absolute())
    assert sorted(p.name for p in Path(model).iterdir()) == before
    assert str(folder) in answer.out


def test_an_unfinished_model_is_sampled_exactly_as_asked(shell: Shell) -> None:
    options = tiny_options()
    Path("part").mkdir()
    save_options(options, Path("part/config.yaml"))
    architecture = SinGANRecipe.architecture(options.model)
    save_model(untrained(scales=2), Path("part/model.safetensors"), architecture)
    wanted = ("sample.size=[33,91]", "sample.start_scale=1", "sample.count=1")
    shell.done("task=sample", "checkpoint=part", "output=out", *wanted)
    written = read_image("out/sample/000.png").pixels
    expected = sample(network_of("part"), 1, (33, 91), start_scale=1)
    assert written.shape == expected.shape
    assert (written - expected).abs().max() <= 1.01 / 255
    said = shell.refused("task=sample", "checkpoint=part", "sample.start_scale=2")
    allowed = "2 of the model's 3 scales are finished; allowed: 0 to 1"
    assert said == f"sample.start_scale=2: {allowed}"


@pytest.mark.parametrize(("alike", "said"), [(9.0, True), (0.0, False)])
def test_samples_that_hardly_differ_are_said_to(
    shell: Shell, model: str, monkeypatch: pytest.MonkeyPatch, alike: float, said: bool
) -> None:
    monkeypatch.setattr("internal_gan.tasks.sample.ALIKE", alike)
    options = "sample.start_scale=1", "sample.count=2"
    answer = shell.done("task=sample", f"checkpoint={model}", *options)
    line = "The samples hardly differ; a sample.start_scale below 1 varies more"
    assert (line in answer.out.replace("\n", " ")) == said


@pytest.mark.parametrize(
    ("tileable", "proof", "names"),
    [
        ("true", "tiled-2x2", ["top and bottom", "left and right"]),
        ("x", "tiled-1x2", ["left and right"]),
        ("y", "tiled-2x1", ["top and bottom"]),
    ],
)
def test_tileable_samples_come_with_a_proof(
    shell: Shell, model: str, tileable: str, proof: str, names: list[str]
) -> None:
    command = ("task=sample", f"checkpoint={model}", "output=out", "sample.count=2")
    answer = shell.done(*command, f"sample.tileable={tileable}", "sample.size=[30,41]")
    assert load_options(Path("out/config.yaml")).sample.tileable in (True, tileable)
    single, copies = (read_image(f"out/sample/{name}000.png").pixels for name in ("", f"{proof}/"))
    rows, columns = (int(n) for n in proof[-3::2])
    assert torch.equal(copies, single.repeat(1, 1, rows, columns))
    assert sorted(RunFolder(Path("out")).status()["seams"]) == sorted(names)
    page = Path("out/index.html").read_text()
    for name in names:
        assert name in answer.out
        assert name in page


@pytest.mark.parametrize(("times", "said"), [(4, True), (6, False)])
def test_a_sample_with_many_times_the_photos_pixels_says_that_it_takes_long(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, times: int, said: bool
) -> None:
    monkeypatch.setattr("internal_gan.tasks.sample.MANY_TIMES", times)
    Image.effect_noise((16, 12), 60).convert("RGB").save("small.png")
    answer = shell.done("sample", "small.png", "sample.size=[24,40]", "sample.count=1")
    assert ("so a sample may take minutes" in answer.out) == said
