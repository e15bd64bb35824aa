"""task=train, as a person uses it."""

import copy
import shlex
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import internal_gan
from internal_gan import files
from internal_gan.config.compose import load_options
from internal_gan.config.options import Options
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.runs.folder import RunFolder, new_run_path
from internal_gan.runs.source import Source
from internal_gan.tasks.train import Hooks, train
from tests.commands import TINY_RUN, Shell, run_process
from tests.tiny import SRGB, network_of, picture, same_weights


def test_the_first_command_does_its_job_and_keeps_its_warning(tmp_path: Path, photo: str) -> None:
    name = "-a b=c #1 (2), [é].png"
    (tmp_path / photo).rename(tmp_path / name)
    options = (*TINY_RUN, "trainer.time=0.01s")
    answer = run_process("model=singan", f"image={name}", *options, cwd=tmp_path)
    assert answer.code == 0, answer.err
    (folder,) = (tmp_path / "runs").glob("*/*")
    assert folder.parent.name == "a_b_c_1_2_é-singan"

    first, last = answer.out.splitlines()[:4], answer.out.splitlines()[-5:]
    assert f"internal-gan {internal_gan.__version__}, torch {torch.__version__}" in first[0]
    assert "Device cpu (as requested), precision fp32 (as requested)" in first[1]
    assert "40 x 56" in first[2]
    assert "shrunk to 20 x 28" in first[2]
    assert str(folder.relative_to(tmp_path)) in first[3]
    assert "Training takes about" in answer.err
    told = "trainer.time=0.01s is too short for this model on this machine"
    assert answer.err.count(told) == 1
    assert (folder / "log.txt").read_text(encoding="utf-8").count(told) == 1
    assert last[0].startswith("Done in ")

    for path in ("model.safetensors", "sample", "index.html"):
        assert any(line.endswith(path) for line in last)
        assert (folder / path).exists()
    assert sorted(p.name for p in (folder / "sample").iterdir()) == [f"00{i}.png" for i in range(4)]
    assert read_image(folder / "sample" / "000.png").size == (20, 28)
    scales = sorted((folder / "scales").iterdir())
    assert [read_image(p).size for p in (scales[0], scales[-1])] == [(14, 20), (20, 28)]
    assert read_image(folder / "photo.png").size == (20, 28)
    assert RunFolder(folder).status()["state"] == "finished"
    assert "internal-gan" in (folder / "log.txt").read_text()
    assert load_options(folder / "config.yaml").image == str(tmp_path / name)
    page = (folder / "index.html").read_text()
    assert page.count("data:image") > 7
    assert "finished" in page


def pictures(folder: str) -> list[Photo]:
    found = sorted(Path(folder).glob("**/*.png"))
    found = [path for path in found if path.parent.name != "inputs"]
    assert {path.parent.name for path in found} >= {folder, "sample"}
    return [read_image(path) for path in found]


def test_pictures_of_a_gray_photo_are_gray(shell: Shell, photo: str) -> None:
    with Image.open(photo) as image:
        image.convert("L").save("gray.png")
    assert "Not kept" not in shell.done("image=gray.png", "output=run", *TINY_RUN).out
    shell.done("task=sample", "checkpoint=run", "output=out")
    assert {made.mode for made in (*pictures("run"), *pictures("out"))} == {"L"}


def test_properties_that_pictures_lose_are_announced_first(shell: Shell, photo: str) -> None:
    """They keep its colour profile."""
    exif = Image.Exif()
    exif[0x013B] = "A. Nother"
    with Image.open(photo) as image:
        image.putalpha(200)
        image.save("faint.png", icc_profile=SRGB, exif=exif)
    answer = shell.done("image=faint.png", "output=run", *TINY_RUN)
    assert answer.out.splitlines()[3] == "Not kept in the results: transparency"
    shell.done("task=sample", "checkpoint=run", "output=out")
    for made in (*pictures("run"), *pictures("out")):
        assert (made.mode, made.icc_profile, made.exif) == ("RGB", SRGB, None)


def test_the_commands_at_the_end_work(shell: Shell, photo: str) -> None:
    out = shell(f"image={photo}", *TINY_RUN).out
    (again,) = (line for line in out.splitlines() if "task=sample" in line)
    (go_on,) = (line for line in out.splitlines() if "resume=" in line)
    program, arguments = "python -m internal_gan ", again.partition("Again:")[2].strip()
    assert arguments.startswith(program)
    shell.done(*shlex.split(arguments.removeprefix(program)))
    assert "is finished" in shell.done(*shlex.split(go_on.partition(program)[2])).out


@pytest.mark.parametrize("letter", ["a", "日"])
def test_photos_with_the_longest_names_get_a_run_folder(shell: Shell, letter: str) -> None:
    stem = letter * (250 // len(letter.encode()))
    assert new_run_path(Options(image=f"{stem}.png"), "singan").is_dir()


def test_runs_of_one_second_have_own_folders(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Noon":
            return cls(2026, 1, 31, 12)

    monkeypatch.setattr("internal_gan.runs.folder.datetime", Noon)
    made = [new_run_path(Options(image="photos/lake.jpg"), "singan") for _ in range(3)]
    folder = Path("runs/lake-singan")
    names = ["2026-01-31_12-00-00", "2026-01-31_12-00-00-2", "2026-01-31_12-00-00-3"]
    assert made == [folder / name for name in names]
    assert all(path.is_dir() for path in made)


def test_a_full_disk_is_one_line_and_the_run_can_be_resumed(
    shell: Shell, photo: str, learnt: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    def full(path: Path, flags: int) -> None:
        if path.suffix == ".safetensors":
            raise OSError(28, "No space left on device", str(path))
        sync(path, flags)

    sync = files._sync
    monkeypatch.setattr(files, "_sync", full)
    answer = shell(f"image={photo}", "output=run", *TINY_RUN)
    assert answer.code == 2
    told = "error: cannot write run/model.safetensors: the disk is full"
    assert answer.lines[-1].startswith(told)
    assert RunFolder(Path("run")).status()["state"] == "failed"

    monkeypatch.setattr(files, "_sync", sync)
    shell.done("resume=run")
    assert same_weights(network_of("run"), network_of(learnt))


def test_a_budgeted_run_saves_its_steps_and_repeats_exactly(shell: Shell, photo: str) -> None:
    options = ("trainer.time=9s", "trainer.max_steps=null", "model.steps=500", "output=run")
    shell.done(f"image={photo}", *TINY_RUN, *options)
    saved = load_options(Path("run/config.yaml"))
    assert saved.trainer.time is None
    assert len(saved.model["steps"]) == 3
    assert min(saved.model["steps"]) > 0
    given = replace(saved, output="again")
    before = copy.deepcopy(given)
    again, _ = train(Source(given), (), Hooks())
    assert given == before
    assert load_options(Path("again/config.yaml")).model["steps"] == saved.model["steps"]
    assert same_weights(network_of("run"), again)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ("model.max_size=80 model.max_aspect=5", (16, 200)),
        ("model.max_size=200 model.max_aspect=null", (16, 200)),
        ("model.max_size=60", (24, 300)),
    ],
)
def test_the_short_side_of_a_long_photo(shell: Shell, options: str, size: tuple[int, int]) -> None:
    write_image("long.png", picture(24, 300))
    debug = ("trainer=debug", "trainer.max_steps=1", "finish.detail=network", "device=cpu")
    shell.done("image=long.png", "output=run", "sample.count=1", *debug, *options.split())
    assert read_image("run/photo.png").size == size


def test_a_stopped_training_of_a_long_photo_is_resumed_at_its_size(shell: Shell) -> None:
    write_image("long.png", picture(24, 300))
    overrides = ["trainer=debug", "finish.detail=network", "device=cpu", "model.max_size=40"]
    steps: list[object] = []
    how: Any = {"progress": steps.append, "stop": lambda: bool(steps)}
    with pytest.raises(internal_gan.TrainingStopped):
        internal_gan.fit("long.png", overrides=overrides, output="run", **how)
    assert internal_gan.resume("run").model.network.image.shape[-2:] == (20, 250)
