"""What each task works on, takes and needs, and the families of models, with their abilities. A
class of :mod:`internal_gan.models.abilities` defines what an ability asks of a model, and one of
:mod:`internal_gan.api.methods` has its methods in Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from internal_gan.errors import UserError


@dataclass(frozen=True)
class Ability:
    """What a task can ask of a model; the ``verb`` completes "a model that ...". If it is the first
    of a family, trainings end with a ``task``, ``pipeline`` is what models do, as the Hub calls it,
    and ``call`` a line of code that does it."""

    verb: str
    task: str = ""
    pipeline: str = ""
    call: str = ""


SAMPLES = Ability("samples", "sample", "unconditional-image-generation", "model.sample(4)")
RETARGETS = Ability("retargets", "retarget", "image-to-image", "model.retarget((300, 800))")
FILLS = Ability("fills", "fill", "image-to-image", 'model.fill("photo.jpg", "mask.png")')
INJECTS = Ability("redraws a given picture")
ANIMATES = Ability("animates")
ENLARGES = Ability(
    "enlarges", "super_resolution", "image-to-image", "model.super_resolve(factor=2)"
)

_MASKED = frozenset({"mask.file", "mask.dilate"})
# Options of results made of the photo's pixels: inside a mask, and at any size.
_OF_PHOTO = frozenset({"layers", "keep_frame"})
_INSIDE = _OF_PHOTO | {"finish.detail"}
_FINISHED = _INSIDE | {"finish.resolution"}
# Options of the run itself that apply to any result, and to one of a model.
_RESULT = frozenset({"task", "image", "output", "seed", "marks", "confirm"})
_OF_MODEL = _RESULT | {"checkpoint", "device", "model"}
# Options that apply with resume=.
RESUMED = frozenset({"resume", "device"})


@dataclass(frozen=True)
class TaskSpec:
    """A task as the command line sees it; the module of its name does the work.

    Attributes:
        name: of the task, its module and its option group.
        needs: what the model that it works on must be able to do, at least one of these; empty: it
            works on pictures alone, or trains.
        takes: options, and groups of them, that apply besides those of the group of its name.
        run: options of the run itself that apply once there is a model, or without one.
        instead: the option that names pictures to work on in place of a model's.
        reads: options naming files that belong to the photo and are kept with it.
        whole: whether it needs a photo as given, not only at its training size, and then takes
            another one, too, than the model's.
        again: example options for running it again, separated by blanks.
        has_folder: whether it makes a run folder, not only files.
        memory: the options to reduce if memory runs out, the first of them that is given.
        is_composite: whether results are the photo itself with parts that a model made.
    """

    name: str
    needs: tuple[Ability, ...] = ()
    takes: frozenset[str] = frozenset()
    run: frozenset[str] = _OF_MODEL
    instead: str | None = None
    reads: tuple[str, ...] = ()
    whole: bool = False
    again: str = ""
    has_folder: bool = True
    memory: tuple[str, ...] = ("image",)
    is_composite: bool = False

    def allows(self, option: str) -> bool:
        """Whether an option, by its full name, applies once there is a model, or without one."""
        group = option.partition(".")[0]
        return option in self.run | self.takes or group in self.takes | {self.name}


_TASKS = (
    TaskSpec("train", run=_RESULT | {"device", "precision", "keep_frame"}),
    TaskSpec(
        "sample",
        needs=(SAMPLES,),
        takes=_FINISHED,
        again="sample.count=16",
        memory=("sample.size",),
    ),
    TaskSpec(
        "retarget",
        needs=(RETARGETS,),
        takes=_FINISHED,
        reads=("retarget.mask", "retarget.protect", "retarget.importance"),
        again="retarget.shape=[300,800]",
        memory=("retarget.shape",),
    ),
    TaskSpec(
        "fill",
        needs=(FILLS,),
        takes=_MASKED | _INSIDE | {"mask.box"},
        reads=("mask.file", "fill.edges", "fill.avoid"),
        whole=True,
        again="mask=other.png",
        is_composite=True,
    ),
    *(
        TaskSpec(
            name,
            needs=(INJECTS,),
            takes=_MASKED | _INSIDE | {"edit"},
            reads=("edit.image", "mask.file"),
            memory=("edit.image",),
            is_composite=True,
        )
        for name in ("edit", "harmonize")
    ),
    TaskSpec(
        "paint",
        needs=(INJECTS,),
        takes=_FINISHED,
        reads=("paint.image",),
        memory=("finish.resolution",),
    ),
    TaskSpec(
        "animate",
        needs=(ANIMATES,),
        takes=_FINISHED,
        reads=("animate.mask",),
        memory=("animate.size",),
    ),
    TaskSpec(
        "super_resolution",
        needs=(ENLARGES,),
        whole=True,
        again="super_resolution.factor=2",
        memory=("super_resolution.factor",),
        is_composite=True,
    ),
    TaskSpec(
        "extend",
        run=_RESULT,
        takes=_OF_PHOTO,
        reads=("extend.avoid",),
        memory=("extend.margins", "extend.shape"),
    ),
    TaskSpec("make_tileable", run=_RESULT, takes=_OF_PHOTO),
    TaskSpec(
        "evaluate",
        needs=(SAMPLES, RETARGETS),
        takes=frozenset({"sample", "retarget", "finish.detail"}),
        instead="evaluate.samples",
        reads=("evaluate.mask", "retarget.mask", "retarget.protect"),
        memory=("evaluate.samples",),
    ),
    TaskSpec("verify", run=frozenset({"task", "image", "output"}), reads=("verify.photo",)),
    TaskSpec(
        "compare",
        run=frozenset({"task", "runs", "output"}),
        has_folder=False,
        memory=("runs",),
    ),
)
SPECS = {task.name: task for task in _TASKS}
# Those that make pictures.
MAKING = tuple(name for name in SPECS if name not in ("train", "evaluate", "verify", "compare"))


@dataclass(frozen=True)
class Family:
    """A family of models, in ``internal_gan/models/NAME``: its ``title`` in text, what models can
    do, with the first of which a training ends, and how long that takes by default."""

    title: str
    abilities: tuple[Ability, ...]
    minutes: str = "some minutes"


FAMILIES = {
    "patches": Family(
        "Patches", (SAMPLES, RETARGETS, FILLS, INJECTS, ANIMATES, ENLARGES), "no time"
    ),
    "singan": Family("SinGAN", (SAMPLES, INJECTS, ANIMATES, ENLARGES), "one to two minutes"),
    "ingan": Family("InGAN", (RETARGETS,), "about three minutes"),
    "edgeconnect": Family("EdgeConnect", (FILLS,), "one to two minutes"),
    "zssr": Family("ZSSR", (ENLARGES,), "about a minute"),
}


def family_of(model: Mapping[str, Any]) -> str:
    """The family that a model's configuration names by its class, or an empty string.

    >>> family_of({"_target_": "internal_gan.models.ingan.pyramid_training.InGANPyramidRecipe"})
    'ingan'
    """
    parts = str(model.get("_target_", "")).split(".")
    return parts[2] if len(parts) > 3 else ""


def check_trains(model: Mapping[str, Any]) -> None:
    """Raise a UserError for a model's configuration that names the photo's own patches."""
    if family_of(model) == "patches":
        raise UserError(
            "model=patches: there is nothing to train; name a task, such as sample, or a model "
            "that is trained: model=singan, ingan, edgeconnect or zssr"
        )


def ending_of(family: str) -> str:
    """The task that a family's training ends with."""
    return FAMILIES[family].abilities[0].task


def families_for(task: str) -> list[str]:
    """The families whose models can do a task."""
    needs = SPECS[task].needs
    return [name for name, family in FAMILIES.items() if set(needs) & set(family.abilities)]


def check_able(family: str, task: str, where: str) -> None:
    """Raise a UserError if a family's models, named ``where``, cannot do a task."""
    spec = SPECS[task]
    able = families_for(task)
    if family not in able:
        can = " or ".join(ability.verb for ability in spec.needs)
        raise UserError(
            f"{where}: a model of {family}; task={task} needs one that {can}: {', '.join(able)}"
            + (f"; for its results: {spec.instead}=FOLDER" if spec.instead else "")
        )
