"""task=animate on a trained model."""

import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image

from internal_gan.images.files.image import read_image
from internal_gan.models.abilities import Motion
from internal_gan.runs.folder import RunFolder
from tests.commands import ROOT, Shell
from tests.tiny import network_of

SHORT = ("animate.seconds=0.5", "animate.fps=8", "output=out", "device=cpu")


@pytest.mark.parametrize("loop", ["true", "false"])
def test_the_frames_are_those_of_the_model_and_tell_how_far_it_is(
    shell: Shell, model: str, loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Mock()
    monkeypatch.setattr("internal_gan.tasks.runner.RESULTS_SECONDS", 0.0)
    monkeypatch.setattr("internal_gan.tasks.recorder.Recorder.write_left", told)
    wanted = ("seed=4", f"animate.loop={loop}", "animate.start_scale=1", "animate.alpha=0.5")
    shell.done("task=animate", f"checkpoint={model}", *SHORT, *wanted)
    assert [call.args[0] for call in told.call_args_list] == [0.25, 0.5, 0.75]
    files = sorted(Path("out/animate/frames").iterdir())
    assert [file.name for file in files] == [f"{index:04d}.png" for index in range(4)]
    frames = network_of(model).animate(4, Motion(8, 0.5, 1, loop == "true"), seed=4)
    for file, frame in zip(files, frames, strict=True):
        assert (read_image(file).pixels - frame).abs().max() <= 1.01 / 255
    assert RunFolder(Path("out")).status()["state"] == "finished"


@pytest.mark.parametrize(
    ("file_format", "shown"),
    [
        *(("webp", "data:image/webp;base64"), ("gif", "data:image/gif;base64")),
        *(("mp4", '<video src="animate/animation.mp4"'), ("png", "")),
    ],
)
def test_every_format_saves_frames(shell: Shell, model: str, file_format: str, shown: str) -> None:
    wanted = (f"animate.format={file_format}", "animate.size=[33,51]")
    shell.done("task=animate", f"checkpoint={model}", *SHORT, *wanted)
    files = [f"animation.{file_format}", "frames"] if shown else ["frames"]
    assert sorted(path.name for path in Path("out/animate").iterdir()) == files
    assert read_image("out/animate/frames/0003.png").size == (33, 51)
    if file_format == "webp":
        with Image.open("out/animate/animation.webp") as film:
            # Equal frames are merged into one of longer duration.
            assert 2 <= getattr(film, "n_frames", 1) <= 4
    page = Path("out/index.html").read_text(encoding="utf-8")
    assert shown in page
    assert ("<figcaption>Animation</figcaption>" in page) == bool(shown)
    assert "<h3>Frames</h3>" in page


def test_a_missing_encoder(shell: Shell, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    said = shell.refused("task=animate", f"checkpoint={model}", "animate.format=mp4")
    wanted = "pip install 'internal-gan[video]', or choose gif, webp or png"
    assert said == f"animate.format=mp4: needs an encoder; {wanted}"


@pytest.mark.parametrize(
    ("longest", "asked", "size"),
    [
        (1024, "animate.start_scale=1 animate.loop=true", (40, 56)),
        (1024, "finish.resolution=model", (20, 28)),
        (1024, "animate.size=[30,90]", (30, 90)),
        (35, "finish.resolution=auto", (25, 35)),
        (35, "finish.resolution=photo", (40, 56)),
    ],
)
def test_frames_are_as_large_as_the_photo_up_to_a_limit(
    shell: Shell, learnt: str, longest: int, asked: str, size: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.tasks.animate.LONGEST_IN_FILMS", longest)
    shell.done("task=animate", f"checkpoint={learnt}", *SHORT, *asked.split())
    files = sorted(Path("out/animate/frames").iterdir())
    assert [read_image(file).size for file in files] == [size] * 4
    with Image.open("out/animate/animation.webp") as film:
        assert (film.height, film.width) == size


def test_alpha_1_gives_identical_frames_and_says_so(shell: Shell, learnt: str) -> None:
    still = ("animate.alpha=1", "animate.fps=3", "animate.seconds=2")
    answer = shell.done("task=animate", f"checkpoint={learnt}", *SHORT, *still)
    said = "hardly moves, by 0.0 of 255 gray levels a second; animate.alpha=0.1 moves more"
    assert said in answer.out.replace("\n", " ")
    frames = [read_image(file).pixels for file in Path("out/animate/frames").iterdir()]
    assert all(torch.equal(frames[0], frame) for frame in frames)


@pytest.mark.parametrize(("detail", "seconds"), [("network", 4), ("network", 2), ("patches", 4)])
def test_many_frames_drawn_one_by_one_are_announced(
    shell: Shell, photo: Path, detail: str, seconds: int
) -> None:
    film = ("animate.fps=3", f"animate.seconds={seconds}", f"finish.detail={detail}")
    answer = shell.done("animate", str(photo), *film, "device=cpu", "output=out")
    is_slow = (detail, seconds) == ("network", 4)  # 8 frames or fewer are always drawn so
    said = "Each of the 12 frames is drawn by itself, which may take minutes"
    assert (said in answer.out.replace("\n", " ")) == is_slow


def test_a_still_film_of_patches_names_only_what_applies_to_them(
    shell: Shell, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("internal_gan.tasks.animate.STILL", 1000.0)
    film = ("animate", str(photo), "animate.fps=3", "animate.seconds=2", "device=cpu")
    answer = shell.done(*film, "output=held").out.replace("\n", " ")
    assert "gray levels a second; animate.start_scale=0 moves more" in answer
    answer = shell.done(*film, "animate.start_scale=0", "output=free").out.replace("\n", " ")
    assert "hardly moves" in answer
    assert "moves more" not in answer


def test_layers_move_along_and_frames_have_no_origin(shell: Shell, learnt: str) -> None:
    labels = np.zeros((40, 56), np.uint8)
    labels[10:30, 20:40] = 7
    Image.fromarray(labels).save("labels.png")
    wanted = ("layers=[labels.png]", "animate.start_scale=0")
    shell.done("task=animate", f"checkpoint={learnt}", *SHORT, *wanted)
    names = sorted(path.name for path in Path("out/animate/frames").iterdir())
    assert names == [f"{index:04d}.png" for index in range(4)] + ["layers"]
    made = [np.asarray(Image.open(f"out/animate/frames/layers/labels/000{k}.png")) for k in (0, 3)]
    assert np.array_equal(made[0], labels)
    assert set(np.unique(made[1])) == {0, 7}


def test_only_what_is_masked_moves(shell: Shell) -> None:
    with Image.open(ROOT / "examples/photos/dandelions.jpg") as file:
        file.resize((120, 80)).save("photo.png")
    own = np.asarray(Image.open("photo.png")).astype(int)
    mask = np.zeros((80, 120), np.uint8)
    mask[:, :60] = 255
    Image.fromarray(mask).save("left.png")
    film = "animate.seconds=1", "animate.fps=4", "animate.format=png", "animate.start_scale=0"
    shell.done("animate", "photo.png", *film, "animate.mask=left.png", "output=out")
    frames = [np.asarray(Image.open(f"out/animate/frames/000{k}.png")) for k in range(4)]
    for frame in frames:
        assert np.array_equal(frame[:, 60:], own[:, 60:])
    assert np.abs(frames[2] - own)[:, :50].max() > 10
