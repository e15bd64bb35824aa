"""Every option of a task that works on a photo changes what the task makes, or is refused."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from internal_gan.config.catalogue import SPECS
from internal_gan.config.options import FIELDS
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell

# Where it is, how it is computed and what it is copied to, not what a result shows.
BESIDES = {"task", "image", "output", "checkpoint", "device", "keep_original", "confirm", "model"}
# The picture that a task needs beside the photo, and options to see more of its own by.
NEEDS: dict[str, tuple[str, ...]] = {
    "sample": ("sample.count=1",),
    "retarget": ("retarget.shape=[40,70]",),
    "fill": ("mask=hole.png",),
    "edit": ("edit.image=edited.png", "mask=hole.png"),
    "harmonize": ("edit.image=edited.png", "mask=hole.png"),
    "paint": ("paint.image=edited.png",),
    "animate": ("animate.seconds=1", "animate.fps=4", "animate.format=png"),
    "super_resolution": (),
    "extend": ("extend.margins=[0,14,0,14]",),
    "make_tileable": (),
}
# Another value of each option, with what it needs to act at all.
CHANGES: dict[str, tuple[str, ...]] = {
    "seed": ("seed=1",),
    "marks": ("marks=false",),
    "keep_frame": ("keep_frame=true",),
    "finish.detail": ("finish.detail=network",),
    "finish.resolution": ("finish.resolution=40",),
    "layers.files": ("layers=depth.png",),
    "sample.count": ("sample.count=2",),
    "sample.size": ("sample.size=[30,50]",),
    "sample.start_scale": ("sample.start_scale=1",),
    "sample.tileable": ("sample.tileable=x",),
    "sample.candidates": ("sample.candidates=2",),
    "retarget.shape": ("retarget.shape=[40,60]",),
    "retarget.protect": ("retarget.protect=hole.png",),
    "retarget.mask": ("retarget.mask=hole.png",),
    "retarget.corners": ("retarget.corners=[[0,0.1],[0,1],[1,1],[1,0]]",),
    "mask.file": ("mask=other.png",),
    "mask.box": ("~mask", "mask.box=[12,12,12,12]"),
    "mask.dilate": ("mask.dilate=4",),
    "fill.avoid": ("fill.avoid=left.png",),
    "fill.count": ("fill.count=2",),
    "fill.edges": ("fill.edges=other.png",),
    "animate.seconds": ("animate.seconds=2",),
    "animate.fps": ("animate.fps=6",),
    "animate.format": ("animate.format=gif",),
    "animate.loop": ("animate.loop=true",),
    "animate.start_scale": ("animate.start_scale=2",),
    "animate.alpha": ("animate.alpha=0.3",),
    "animate.beta": ("animate.beta=0.5",),
    "animate.size": ("animate.size=[30,50]",),
    "super_resolution.factor": ("super_resolution.factor=3",),
    "extend.margins": ("extend.margins=[8,0,0,0]",),
    "extend.shape": ("~extend.margins", "extend.shape=2:1"),
    "extend.anchor": ("~extend.margins", "extend.shape=2:1", "extend.anchor=left"),
    "extend.count": ("extend.count=2",),
    "extend.avoid": ("extend.avoid=left.png",),
    "make_tileable.axes": ("make_tileable.axes=x",),
    "make_tileable.size": ("make_tileable.size=[40,50]",),
}
for _name in ("edit", "paint"):
    CHANGES |= {
        f"{_name}.count": (f"{_name}.count=2",),
        f"{_name}.start_scale": (f"{_name}.start_scale=1",),
        f"{_name}.image": (f"{_name}.image=photo.png",),
    }
CHANGES["harmonize.match"] = ("harmonize.match=false",)
# Without the changed value, these are given already; both give the same.
BEFORE = {
    "extend.anchor": ("~extend.margins", "extend.shape=2:1"),
}


@pytest.fixture(autouse=True)
def given(gravel: None) -> None:
    with Image.open("photo.png") as photo:
        edited = photo.convert("RGB").crop((0, 0, 72, 48))
    ImageOps.expand(edited, 3, "white").save("photo.png")
    edited = ImageOps.expand(edited, 3, "white")
    size = edited.size
    edited.paste((200, 40, 30), (30, 20, 44, 34))
    edited.save("edited.png")
    for name, *boxes in (
        ("hole", (30, 20, 44, 34)),
        ("other", (10, 12, 22, 26)),
        ("left", (3, 3, 40, 51)),
    ):
        mask = Image.new("L", size)
        for box in boxes:
            mask.paste(255, box)
        mask.save(f"{name}.png")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 65536, size[::-1], np.uint16)).save("depth.png")


def made(folder: str) -> dict[str, str]:
    """What the files of a run show, its own records and copies apart."""
    path = RunFolder(Path(folder)).path
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*.*"))
        if file.parent != path and "inputs" not in file.parts and "before" not in file.name
    }


def command(task: str, changes: tuple[str, ...], *base: str) -> list[str]:
    """A task with its needs, some of them replaced; ``~KEY`` only takes one away."""
    keys = {change.partition("=")[0].removeprefix("~") for change in changes}
    needs = [one for one in NEEDS[task] if one.partition("=")[0] not in keys]
    return [task, *base, *needs, *(one for one in changes if not one.startswith("~"))]


def options(task: str) -> list[str]:
    groups = {name for name in FIELDS if any(other.startswith(f"{name}.") for other in FIELDS)}
    return sorted(n for n in FIELDS if SPECS[task].allows(n) and n not in groups | BESIDES)


def without_effect(shell: Shell, task: str, *base: str) -> list[str]:
    found, known = [], dict[tuple[str, ...], dict[str, str]]()
    for number, option in enumerate(options(task)):
        before = BEFORE.get(option, ())
        if before not in known:
            shell.done(*command(task, before, *base, f"output={task}-before{number}"))
            known[before] = made(f"{task}-before{number}")
        answer = shell(*command(task, CHANGES[option], *base, f"output={task}-after{number}"))
        if answer.code == 0 and made(f"{task}-after{number}") == known[before]:
            found.append(option)
        assert answer.code in (0, 2), answer.err
        if answer.code == 2:
            assert option.removesuffix(".file").removesuffix(".files") in answer.err
    return found


@pytest.mark.slow
@pytest.mark.parametrize("task", NEEDS)
def test_an_option_changes_the_result_or_is_refused(shell: Shell, task: str) -> None:
    assert without_effect(shell, task, "photo.png") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "tasks"),
    [("singan", ("sample", "animate", "paint", "super_resolution")), ("ingan", ("retarget",))],
)
def test_so_it_is_with_a_trained_model(shell: Shell, family: str, tasks: tuple[str, ...]) -> None:
    shell.done(
        f"model={family}", "image=photo.png", "trainer=debug", "finish.detail=patches", "output=run"
    )
    assert {task: without_effect(shell, task, "checkpoint=run") for task in tasks} == {
        task: [] for task in tasks
    }
