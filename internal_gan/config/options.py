"""What a run is asked to do: the schema of the top-level keys of ``conf/config.yaml``.

Plain dataclasses of the standard library, so that every layer may import them. Their defaults are
those of ``conf/``, for callers without Hydra. A new option is a field here and a line there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from internal_gan.config.fields import LARGEST_SEED, fields_of, one_of, option, path_option
from internal_gan.config.task_options import (
    AnimateOptions,
    EvaluateOptions,
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

TASKS = (
    "train",
    "sample",
    "retarget",
    "paint",
    "edit",
    "harmonize",
    "animate",
    "super_resolution",
    "make_tileable",
    "inpaint",
    "mask",
    "evaluate",
    "compare",
)
# Tasks that train in their own way, by the file of this name in conf/recipe, where checkpoint=
# names no model.
RECIPES = {"super_resolution": "super_resolution"}
LOGGERS = ("none", "tensorboard", "wandb")
PRECISIONS = ("auto", "fp32", "bf16")
# What task=compare measures, and what a sweeper can make small.
FIGURES = (
    "swd1",
    "swd2",
    "swd4",
    "coherence",
    "completeness",
    "sharpness",
    "copy",
    "diversity",
    "l1_inside",
    "patches_inside",
)


@dataclass
class TrainerOptions:
    """How long and how carefully to train, whatever the family.

    ``time`` is a budget such as ``"90s"``, ``"10m"`` or ``"1h"``; ``max_steps`` caps the steps of
    each stage; ``checkpoint_interval`` is in seconds; ``log_interval`` is in steps; ``threads`` are
    the CPU's, null: those of ``OMP_NUM_THREADS``, or measured at every stage.
    """

    time: str | None = option(None, "a duration such as 90s, 10m or 1h, or null")
    steps_factor: float = option(1.0, "a number above 0", lambda v: 0 < v < float("inf"))
    max_steps: int | None = option(
        None, "a whole number of steps, 1 or more, or null", lambda v: v >= 1
    )
    checkpoint_interval: float = option(60.0, "a number of seconds, 0 or more", lambda v: v >= 0)
    log_interval: int = option(25, "a whole number of steps, 1 or more", lambda v: v >= 1)
    threads: int | None = option(None, "a whole number, 1 or more, or null", lambda v: v >= 1)


@dataclass
class Options:
    """One run: the resolved configuration, checked."""

    task: str = one_of(TASKS, "train")
    image: Any = option(
        None,
        "the name of one image file, or of several as [a.jpg,b.jpg]",
        lambda v: (
            (isinstance(v, str) and v != "")
            or (
                isinstance(v, list)
                and v != []
                and all(isinstance(name, str) and name for name in v)
            )
        ),
        is_path=True,
    )
    output: str | None = path_option("the name of a new folder, or null")
    checkpoint: str | None = path_option("the run folder of a model")
    resume: str | None = path_option("the run folder of a training")
    runs: str | None = path_option("the folder of a multirun, or another folder of run folders")
    skip_finished: bool = option(False, "true or false")
    keep_original: bool = option(True, "true or false")
    objective: str | None = one_of(FIGURES, None)
    device: str = option(
        "auto",
        "auto, cpu, cuda, or cuda:N",
        lambda v: re.fullmatch(r"auto|cpu|cuda(:\d+)?", v) is not None,
    )
    precision: str = one_of(PRECISIONS, "auto")
    seed: int = option(0, "a whole number from 0 to 2**63 - 1", lambda v: 0 <= v <= LARGEST_SEED)
    logger: str = one_of(LOGGERS, "none")
    model: dict[str, Any] = option(dict, "the name of a model, such as model=singan")
    trainer: TrainerOptions = option(TrainerOptions, "the name of a trainer, such as trainer=fast")
    sample: SampleOptions = option(SampleOptions, "its own options, such as sample.count=16")
    animate: AnimateOptions = option(AnimateOptions, "its own options, such as animate.seconds=4")
    retarget: RetargetOptions = option(
        RetargetOptions, "its own options, such as retarget.shape=[300,800]"
    )
    paint: PaintOptions = option(PaintOptions, "its own options, such as paint.start_scale=2")
    edit: RedrawOptions = option(RedrawOptions, "its own options, such as edit.start_scale=2")
    harmonize: HarmonizeOptions = option(
        HarmonizeOptions, "its own options, such as harmonize.count=2"
    )
    make_tileable: MakeTileableOptions = option(
        MakeTileableOptions, "its own options, such as make_tileable.axes=x"
    )
    mask: MaskOptions = option(
        MaskOptions, "the name of an image file, or its own options, such as mask.invert=true"
    )
    inpaint: InpaintOptions = option(InpaintOptions, "its own options, such as inpaint.count=4")
    super_resolution: SuperResolutionOptions = option(
        SuperResolutionOptions, "its own options, such as super_resolution.factor=4"
    )
    evaluate: EvaluateOptions = option(EvaluateOptions, "its own options, such as evaluate.real")

    @property
    def photos(self) -> list[str]:
        """The names of the photos to learn from; none for one that is in memory only."""
        return [self.image] if isinstance(self.image, str) else list(self.image or [])

    @property
    def photo(self) -> str | None:
        """The name of the first photo."""
        return self.photos[0] if self.image else None

    @property
    def trains(self) -> bool:
        """Whether the run trains a model rather than use one."""
        return self.checkpoint is None and self.task in ("train", "super_resolution")


# Options that name files and folders; the last one is a model's, which no field describes.
PATHS = (
    *(name for name, entry in fields_of(Options) if entry.metadata["is_path"]),
    "model.features.weights",
)
