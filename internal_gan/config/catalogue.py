"""What each task works on, takes and needs. Does not load torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from internal_gan.images.files.marks import SourceType

_SOFTENED = frozenset({"mask.invert", "mask.dilate", "mask.feather"})
# Options of results made of the photo's pixels: inside a mask, and at any size.
_INSIDE = frozenset({"finish.detail", "layers.files", "layers.labels"})
_FINISHED = _INSIDE | {"finish.resolution"}
_ALONE = frozenset({"task", "image", "output", "seed", "keep_original", "marks", "confirm"})
_CHANGED: SourceType = "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line sees it; the module of its name does the work.

    Attributes:
        learns: whether it trains on ``image=``: ``always``, ``unless`` given ``checkpoint=``, or
            ``never``.
        needs: what a trained model must be able to do, at least one of these abilities
            (:mod:`internal_gan.config.families`); empty: it works on no model.
        takes: options outside its own group that apply on a trained model.
        alone: all options that apply without a model; empty: it needs one.
        draws: option groups of what the model draws first.
        files: for a task that also works on the user's files, example options.
        several_photos: whether ``image=`` may name several photos.
        reads: options naming files that belong to the photo and are kept with it.
        memory: the option to reduce if memory runs out.
        whole: whether it needs the photo as given, not only at its training size.
        again: example options for running it again.
        source: the digital source type of its results (:mod:`internal_gan.images.files.marks`).
        has_folder: whether it makes a run folder, rather than only files.
    """

    learns: Literal["always", "unless", "never"] = "never"
    needs: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    files: str | None = None
    several_photos: bool = False
    reads: tuple[str, ...] = ()
    memory: str = ""
    whole: bool = False
    again: tuple[str, ...] = ()
    source: SourceType = "trainedAlgorithmicMedia"
    has_folder: bool = True

    @property
    def on_model(self) -> bool:
        """Whether it works on a trained model."""
        return bool(self.needs)


TABLE = {
    "train": TaskSpec(learns="always", several_photos=True),
    "sample": TaskSpec(
        needs=("samples",), takes=_FINISHED, memory="sample.size", again=("sample.count=16",)
    ),
    "retarget": TaskSpec(
        needs=("retargets",),
        takes=_FINISHED,
        reads=("retarget.mask", "retarget.protect"),
        memory="retarget.shape",
        again=("retarget.shape=[300,800]",),
    ),
    "paint": TaskSpec(
        needs=("redraws",), takes=_FINISHED, reads=("paint.image",), memory="finish.resolution"
    ),
    "edit": TaskSpec(
        needs=("redraws",),
        takes=_SOFTENED | _INSIDE,
        reads=("edit.image", "edit.mask"),
        memory="edit.image",
        source=_CHANGED,
    ),
    "harmonize": TaskSpec(
        needs=("redraws",),
        takes=_SOFTENED | _INSIDE,
        reads=("harmonize.image", "harmonize.mask"),
        memory="harmonize.image",
        source=_CHANGED,
    ),
    "animate": TaskSpec(
        needs=("redraws",),
        takes=frozenset({"finish.detail", "finish.resolution"}),
        memory="animate.size",
    ),
    "super_resolution": TaskSpec(
        learns="unless",
        needs=("redraws",),
        takes=frozenset({"image"}),
        memory="super_resolution.factor",
        whole=True,
        again=("super_resolution.factor=2",),
        source=_CHANGED,
    ),
    "inpaint": TaskSpec(
        needs=("fills",),
        takes=_SOFTENED | _INSIDE | {"mask.file", "mask.box", "mask.source", "image"},
        several_photos=True,
        reads=("mask.file", "inpaint.edges", "mask.source"),
        memory="image",
        whole=True,
        again=("mask=other.png",),
        source=_CHANGED,
    ),
    "mask": TaskSpec(
        alone=frozenset({"task", "image", "output", "seed", "mask.kind", "mask.ratio"}),
        several_photos=True,
        memory="image",
        has_folder=False,
    ),
    "evaluate": TaskSpec(
        needs=("samples", "retargets"),
        draws=frozenset({"sample", "retarget"}),
        files="evaluate.real=PHOTO evaluate.samples=FOLDER",
        reads=("evaluate.mask",),
        memory="evaluate.samples",
    ),
    "preview": TaskSpec(
        alone=_ALONE
        | {"preview.count", "preview.size", "preview.freedom", "preview.seed", "finish.resolution"},
        memory="finish.resolution",
        source="compositeCapture",
    ),
    "fill": TaskSpec(
        alone=_ALONE
        | {"mask.file", "mask.box", "mask.source", "mask.invert", "mask.dilate"}
        | {"fill.count", "fill.seed", "layers.files", "layers.labels"},
        reads=("mask.file", "mask.source"),
        memory="image",
        source="compositeCapture",
    ),
    "make_tileable": TaskSpec(
        alone=_ALONE
        | {"make_tileable.axes", "make_tileable.band", "make_tileable.seed"}
        | {"layers.files", "layers.labels"},
        memory="image",
        source="compositeCapture",
    ),
    "extend": TaskSpec(
        alone=_ALONE
        | {"extend.margins", "extend.shape", "extend.anchor", "extend.bleed", "extend.count"}
        | {"extend.seed", "layers.files", "layers.labels"},
        memory="extend.margins",
        source="compositeCapture",
    ),
    "verify": TaskSpec(
        alone=frozenset({"task", "image", "output", "verify.origin", "verify.photo"}),
        reads=("verify.origin", "verify.photo"),
        memory="image",
    ),
    "compare": TaskSpec(
        alone=frozenset({"task", "runs", "output"}), memory="runs", has_folder=False
    ),
}
