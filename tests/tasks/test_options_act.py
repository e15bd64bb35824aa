"""Every option of a task that works on a photo changes what the task makes, or is refused."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.options import FRAME, PLUMBING, TRIALS, command, inputs
from internal_gan.config.catalogue import SPECS
from internal_gan.config.options import FIELDS
from internal_gan.config.reference import described
from internal_gan.runs.folder import RunFolder
from tests.commands import Shell

BESIDES = {*PLUMBING, "model"}
TASKS = sorted({trial.task for trial in TRIALS.values()} - {"train"})


@pytest.fixture(autouse=True)
def given(gravel: None) -> None:
    with Image.open("photo.png") as photo:
        inputs(photo.crop((0, 0, 72, 48)), FRAME)


def test_every_option_is_tried_or_touches_no_result() -> None:
    assert {*TRIALS, *PLUMBING} == {name for name, *_ in described()}
    assert not TRIALS.keys() & PLUMBING


def made(folder: str) -> dict[str, str]:
    """What the files of a run show, its own records and copies apart."""
    path = RunFolder(Path(folder)).path
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*.*"))
        if file.parent != path and "inputs" not in file.parts and "before" not in file.name
    }


def options(task: str) -> list[str]:
    groups = {name for name in FIELDS if any(other.startswith(f"{name}.") for other in FIELDS)}
    # Nothing is random in an enlarging by patches.
    besides = groups | BESIDES | ({"seed"} if task == "super_resolution" else set())
    return sorted(n for n in FIELDS if SPECS[task].allows(n) and n not in besides)


def without_effect(shell: Shell, task: str, *base: str) -> list[str]:
    found, known = [], dict[str, dict[str, str]]()
    for number, option in enumerate(options(task)):
        trial = TRIALS[option]
        before, change = trial.before, trial.change
        if task != trial.task and before:  # of its own task
            before, change = "", change.removeprefix(before).strip()
        if before not in known:
            shell.done(*command(task, before, *base), f"output={task}-before{number}")
            known[before] = made(f"{task}-before{number}")
        answer = shell(*command(task, change, *base), f"output={task}-after{number}")
        assert answer.code in (0, 2), answer.err
        if answer.code == 2:
            assert option.removesuffix(".file").removesuffix(".files") in answer.err
        elif made(f"{task}-after{number}") == known[before]:
            found.append(option)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_an_option_changes_the_result_or_is_refused(shell: Shell, task: str) -> None:
    assert without_effect(shell, task, "photo.png") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "tasks"),
    [("singan", ("sample", "animate", "paint", "super_resolution")), ("ingan", ("retarget",))],
)
def test_so_it_is_with_a_trained_model(shell: Shell, family: str, tasks: tuple[str, ...]) -> None:
    given = "image=photo.png", "trainer=debug", "finish.detail=patches", "output=run"
    shell.done(f"model={family}", *given)
    found = {task: without_effect(shell, task, "checkpoint=run") for task in tasks}
    assert not any(found.values()), found
