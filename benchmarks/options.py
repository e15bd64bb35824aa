"""What each option does to a result: its default beside another value.

    python -m benchmarks.options --output options/

Every option outside model= is tried on a bundled photo with one other value, and one figure is
taken that it should change; the pictures of both are in ``sheets/``. The same trials are a test
that no option is without effect (tests/tasks/test_options_act.py). If stopped, run it again.
"""

from dataclasses import dataclass

from benchmarks._common import ROOT

PHOTOS = ROOT / "examples" / "photos"
FRAME = 3  # pixels of white around the photo where a frame is tried
# What a task is given in every trial.
NEEDS: dict[str, tuple[str, ...]] = {
    "sample": ("sample.count=1",),
    "retarget": ("retarget.shape=[100%,150%]",),
    "fill": ("mask=hole.png",),
    "edit": ("edit.image=edited.png", "mask=hole.png"),
    "harmonize": ("edit.image=edited.png", "mask=hole.png"),
    "paint": ("paint.image=edited.png",),
    "animate": ("animate.seconds=1", "animate.fps=4", "animate.format=png"),
    "super_resolution": (),
    "extend": ("extend.margins=[0,20%,0,20%]",),
    "make_tileable": (),
    "train": ("model=singan", "sample.count=4"),
    "evaluate": ("evaluate.samples=edited.png",),
}


@dataclass(frozen=True)
class Trial:
    """An option with another value.

    Attributes:
        does: in a few words.
        task: with which it is tried.
        figure: one of FIGURES.
        change: the overrides; ``~KEY`` takes away what a task is given in every trial.
        before: overrides of the default, too, so that the option can act at all.
        model: a checkpoint to use, ``singan``; empty: the photo's patches.
    """

    option: str
    does: str
    task: str
    figure: str
    change: tuple[str, ...]
    before: tuple[str, ...] = ()
    photo: str = "mountains"
    model: str = ""
    verdict: str = "stays"
