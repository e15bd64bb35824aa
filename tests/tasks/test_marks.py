"""Generated pictures carry machine-readable marks of how they were made; others do not."""

from pathlib import Path

import pytest

from internal_gan.images.files.image import read_mark
from internal_gan.images.files.marks import SourceType, xmp
from internal_gan.images.masks import write_mask
from tests.commands import Shell
from tests.tiny import holes

TRAINED: SourceType = "trainedAlgorithmicMedia"
CHANGED: SourceType = "compositeWithTrainedAlgorithmicMedia"
MOVED: SourceType = "compositeCapture"


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


def test_marks_false_leaves_marks_out(shell: Shell, learnt: str) -> None:
    shell.done("task=sample", f"checkpoint={learnt}", "output=off", "marks=false")
    assert "sample/000.png" in marks("off")
    assert set(marks("off").values()) == {None}


@pytest.mark.parametrize(
    ("made", "options", "source"),
    [
        ("animate/animation.webp", ["animate.seconds=0.5", "animate.fps=4"], TRAINED),
        ("paint/000.png", ["paint.image=photo.png"], TRAINED),
        ("edit/000.png", ["edit.image=photo.png"], CHANGED),
        ("harmonize/000.png", ["edit.image=photo.png", "mask=mask.png"], CHANGED),
        ("super_resolution/enlarged.png", ["super_resolution.factor=2"], CHANGED),
        ("sample/000.png", ["sample.count=1"], MOVED),
        ("edit/000.png", ["edit.image=photo.png"], MOVED),
        ("animate/animation.webp", ["animate.seconds=0.3"], MOVED),
    ],
)
def test_each_task_says_what_a_singan_or_the_photo_alone_made(
    shell: Shell, learnt: str, photo: str, made: str, options: list[str], source: SourceType
) -> None:
    write_mask("mask.png", holes((40, 56), (10, 10, 12, 12)))
    task, _, _ = made.partition("/")
    model = "image=photo.png" if source == MOVED else f"checkpoint={learnt}"
    shell.done(f"task={task}", model, "output=out", *options)
    found = marks("out")
    assert found[made] == xmp(source, task, None if source == MOVED else "singan")
    given = [file for file in found if Path(file).stem in ("before", "mask", "photo")]
    assert {found[file] for file in given} == {None}
