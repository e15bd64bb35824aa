"""All options of a run except the model's own, which are in ``conf/model``.

Defaults, help and bounds are defined only in these dataclasses. Hydra composes from them, and
``docs/options.md`` lists them.
"""

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from internal_gan.config import task_options as tasks
from internal_gan.config.catalogue import SPECS, family_of
from internal_gan.config.fields import (
    LARGEST_SEED,
    fields_of,
    flag,
    group,
    number,
    one_of,
    option,
    path,
    whole,
)
from internal_gan.errors import Range
from internal_gan.images.files.names import images_in
from internal_gan.units import parse_duration


@dataclass
class TrainerOptions:
    """How long and how carefully to train, for any family."""

    time: str | None = option(
        None,
        "time budget for the whole run; null: the model's own schedule",
        "a duration such as 90s, 10m or 1h, or null",
        lambda v: parse_duration(v) > 0,
    )
    steps_factor: float = number(1.0, Range(above=0), "factor on the steps of every stage")
    max_steps: int | None = whole(
        None, Range(1), "upper limit on the steps of every stage; null: none", "of steps"
    )
    checkpoint_interval: float = number(
        60.0, Range(0), "seconds between two checkpoints", "of seconds"
    )
    log_interval: int = whole(25, Range(1), "steps between two lines in metrics.jsonl", "of steps")
    threads: int | None = whole(
        None, Range(1), "CPU threads; null: OMP_NUM_THREADS, or else measured at the start"
    )
    graphs: str = one_of(
        ("auto", "off"), "auto", "CUDA graphs; auto: on a GPU, for steps that are often alike"
    )


@dataclass
class Options:
    """The checked configuration of a run."""

    task: str = one_of(
        tuple(SPECS), "train", "what to do; all but train need no training: the photo is the model"
    )
    image: str | None = path(
        "photo to use, or - for standard input; for task=verify the picture to check",
        "the name of one image file",
    )
    learn_from: Any = path(
        "further photos that InGAN and EdgeConnect learn from; results are of image= alone",
        "the name of one image file or of a folder of them, or several such as [a.jpg,b.jpg]",
    )
    output: str | None = path(
        "folder for the results; -: one picture to standard output; null: runs/IMAGE-TASK/TIME",
        "the name of a new folder, - or null",
    )
    checkpoint: str | None = path(
        "trained model to use; null: model= trained on the photo, or the photo itself",
        "the run folder of a model",
    )
    resume: str | None = path(
        "training to continue, with its original options", "the run folder of a training"
    )
    runs: str | None = path(
        "runs to compare, for task=compare",
        "the folder of a multirun, or another folder of run folders",
    )
    skip_finished: bool = flag(
        False, "skip what is finished in output=, and resume what was interrupted"
    )
    keep_original: bool = flag(
        True, "copy the photo's file into the run; false: record only its name and checksum"
    )
    keep_frame: bool = flag(
        False,
        "use a frame around the photo, such as a print's white border, as a part of it; false: it "
        "is left out, and fill and edit take nothing from it",
    )
    confirm: str | None = one_of(
        ("large",), None, "large: make results of more than 50 megapixels without asking"
    )
    marks: bool = flag(True, "record in result files how they were made (XMP metadata)")
    device: str = option(
        "auto",
        "device to compute on; auto: a GPU if there is one",
        "auto, cpu, cuda or cuda:N",
        lambda v: re.fullmatch(r"auto|cpu|cuda(:\d+)?", v) is not None,
    )
    precision: str = one_of(
        ("auto", "fp32", "bf16"),
        "auto",
        "precision of the networks; auto: bf16 on a CPU that has it natively, else fp32",
    )
    seed: int = option(
        0,
        "seed of the training, or of a task on a model or without one; on the CPU, it and "
        "trainer.threads determine the model bit for bit",
        "a whole number from 0 to 2**63 - 1",
        lambda v: 0 <= v <= LARGEST_SEED,
    )
    model: dict[str, Any] = option(
        dict, "method; --cfg job shows its options", "the name of a model, such as model=singan"
    )
    trainer: TrainerOptions = group(TrainerOptions, "trainer=fast", "the name of a trainer")
    finish: tasks.FinishOptions = group(tasks.FinishOptions, "finish.resolution=photo")
    layers: tasks.LayersOptions = group(
        tasks.LayersOptions,
        "layers.files=[mask.png]",
        "the names of image files, such as [mask.png], or its own options",
    )
    sample: tasks.SampleOptions = group(tasks.SampleOptions, "sample.count=16")
    animate: tasks.AnimateOptions = group(tasks.AnimateOptions, "animate.seconds=4")
    retarget: tasks.RetargetOptions = group(tasks.RetargetOptions, "retarget.shape=[300,800]")
    paint: tasks.PaintOptions = group(tasks.PaintOptions, "paint.start_scale=2")
    edit: tasks.EditOptions = group(tasks.EditOptions, "edit.start_scale=2")
    harmonize: tasks.HarmonizeOptions = group(tasks.HarmonizeOptions, "harmonize.match=false")
    make_tileable: tasks.MakeTileableOptions = group(
        tasks.MakeTileableOptions, "make_tileable.axes=x"
    )
    mask: tasks.MaskOptions = group(
        tasks.MaskOptions, "mask.dilate=4", "the name of an image file, or its own options"
    )
    super_resolution: tasks.SuperResolutionOptions = group(
        tasks.SuperResolutionOptions, "super_resolution.factor=4"
    )
    evaluate: tasks.EvaluateOptions = group(tasks.EvaluateOptions, "evaluate.samples=FOLDER")
    fill: tasks.FillOptions = group(tasks.FillOptions, "fill.count=3")
    extend: tasks.ExtendOptions = group(tasks.ExtendOptions, "extend.shape=16:9")
    verify: tasks.VerifyOptions = group(tasks.VerifyOptions, "verify.photo=photo.jpg")

    @property
    def further(self) -> list[str]:
        """Names of the further photos to learn from; of a folder, all images but the photo."""
        listed = [self.learn_from] if isinstance(self.learn_from, str) else self.learn_from or []
        return [name for one in listed for name in images_in(one, besides=self.image)]

    @property
    def trains(self) -> bool:
        """Whether the run trains a model rather than using one, or none."""
        if self.task == "train" or self.checkpoint is not None:
            return self.checkpoint is None
        needs_model = bool(SPECS[self.task].needs) and not self.judges
        return needs_model and family_of(self.model) not in ("", "patches")

    @property
    def judges(self) -> bool:
        """Whether the task works on given pictures in place of a model's."""
        instead = SPECS[self.task].instead
        return instead is not None and attrgetter(instead)(self) is not None


# Every option and group by its full name.
FIELDS = dict(fields_of(Options))
# Options and groups that do not decide a result, and may differ when a run or a sweep is continued.
FREE = {"output", "skip_finished", "device", "resume", "keep_original", "confirm", "marks"}
# Options that runs of earlier versions have, which are read without them, and what does the same.
GONE = {
    "animate.beta": "use animate.alpha",
    "edit.mask": "use mask=FILE",
    "fill.tileable": "a texture that repeats does so when filled",
    "harmonize.image": "use edit.image=FILE",
    "harmonize.mask": "use mask=FILE",
    "harmonize.start_scale": "use edit.start_scale",
    "harmonize.count": "use edit.count",
    "layers.labels": "labels are recognised by their few values, flat areas or palette",
    "make_tileable.band": "a wider band is tried where a seam would show",
    "mask.feather": "use mask.dilate, which grows the mask",
    "mask.invert": "use a mask that is white in what may change",
    "mask.source": "use fill.avoid=FILE, white where nothing is taken from",
    "retarget.scale": "use retarget.shape=[100%,200%]",
    "retarget.zoom": "use finish.resolution, the photo's long side in the result",
    "sample.matching": "samples always get the photo's mix of patches",
    "verify.origin": "use the NAME.origin.png beside NAME.png",
}
# Options that name files and folders. The last belongs to a model and has no field.
PATHS = (
    *(name for name, field in FIELDS.items() if field.metadata["is_path"]),
    "model.features.weights",
)


def taken_by(task: str) -> set[str]:
    """The options in groups that a task takes, and the seed if it draws anything at random."""
    allowed = {name for name in FIELDS if SPECS[task].allows(name)}
    return {name for name in allowed if "." in name or name == "seed"}
