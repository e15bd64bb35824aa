"""Once a run has begun, deleting the user's files changes none of its results."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from internal_gan.images.files.image import write_image
from internal_gan.images.masks import write_mask
from internal_gan.runs.folder import RunFolder
from tests.commands import TINY_RUN, Shell
from tests.tiny import EDGECONNECT, INGAN_FAST, contents, holes, picture

COMMON = ("precision=fp32", "device=cpu")
TRAININGS = {
    "singan": ("image=given/photo.png", *TINY_RUN, "sample.count=1"),
    "enlarging": (*("task=super_resolution", "model=singan", "image=given/photo.png"), *TINY_RUN),
    "ingan": (
        *("image=given/photo.png", *INGAN_FAST, *COMMON),
        *("model.steps=2", "retarget.shape=[20,40]", "retarget.protect=given/keep.png"),
    ),
    "edgeconnect": (
        *("image=given/photo.png", "mask=given/hole.png", *EDGECONNECT, *COMMON),
        *("edges=given/edges.png", "fill.avoid=given/avoid.png"),
    ),
    "layers": (
        *("image=given/photo.png", "mask=given/holes"),
        *(*EDGECONNECT, *COMMON, "layers=given", "finish.detail=patches"),
    ),
}
# Tasks that need only the files of the training.
TASKS = {
    "singan": ("super_resolution", "sample", "animate animate.seconds=0.1"),
    "enlarging": ("super_resolution super_resolution.factor=2",),
    "ingan": ("retarget retarget.shape=[20,30]",),
    "edgeconnect": ("fill mask.dilate=1", "fill mask.box=[2,3,8,9]"),
    "layers": ("fill",),
}
# Tasks that name further files.
WITH_FILES = {
    "singan": (
        "super_resolution image=given/other.png",
        "paint paint.image=given/other.png",
        "edit edit.image=given/other.png mask=given/hole.png",
        "harmonize edit.image=given/other.png mask=given/hole.png",
    ),
    "ingan": (
        "retarget retarget.protect=given/keep.png retarget.shape=[30,40]",
        "retarget retarget.mask=given/hole.png",
    ),
    "layers": ("fill image=given/other.png mask=given/holes",),
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place")


@pytest.fixture(autouse=True)
def shell(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line, in one folder for all tests, with every file that the commands name."""
    monkeypatch.chdir(here)
    give()
    return Shell(capsys)


def give() -> None:
    """Write every file named by the commands above."""
    Path("given/holes").mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(("photo", "other")):
        write_image(f"given/{name}.png", picture(seed=seed))
    for name, box in (
        *(("hole", (10, 12, 10, 12)), ("keep", (16, 24, 8, 10)), ("edges", (15, 5, 1, 45))),
        *(("avoid", (0, 48, 40, 8)), ("holes/photo", (10, 12, 10, 12))),
        ("holes/other", (4, 30, 8, 14)),
    ):
        write_mask(f"given/{name}.png", holes((40, 56), box))


def whole(shell: Shell, family: str) -> str:
    """The folder of a training whose files stayed, done once."""
    if not Path(family, "index.html").exists():
        shell.done(*TRAININGS[family], f"output={family}")
    return family


@contextmanager
def files_go_at(place: str) -> Iterator[None]:
    """Delete all of the user's files when a function is first called."""
    module, _, name = place.rpartition(".")
    with pytest.MonkeyPatch.context() as patch:
        called = getattr(__import__(module, fromlist=[name]), name)

        def after(*arguments: Any, **keywords: Any) -> Any:
            shutil.rmtree("given", ignore_errors=True)
            return called(*arguments, **keywords)

        patch.setattr(place, after)
        yield
    assert not Path("given").exists()


def made(folder: str) -> dict[str, object]:
    """Every picture of a run except copies of its inputs, and its model's weights."""
    names = {path.relative_to(folder).as_posix(): path for path in Path(folder).rglob("*.png")}
    found: dict[str, object] = {
        name: path.read_bytes() for name, path in names.items() if "inputs/" not in name
    }
    if (model := Path(folder, "model.safetensors")).is_file():
        found |= contents(model)[1]
    return found


@pytest.mark.parametrize("family", TRAININGS)
def test_training_and_later_tasks_need_only_the_run_folder(shell: Shell, family: str) -> None:
    trained, run = whole(shell, family), f"{family}-again"
    tasks = [task.split() for task in TASKS[family]]
    for number, task in enumerate(tasks):
        command = (f"task={task[0]}", *task[1:], f"checkpoint={trained}")
        shell.done(*command, f"output={trained}-{number}")

    with files_go_at("internal_gan.tasks.train.train_stages"):
        shell.done(*TRAININGS[family], f"output={run}")
    assert made(run) == made(trained)
    assert ("fill/layers/given/000.png" in made(run)) == (family == "layers")

    for number, task in enumerate(tasks):
        shell.done(f"task={task[0]}", *task[1:], f"checkpoint={run}", f"output={run}-{number}")
        assert made(f"{run}-{number}") == made(f"{trained}-{number}"), task

    # A run killed at the end, and one killed before anything was saved.
    for gone in (["status.json"], ["status.json", "training.ckpt", "model.safetensors"]):
        for name in gone:
            Path(run, name).unlink()
        RunFolder(Path(run)).write_status("stopped")
        for folder in ("sample", "super_resolution", "retarget", "fill", "scales"):
            shutil.rmtree(Path(run, folder), ignore_errors=True)
        shell.done(f"resume={run}")
        expected = {name: data for name, data in made(trained).items() if "scales" not in name}
        assert {n: data for n, data in made(run).items() if "scales" not in n} == expected


@pytest.mark.parametrize("family", WITH_FILES)
def test_a_task_keeps_copies_of_its_files(shell: Shell, family: str) -> None:
    trained = whole(shell, family)
    for number, task in enumerate(task.split() for task in WITH_FILES[family]):
        command = (f"task={task[0]}", *task[1:], f"checkpoint={trained}")
        before, after = (f"{family}-{when}-{number}" for when in ("before", "after"))
        shell.done(*command, f"output={before}")
        with files_go_at("internal_gan.tasks.runner.write"):
            shell.done(*command, f"output={after}")
        assert made(after) == made(before), task
        assert list(Path(after, "inputs").iterdir())
        give()
