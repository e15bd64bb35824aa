"""What each task works on, and which options apply to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_SOFTENED = frozenset({"mask.invert", "mask.dilate", "mask.feather"})


@dataclass(frozen=True)
class Task:
    """A task as the command line sees it; the work is in the module of its name.

    Attributes:
        learns: it trains on ``image=``: ``always``, ``unless`` a ``checkpoint=`` is there,
            or ``never``.
        on_model: it works on ``checkpoint=RUN``.
        takes: options beside those of its own group that apply to it on a trained model, or, for
            a task without models, all options that apply to it.
        draws: groups of options by which the model draws first.
        files: for a task on files of the user's, what to ask of it without a model.
        several_photos: ``image=`` may name several.
    """

    learns: Literal["always", "unless", "never"] = "never"
    on_model: bool = True
    takes: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    files: str | None = None
    several_photos: bool = False


TABLE = {
    "train": Task(learns="always", on_model=False, several_photos=True),
    "sample": Task(),
    "retarget": Task(),
    "paint": Task(),
    "edit": Task(takes=_SOFTENED),
    "harmonize": Task(takes=_SOFTENED),
    "animate": Task(),
    "super_resolution": Task(learns="unless", takes=frozenset({"image"})),
    "make_tileable": Task(),
    "inpaint": Task(takes=_SOFTENED | {"mask.file", "image"}, several_photos=True),
    "mask": Task(
        on_model=False,
        takes=frozenset({"task", "image", "output", "seed", "mask.kind", "mask.ratio"}),
        several_photos=True,
    ),
    "evaluate": Task(
        draws=frozenset({"sample", "retarget"}),
        files="evaluate.real=PHOTO evaluate.samples=FOLDER",
    ),
    "compare": Task(on_model=False, takes=frozenset({"task", "runs", "output"})),
}
