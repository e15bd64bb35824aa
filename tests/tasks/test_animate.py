"""task=animate on a trained model."""

import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from internal_gan.config.record import save_options
from internal_gan.images.files.image import read_image
from internal_gan.models.singan.animation import animate
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell
from tests.tiny import network_of, trained

SHORT = ("animate.seconds=0.5", "animate.fps=8", "output=out", "device=cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The run folder of a trained model of three scales, (20, 28) pixels at the finest."""
    run = trained(tmp_path_factory.mktemp("animate") / "model")
    save_options(run.options, run.folder.config_path)
    return str(run.folder.path)


@pytest.mark.parametrize("loop", ["true", "false"])
def test_the_frames_are_those_of_the_model(shell: Shell, run: str, loop: str) -> None:
    wanted = ("animate.seed=4", f"animate.loop={loop}", "animate.start_scale=1", "animate.beta=0.5")
    answer = shell("task=animate", f"checkpoint={run}", *SHORT, *wanted)
    assert answer.code == 0, answer.err
    assert "4 frames in" in answer.out
    files = sorted(Path("out/animate/frames").iterdir())
    assert [file.name for file in files] == [f"{index:04d}.png" for index in range(4)]
    model = network_of(run)
    frames = animate(model, 4, fps=8, start_scale=1, loop=loop == "true", beta=0.5, seed=4)
    for file, frame in zip(files, frames, strict=True):
        assert (read_image(file).pixels - frame).abs().max() <= 1.01 / 255
    assert RunFolder(Path("out")).status()["state"] == "finished"


def test_the_page_shows_it_moving(shell: Shell, run: str) -> None:
    assert shell("task=animate", f"checkpoint={run}", *SHORT).code == 0
    with Image.open("out/animate/animation.webp") as film:
        assert (film.height, film.width) == (20, 28)
        # Frames with the same pixels are one of longer duration.
        assert 2 <= getattr(film, "n_frames", 1) <= 4
    page = Path("out/index.html").read_text(encoding="utf-8")
    assert "<figcaption>Animation</figcaption>" in page
    assert "data:image/webp;base64" in page
    assert "<h3>Frames</h3>" in page


@pytest.mark.parametrize(
    ("file_format", "files"),
    [
        ("gif", ["animation.gif", "frames"]),
        ("mp4", ["animation.mp4", "frames"]),
        ("png", ["frames"]),
    ],
)
def test_every_format_has_the_frames_beside_it(
    shell: Shell, run: str, file_format: str, files: list[str]
) -> None:
    wanted = (f"animate.format={file_format}", "animate.size=[33,51]")
    answer = shell("task=animate", f"checkpoint={run}", *SHORT, *wanted)
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in Path("out/animate").iterdir()) == files
    assert read_image("out/animate/frames/0003.png").size == (33, 51)
    if file_format == "mp4":
        assert '<video src="animate/animation.mp4"' in Path("out/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "pieces"),
    [
        (["animate.start_scale=3"], ["animate.start_scale=3", "allowed: 0 to 2"]),
        (["animate.start_scale=all"], ["animate.start_scale=all", "whole number"]),
        (["animate.seconds=0"], ["animate.seconds=0", "above 0"]),
        (["animate.seconds=0.01"], ["animate.seconds=0.01", "at least 0.0833 seconds"]),
        (["animate.fps=500"], ["animate.fps=500", "at most 120"]),
        (["animate.fps=60", "animate.format=gif"], ["animate.fps=60", "at most 50"]),
        (["animate.format=avi"], ["animate.format=avi", "webp, gif, mp4, png"]),
        (["animate.alpha=0"], ["animate.alpha=0", "above 0"]),
        (["animate.beta=1"], ["animate.beta=1", "below 1"]),
        (["animate.loop=maybe"], ["animate.loop=maybe", "true or false"]),
        (["animate.size=[20]"], ["animate.size=[20]", "[height,width]"]),
        (["animate.size=[900000,900000]"], ["animate.size=[900000,900000] needs about", "free"]),
        (["animate.seed=-1"], ["animate.seed=-1", "2**63"]),
        (["sample.count=3"], ["sample.count", "task=animate"]),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_no_folder(
    shell: Shell, run: str, arguments: list[str], pieces: list[str]
) -> None:
    answer = shell("task=animate", f"checkpoint={run}", *arguments)
    assert answer.code == 2
    assert len(answer.lines) == 1, answer.err
    for piece in pieces:
        assert piece in answer.lines[0]
    assert not list(Path.cwd().iterdir())


def test_a_film_without_its_encoder_names_what_to_install(
    shell: Shell, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    answer = shell("task=animate", f"checkpoint={run}", "animate.format=mp4")
    assert answer.lines == [
        "error: animate.format=mp4: needs an encoder; pip install 'internal-gan[video]', "
        "or choose gif, webp or png"
    ]


def test_a_huge_size_is_one_line_and_leaves_no_folder(
    shell: Shell, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def allocate(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr("internal_gan.models.singan.model.SinGAN.synthesise", allocate)
    answer = shell("task=animate", f"checkpoint={run}")
    assert answer.lines == ["error: there is not enough memory; a smaller animate.size needs less"]
    assert not list(Path.cwd().iterdir())


def test_films_are_drawn_by_the_network_alone(shell: Shell, run: str) -> None:
    config = Path(run, "config.yaml")
    config.write_text(config.read_text().replace("detail: network", "detail: null"))
    answer = shell("task=animate", f"checkpoint={run}", *SHORT)
    assert answer.code == 0, answer.err
    told = [line for line in answer.out.splitlines() if "drawn by the network alone" in line]
    assert len(told) == 1
    assert "model.max_size" in told[0]


@pytest.mark.parametrize("option", ["finish.detail=patches", "finish.resolution=photo"])
def test_options_of_finishing_are_refused(shell: Shell, run: str, option: str) -> None:
    answer = shell("task=animate", f"checkpoint={run}", *SHORT, option)
    assert answer.code == 2
    (line,) = answer.lines
    assert line.startswith(f"error: {option.partition('=')[0]}: ")
    assert "task=animate" in line
    assert not Path("out").exists()
