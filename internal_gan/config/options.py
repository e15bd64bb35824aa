"""All options of a run but the model's own, which are in ``conf/model``.

These dataclasses alone define defaults, help and bounds. Hydra composes from them, and
``docs/options.md`` lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from internal_gan.config.catalogue import TABLE
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
from internal_gan.config.origin_options import (
    FinishOptions,
    LayersOptions,
    PreviewOptions,
    VerifyOptions,
)
from internal_gan.config.task_options import (
    AnimateOptions,
    EvaluateOptions,
    ExportOptions,
    HarmonizeOptions,
    InpaintOptions,
    MakeTileableOptions,
    MaskOptions,
    PaintOptions,
    RedrawOptions,
    RetargetOptions,
    SampleOptions,
    SuperResolutionOptions,
)
from internal_gan.units import parse_duration

TASKS = tuple(TABLE)
LOGGERS = ("none", "tensorboard", "wandb")
PRECISIONS = ("auto", "fp32", "bf16")
# Of a licence, as the Hugging Face Hub names it.
LICENCE, LICENCE_NEEDS = r"[a-z0-9][a-z0-9.-]*", "a licence as the Hub names it, such as cc0-1.0"
# Figures that task=compare measures and a sweeper can minimise.
FIGURES = (
    *("swd1", "swd2", "swd4", "coherence", "completeness", "sharpness", "copy", "diversity"),
    *("l1_inside", "patches_inside"),
)


def _is_names(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return names != [] and all(isinstance(name, str) and name != "" for name in names)


@dataclass
class TrainerOptions:
    """How long and how carefully to train, whatever the family."""

    time: str | None = option(
        None,
        "budget for the whole run; null: as scheduled",
        "a duration such as 90s, 10m or 1h, or null",
        lambda v: parse_duration(v) > 0,
    )
    steps_factor: float = number(1.0, "(0, inf)", "multiplies the steps of every stage")
    max_steps: int | None = whole(None, "[1, inf)", "caps the steps of every stage", "of steps")
    checkpoint_interval: float = option(
        60.0, "time between two saved states", "a number of seconds, 0 or more", lambda v: v >= 0
    )
    log_interval: int = whole(
        25, "[1, inf)", "steps between two lines in metrics.jsonl", "of steps"
    )
    threads: int | None = whole(
        None, "[1, inf)", "threads of the CPU; null: OMP_NUM_THREADS, or measured at every stage"
    )


@dataclass
class HubOptions:
    """What the card of a published model says of the photo."""

    licence: str | None = option(
        None,
        "the photo's, for Model.push_to_hub",
        LICENCE_NEEDS,
        lambda v: re.fullmatch(LICENCE, v) is not None,
    )


@dataclass
class Options:
    """The checked configuration of a run."""

    task: str = one_of(TASKS, "train", "train (and then draw), or what to do with checkpoint=RUN")
    image: Any = option(
        None,
        "the photo to learn from, or several",
        "the name of one image file, or of several as [a.jpg,b.jpg]",
        _is_names,
        is_path=True,
    )
    output: str | None = path(
        "where the results go; null: runs/IMAGE-MODEL/TIME", "the name of a new folder, or null"
    )
    checkpoint: str | None = path(
        "the model to use; train takes none, super_resolution and evaluate need none",
        "the run folder of a model",
    )
    resume: str | None = path(
        "the training to go on with, exactly as it was configured", "the run folder of a training"
    )
    runs: str | None = path(
        "the runs that task=compare compares",
        "the folder of a multirun, or another folder of run folders",
    )
    skip_finished: bool = flag(
        False, "do not do again what is finished in output=, go on with what was interrupted"
    )
    keep_original: bool = flag(
        True, "keep the photo's file in the run; false: only its name and checksum"
    )
    marks: bool = flag(True, "record in result files how they were made (XMP metadata)")
    objective: str | None = one_of(
        FIGURES,
        None,
        "a figure of task=compare that each job gives to a sweeper that searches",
    )
    device: str = option(
        "auto",
        "where to compute; auto: on a GPU where there is one",
        "auto, cpu, cuda, or cuda:N",
        lambda v: re.fullmatch(r"auto|cpu|cuda(:\d+)?", v) is not None,
    )
    precision: str = one_of(PRECISIONS, "auto", "precision of the networks' arithmetic")
    seed: int = option(
        0,
        "the same seed gives the same model, bit for bit, on the CPU with the same trainer.threads",
        "a whole number from 0 to 2**63 - 1",
        lambda v: 0 <= v <= LARGEST_SEED,
    )
    logger: str = one_of(LOGGERS, "none", "where losses are logged beside metrics.jsonl")
    model: dict[str, Any] = option(
        dict, "the method; --cfg job shows its options", "the name of a model, such as model=singan"
    )
    trainer: TrainerOptions = group(TrainerOptions, "trainer=fast", "the name of a trainer")
    finish: FinishOptions = group(FinishOptions, "finish.resolution=photo")
    layers: LayersOptions = group(
        LayersOptions,
        "layers.labels=[mask.png]",
        "the names of image files, such as [mask.png], or its own options",
    )
    sample: SampleOptions = group(SampleOptions, "sample.count=16")
    animate: AnimateOptions = group(AnimateOptions, "animate.seconds=4")
    retarget: RetargetOptions = group(RetargetOptions, "retarget.shape=[300,800]")
    paint: PaintOptions = group(PaintOptions, "paint.start_scale=2")
    edit: RedrawOptions = group(RedrawOptions, "edit.start_scale=2")
    harmonize: HarmonizeOptions = group(HarmonizeOptions, "harmonize.count=2")
    make_tileable: MakeTileableOptions = group(MakeTileableOptions, "make_tileable.axes=x")
    mask: MaskOptions = group(
        MaskOptions, "mask.invert=true", "the name of an image file, or its own options"
    )
    inpaint: InpaintOptions = group(InpaintOptions, "inpaint.count=4")
    super_resolution: SuperResolutionOptions = group(
        SuperResolutionOptions, "super_resolution.factor=4"
    )
    evaluate: EvaluateOptions = group(EvaluateOptions, "evaluate.real")
    export: ExportOptions = group(ExportOptions, "export.format=torch")
    preview: PreviewOptions = group(PreviewOptions, "preview.count=6")
    hub: HubOptions = group(HubOptions, "hub.licence=cc0-1.0")
    verify: VerifyOptions = group(VerifyOptions, "verify.photo=photo.jpg")

    @property
    def photos(self) -> list[str]:
        """Names of the photos to learn from; empty if they are in memory only."""
        return [self.image] if isinstance(self.image, str) else list(self.image or [])

    @property
    def photo(self) -> str | None:
        """The name of the first photo."""
        return self.photos[0] if self.image else None

    @property
    def trains(self) -> bool:
        """Whether the run trains a model rather than using one."""
        return self.checkpoint is None and TABLE[self.task].learns in ("always", "unless")


# Options that name files and folders; the last is a model's, which has no field.
PATHS = (
    *(name for name, entry in fields_of(Options) if entry.metadata["is_path"]),
    "model.features.weights",
)
