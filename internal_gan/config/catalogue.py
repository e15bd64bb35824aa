"""What each task works on, takes and needs, and what models can do. Does not load torch.

A class of :mod:`internal_gan.models.abilities` says what each ability asks of a model, and one of
:mod:`internal_gan.api.methods` has its methods in Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from internal_gan.images.files.marks import SourceType


@dataclass(frozen=True)
class Ability:
    """What a task can ask of a model.

    The last three describe how a training ends if this is its family's first ability; they are
    empty if it cannot be the first, since all its tasks need another picture.

    Attributes:
        verb: completes "a model that ...".
        task: with which the training ends.
        pipeline: what the model does, as the Hub calls it.
        call: a line of code that does it.
    """

    verb: str
    task: str = ""
    pipeline: str = ""
    call: str = ""


SAMPLES = Ability("samples", "sample", "unconditional-image-generation", "model.sample(4)")
REDRAWS = Ability("redraws")
RETARGETS = Ability("retargets", "retarget", "image-to-image", "model.retarget((300, 800))")
FILLS = Ability("fills", "inpaint", "image-to-image", 'model.fill("photo.jpg", "mask.png")')

_SOFTENED = frozenset({"mask.invert", "mask.dilate", "mask.feather"})
# Options of results made of the photo's pixels: inside a mask, and at any size.
_INSIDE = frozenset({"finish.detail", "layers"})
_FINISHED = _INSIDE | {"finish.resolution"}
# Options of the run itself that apply to any result, and to one on a model or without one.
_RESULT = frozenset({"task", "output", "seed", "keep_original", "marks", "confirm"})
_ON_MODEL = _RESULT | {"checkpoint", "device", "model"}
_ALONE = _RESULT | {"image"}
# Options that apply with resume=.
RESUMED = frozenset({"resume", "device"})
_CHANGED: SourceType = "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line sees it; the module of its name does the work.

    Attributes:
        name: of the task, its module and its option group.
        learns: whether it trains on ``image=``: ``always``, ``unless`` given ``checkpoint=``, or
            ``never``.
        needs: what a trained model must be able to do, at least one of these; empty: it works on
            no model.
        takes: options, and groups of them, that apply besides those of the group of its name.
        run: options of the run itself that apply; None: those of any result.
        files: for a task that also works on the user's files, example options.
        reads: options naming files that belong to the photo and are kept with it.
        memory: the option to reduce if memory runs out.
        whole: whether it needs the photo as given, not only at its training size.
        again: example options for running it again.
        source: the digital source type of its results (:mod:`internal_gan.images.files.marks`).
        has_folder: whether it makes a run folder, rather than only files.
    """

    name: str
    learns: Literal["always", "unless", "never"] = "never"
    needs: tuple[Ability, ...] = ()
    takes: frozenset[str] = frozenset()
    run: frozenset[str] | None = None
    files: str | None = None
    reads: tuple[str, ...] = ()
    memory: str = "image"
    whole: bool = False
    again: tuple[str, ...] = ()
    source: SourceType = "trainedAlgorithmicMedia"
    has_folder: bool = True

    @property
    def alone(self) -> bool:
        """Whether it works without a model."""
        return self.learns == "never" and not self.needs

    @property
    def of_run(self) -> frozenset[str]:
        """The options of the run itself that apply once a model is trained, or without one."""
        return (_ALONE if self.alone else _ON_MODEL) if self.run is None else self.run

    def allows(self, option: str) -> bool:
        """Whether an option, by its full name, applies once a model is trained, or without one."""
        group = option.partition(".")[0]
        return option in self.of_run | self.takes or group in self.takes | {self.name}


_TASKS = (
    TaskSpec(
        "train",
        learns="always",
        run=_ALONE | {"learn_from", "device", "precision"},
    ),
    TaskSpec(
        "sample",
        needs=(SAMPLES,),
        takes=_FINISHED,
        reads=("sample.keep",),
        memory="sample.size",
        again=("sample.count=16",),
    ),
    TaskSpec(
        "retarget",
        needs=(RETARGETS,),
        takes=_FINISHED,
        run=_ON_MODEL - {"seed"},
        reads=("retarget.mask", "retarget.protect"),
        memory="retarget.shape",
        again=("retarget.shape=[300,800]",),
    ),
    TaskSpec(
        "paint",
        needs=(REDRAWS,),
        takes=_FINISHED,
        reads=("paint.image",),
        memory="finish.resolution",
    ),
    *(
        TaskSpec(
            name,
            needs=(REDRAWS,),
            takes=_SOFTENED | _INSIDE,
            reads=(f"{name}.image", f"{name}.mask"),
            memory=f"{name}.image",
            source=_CHANGED,
        )
        for name in ("edit", "harmonize")
    ),
    TaskSpec(
        "animate",
        needs=(REDRAWS,),
        takes=frozenset({"finish.detail", "finish.resolution", "layers"}),
        memory="animate.size",
    ),
    TaskSpec(
        "super_resolution",
        learns="unless",
        needs=(REDRAWS,),
        takes=frozenset({"image"}),
        memory="super_resolution.factor",
        whole=True,
        again=("super_resolution.factor=2",),
        source=_CHANGED,
    ),
    TaskSpec(
        "inpaint",
        needs=(FILLS,),
        takes=_SOFTENED | _INSIDE | {"mask.file", "mask.box", "mask.source", "image"},
        reads=("mask.file", "inpaint.edges", "mask.source"),
        whole=True,
        again=("mask=other.png",),
        source=_CHANGED,
    ),
    TaskSpec(
        "evaluate",
        needs=(SAMPLES, RETARGETS),
        takes=frozenset({"sample", "retarget"}),
        files="evaluate.real=PHOTO evaluate.samples=FOLDER",
        reads=("evaluate.mask", "sample.keep", "retarget.mask", "retarget.protect"),
        memory="evaluate.samples",
    ),
    TaskSpec(
        "preview",
        takes=frozenset({"finish.resolution", "layers"}),
        reads=("preview.keep",),
        memory="finish.resolution",
        source="compositeCapture",
    ),
    TaskSpec(
        "fill",
        takes=frozenset(
            {"mask.file", "mask.box", "mask.source", "mask.invert", "mask.dilate", "layers"}
        ),
        reads=("mask.file", "mask.source", "fill.avoid"),
        source="compositeCapture",
    ),
    TaskSpec("make_tileable", takes=frozenset({"layers"}), source="compositeCapture"),
    TaskSpec(
        "extend",
        takes=frozenset({"layers"}),
        reads=("extend.avoid",),
        memory="extend.margins",
        source="compositeCapture",
    ),
    TaskSpec(
        "verify",
        run=frozenset({"task", "image", "output"}),
        reads=("verify.origin", "verify.photo"),
    ),
    TaskSpec("compare", run=frozenset({"task", "runs", "output"}), memory="runs", has_folder=False),
)
TABLE = {task.name: task for task in _TASKS}
