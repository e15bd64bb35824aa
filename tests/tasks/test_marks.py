"""Generated pictures carry machine-readable marks of how they were made; others do not."""

from pathlib import Path

import pytest

from internal_gan.images.files.image import read_mark
from internal_gan.images.files.marks import SourceType, xmp
from internal_gan.images.masks import write_mask
from tests.commands import TINY_RUN, Shell
from tests.tiny import holes

TRAINED: SourceType = "trainedAlgorithmicMedia"
CHANGED: SourceType = "compositeWithTrainedAlgorithmicMedia"


def marks(folder: str) -> dict[str, bytes | None]:
    """The marks of a run's pictures by path."""
    files = sorted(path for path in Path(folder).rglob("*") if path.suffix in (".png", ".webp"))
    return {path.relative_to(folder).as_posix(): read_mark(path) for path in files}


def test_a_training_marks_samples_and_what_its_network_draws(learnt: str) -> None:
    mark, found = xmp(TRAINED, "sample", "singan"), marks(learnt)
    for made in ("sample/000.png", "sample/drawn/000.png", "scales/00.png"):
        assert found[made] == mark, made
    for other in ("photo.png", "sample/000.origin.png", "sample/origin/000.png"):
        assert found[other] is None, other


def test_marks_false_leaves_marks_out(shell: Shell, photo: str) -> None:
    shell.done(f"image={photo}", "output=run", *TINY_RUN, "marks=false")
    assert "sample/000.png" in marks("run")
    assert set(marks("run").values()) == {None}
    shell.done("task=sample", "checkpoint=run", "sample.count=1", "output=on")
    shell.done("task=sample", "checkpoint=run", "sample.count=1", "output=off", "marks=false")
    assert marks("on")["sample/000.png"] == xmp(TRAINED, "sample", "singan")
    assert marks("off")["sample/000.png"] is None


@pytest.mark.parametrize(
    ("made", "options", "source"),
    [
        ("animate/animation.webp", ["animate.seconds=0.5", "animate.fps=4"], TRAINED),
        ("paint/000.png", ["paint.image=photo.png"], TRAINED),
        ("edit/000.png", ["edit.image=photo.png"], CHANGED),
        ("harmonize/000.png", ["edit.image=photo.png", "mask=mask.png"], CHANGED),
        ("super_resolution/enlarged.png", ["super_resolution.factor=2"], CHANGED),
    ],
)
def test_each_task_of_singan_says_what_it_did(
    shell: Shell, learnt: str, photo: str, made: str, options: list[str], source: SourceType
) -> None:
    write_mask("mask.png", holes((40, 56), (10, 10, 12, 12)))
    task, _, _ = made.partition("/")
    shell.done(f"task={task}", f"checkpoint={learnt}", "output=out", *options)
    found = marks("out")
    assert found[made] == xmp(source, task, "singan")
    assert {found[file] for file in found if Path(file).stem in ("before", "mask")} <= {None}


@pytest.mark.parametrize("task", ["sample", "edit", "animate"])
def test_what_is_made_of_the_photo_alone_is_not_said_to_be_generated(
    shell: Shell, photo: str, task: str
) -> None:
    more = {"edit": "edit.image=photo.png", "animate": "animate.seconds=0.3"}
    shell.done(task, photo, more.get(task, "sample.count=1"))
    (folder,) = Path("runs").glob(f"photo-{task}/*")
    mark, found = xmp("compositeCapture", task, None), marks(str(folder))
    made = {"animate": "animate/animation.webp"}.get(task, f"{task}/000.png")
    assert found[made] == mark
    assert found["photo.png"] is None
