"""What each task works on, takes and needs, and what models can do. Does not load torch.

A class of :mod:`internal_gan.models.abilities` says what each ability asks of a model, and one of
:mod:`internal_gan.api.methods` has its methods in Python.
"""

from __future__ import annotations

from dataclasses import dataclass

from internal_gan.images.files.marks import SourceType


@dataclass(frozen=True)
class Ability:
    """What a task can ask of a model.

    The last three describe how a training ends if this is its family's first ability; they are
    empty if it is never the first.

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
RETARGETS = Ability("retargets", "retarget", "image-to-image", "model.retarget((300, 800))")
FILLS = Ability("fills", "fill", "image-to-image", 'model.fill("photo.jpg", "mask.png")')
INJECTS = Ability("redraws a given picture")
ANIMATES = Ability("animates")
ENLARGES = Ability("enlarges")

_SOFTENED = frozenset({"mask.invert", "mask.dilate", "mask.feather"})
# Options of results made of the photo's pixels: inside a mask, and at any size.
_INSIDE = frozenset({"finish.detail", "layers"})
_FINISHED = _INSIDE | {"finish.resolution"}
# Options of the run itself that apply to any result, and to one of a model.
_RESULT = frozenset({"task", "image", "output", "seed", "keep_original", "marks", "confirm"})
_OF_MODEL = _RESULT | {"checkpoint", "device", "model"}
# Options that apply with resume=.
RESUMED = frozenset({"resume", "device"})
_CHANGED: SourceType = "compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line sees it; the module of its name does the work.

    Attributes:
        name: of the task, its module and its option group.
        needs: what the model that it works on must be able to do, at least one of these; empty: it
            works on pictures alone, or trains.
        takes: options, and groups of them, that apply besides those of the group of its name.
        run: options of the run itself that apply; None: those of any result.
        instead: the option that names pictures to work on in place of a model's.
        reads: options naming files that belong to the photo and are kept with it.
        memory: the option to reduce if memory runs out.
        whole: whether it needs a photo as given, not only at its training size, and then takes
            another one, too, than the model's.
        again: example options for running it again.
        source: the digital source type of a trained model's results
            (:mod:`internal_gan.images.files.marks`).
        has_folder: whether it makes a run folder, rather than only files.
    """

    name: str
    needs: tuple[Ability, ...] = ()
    takes: frozenset[str] = frozenset()
    run: frozenset[str] | None = None
    instead: str | None = None
    reads: tuple[str, ...] = ()
    memory: str = "image"
    whole: bool = False
    again: tuple[str, ...] = ()
    source: SourceType = "trainedAlgorithmicMedia"
    has_folder: bool = True

    @property
    def of_run(self) -> frozenset[str]:
        """The options of the run itself that apply once there is a model, or without one."""
        return (_OF_MODEL if self.needs else _RESULT) if self.run is None else self.run

    def allows(self, option: str) -> bool:
        """Whether an option, by its full name, applies once there is a model, or without one."""
        group = option.partition(".")[0]
        return option in self.of_run | self.takes or group in self.takes | {self.name}


_TASKS = (
    TaskSpec("train", run=_RESULT | {"learn_from", "device", "precision"}),
    TaskSpec(
        "sample",
        needs=(SAMPLES,),
        takes=_FINISHED,
        memory="sample.size",
        again=("sample.count=16",),
    ),
    TaskSpec(
        "retarget",
        needs=(RETARGETS,),
        takes=_FINISHED,
        reads=("retarget.mask", "retarget.protect"),
        memory="retarget.shape",
        again=("retarget.shape=[300,800]",),
    ),
    TaskSpec(
        "fill",
        needs=(FILLS,),
        takes=_SOFTENED | _INSIDE | {"mask.file", "mask.box", "mask.source"},
        reads=("mask.file", "fill.edges", "mask.source", "fill.avoid"),
        whole=True,
        again=("mask=other.png",),
        source=_CHANGED,
    ),
    *(
        TaskSpec(
            name,
            needs=(INJECTS,),
            takes=_SOFTENED | _INSIDE,
            reads=(f"{name}.image", f"{name}.mask"),
            memory=f"{name}.image",
            source=_CHANGED,
        )
        for name in ("edit", "harmonize")
    ),
    TaskSpec(
        "paint",
        needs=(INJECTS,),
        takes=_FINISHED,
        reads=("paint.image",),
        memory="finish.resolution",
    ),
    TaskSpec("animate", needs=(ANIMATES,), takes=_FINISHED, memory="animate.size"),
    TaskSpec(
        "super_resolution",
        needs=(ENLARGES,),
        memory="super_resolution.factor",
        whole=True,
        again=("super_resolution.factor=2",),
        source=_CHANGED,
    ),
    TaskSpec(
        "extend", takes=frozenset({"layers"}), reads=("extend.avoid",), memory="extend.margins"
    ),
    TaskSpec("make_tileable", takes=frozenset({"layers"})),
    TaskSpec(
        "evaluate",
        needs=(SAMPLES, RETARGETS),
        takes=frozenset({"sample", "retarget"}),
        instead="evaluate.samples",
        reads=("evaluate.mask", "retarget.mask", "retarget.protect"),
        memory="evaluate.samples",
    ),
    TaskSpec(
        "verify",
        run=frozenset({"task", "image", "output"}),
        reads=("verify.origin", "verify.photo"),
    ),
    TaskSpec("compare", run=frozenset({"task", "runs", "output"}), memory="runs", has_folder=False),
)
SPECS = {task.name: task for task in _TASKS}
