"""What each task promises: what it works on, what it takes and what it makes. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_SOFTENED = frozenset({"mask.invert", "mask.dilate", "mask.feather"})


@dataclass(frozen=True)
class Promise:
    """A task as the command line sees it; its work is in the module of its name.

    Attributes:
        learns: it trains on ``image=``: ``always``, ``unless`` a ``checkpoint=`` is there, or
            ``never``.
        families: those on whose models it works, by ``checkpoint=RUN``, beside those whose
            trainings end with it; None: any.
        takes: options beside those of its own group that apply to it on a trained model, or, for
            a task without models, all options that apply to it.
        draws: groups of options by which the model draws first.
        files: for a task on files of the user's, what to ask of it without a model.
        several_photos: ``image=`` may name several.
        reads: options that name files which belong to its photo, and are kept with it.
        memory: the option to make smaller where memory is short.
        whole: it needs the photo as it was given, not only as it is learnt.
        again: options of an example of what to ask next.
    """

    learns: Literal["always", "unless", "never"] = "never"
    families: tuple[str, ...] | None = ()
    takes: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    files: str | None = None
    several_photos: bool = False
    reads: tuple[str, ...] = ()
    memory: str = ""
    whole: bool = False
    again: tuple[str, ...] = ()

    @property
    def on_model(self) -> bool:
        """Whether it works on a trained model."""
        return self.families != ()


TABLE = {
    "train": Promise(learns="always", several_photos=True),
    "sample": Promise(
        families=("singan",),
        memory="sample.size",
        again=("sample.count=16",),
    ),
    "retarget": Promise(
        families=("ingan",),
        reads=("retarget.mask", "retarget.protect"),
        memory="retarget.shape",
        again=("retarget.shape=[300,800]",),
    ),
    "paint": Promise(
        families=("singan",),
        reads=("paint.image",),
        memory="model.max_size",
    ),
    "edit": Promise(
        families=("singan",),
        takes=_SOFTENED,
        reads=("edit.image", "edit.mask"),
        memory="edit.image",
    ),
    "harmonize": Promise(
        families=("singan",),
        takes=_SOFTENED,
        reads=("harmonize.image", "harmonize.mask"),
        memory="harmonize.image",
    ),
    "animate": Promise(
        families=("singan",),
        memory="animate.size",
    ),
    "super_resolution": Promise(
        learns="unless",
        families=("singan",),
        takes=frozenset({"image"}),
        memory="super_resolution.factor",
        whole=True,
        again=("super_resolution.factor=2",),
    ),
    "make_tileable": Promise(
        families=("singan",),
        reads=("make_tileable.image",),
        memory="make_tileable.image",
    ),
    "inpaint": Promise(
        families=("edgeconnect",),
        takes=_SOFTENED | {"mask.file", "image"},
        several_photos=True,
        reads=("mask.file", "inpaint.edges", "inpaint.source"),
        memory="mask",
        whole=True,
        again=("mask=other.png",),
    ),
    "mask": Promise(
        takes=frozenset({"task", "image", "output", "seed", "mask.kind", "mask.ratio"}),
        several_photos=True,
    ),
    "evaluate": Promise(
        families=None,
        draws=frozenset({"sample", "retarget"}),
        files="evaluate.real=PHOTO evaluate.samples=FOLDER",
    ),
    "compare": Promise(takes=frozenset({"task", "runs", "output"})),
}
