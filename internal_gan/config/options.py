"""What a run is asked to do: the schema of the top-level keys of ``conf/config.yaml``.

Plain dataclasses of the standard library, so that every layer may import them. Their defaults are
those of ``conf/``, for callers without Hydra. A new option is a field here and a line there.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

TRANSFORMS = ("homography", "trapezoid", "bend", "wave")
TASKS = (
    "train",
    "sample",
    "retarget",
    "paint",
    "edit",
    "harmonize",
    "animate",
    "super_resolution",
    "evaluate_super_resolution",
    "make_tileable",
    "inpaint",
    "mask",
    "evaluate",
    "study",
    "compare",
)
STUDY_PROTOCOLS = ("both", "paired", "unpaired")
MASK_KINDS = ("box", "strokes")
VIDEO_FORMATS = ("webp", "gif", "mp4", "png")
# Tasks that train in their own way, by the file of this name in conf/recipe, where checkpoint=
# names no model.
RECIPES = {
    "super_resolution": "super_resolution",
    "evaluate_super_resolution": "super_resolution",
}
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
ALL_SCALES = "all"
AUTO = "auto"
LARGEST_SEED = 2**63 - 1
# Of one run: beyond these a number is a slip of the finger, and the run would fill the disk.
MOST_SAMPLES, MOST_RESULTS, MOST_SECONDS, MOST_ROUNDS = 1_000_000, 1000, 3600, 100


def option(
    default: Any,
    needs: str,
    allowed: Callable[[Any], bool] = lambda value: True,
    *,
    is_path: bool = False,
) -> Any:
    """A field of the schema.

    Args:
        needs: completes the sentence "this option needs ..." in an error message.
        allowed: whether a value of the right type will do; null is not asked about.
        is_path: the value names a file or folder; Hydra's signs in it are only letters.
    """
    about = {"needs": needs, "allowed": allowed, "is_path": is_path}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


def path_option(needs: str) -> Any:
    """A field that names a file or folder, null by default."""
    return option(None, needs, lambda value: value != "", is_path=True)


def one_of(names: tuple[str, ...], default: str | None) -> Any:
    """A field that takes one of a few names, and null where that is the default."""
    needs = "one of " + ", ".join(names) + (", or null" if default is None else "")
    return option(default, needs, lambda value: value in names)


def fields_of(schema: Any, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Every option of a schema (a dataclass or an instance) with its full name."""
    for entry in dataclasses.fields(schema):
        yield f"{prefix}{entry.name}", entry
        group: Any = entry.default_factory
        if dataclasses.is_dataclass(group):
            yield from fields_of(group, f"{prefix}{entry.name}.")


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
class SampleOptions:
    """Which samples to write. ``size`` is (height, width) in pixels, null: the photo's own size;
    ``start_scale`` 0 is the coarsest, ``all``: so many from each; ``tileable`` x: the left and
    right borders meet, y: the top and bottom, true: all; ``seed`` null: the run's seed."""

    count: int = option(
        8, f"a whole number from 1 to {MOST_SAMPLES}", lambda v: 1 <= v <= MOST_SAMPLES
    )
    size: list[int] | None = option(
        None,
        "two whole numbers [height,width] in pixels, such as sample.size=[300,800], or null",
        lambda v: len(v) == 2 and min(v) >= 1,
    )
    start_scale: int | str = option(
        0,
        f"a whole number, 0 (the coarsest scale) or more, or {ALL_SCALES}",
        lambda v: v >= 0 if isinstance(v, int) else v == ALL_SCALES,
    )
    tileable: bool | str = option(
        False, "true, false, x or y", lambda v: isinstance(v, bool) or v in ("x", "y")
    )
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


def _count() -> Any:
    """How many results to make, each in other details."""
    return option(1, f"a whole number from 1 to {MOST_RESULTS}", lambda v: 1 <= v <= MOST_RESULTS)


def _seconds(default: float) -> Any:
    return option(
        default,
        f"a number of seconds above 0, at most {MOST_SECONDS}",
        lambda v: 0 < v <= MOST_SECONDS,
    )


def _start_scale() -> Any:
    """The scale at which an image from outside is put into the pyramid."""
    return option(
        AUTO,
        f"a whole number, 1 (next to the coarsest scale) or more, or {AUTO}",
        lambda v: v >= 1 if isinstance(v, int) else v == AUTO,
    )


@dataclass
class PaintOptions:
    """Paint-to-image. ``quantize`` reduces painting and photo to ``colours`` of the photo and
    trains the start scale anew on that."""

    image: str | None = path_option("the name of one image file, the painting")
    start_scale: int | str = _start_scale()
    quantize: bool = option(False, "true or false")
    colours: int = option(8, "a whole number from 2 to 256", lambda v: 2 <= v <= 256)
    count: int = _count()
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class RedrawOptions:
    """Editing and harmonization: a photo of any size, and a mask of the same size."""

    image: str | None = path_option("the name of one image file, the photo with its changes")
    mask: str | None = path_option("the name of one image file, white where the photo may change")
    start_scale: int | str = _start_scale()
    count: int = _count()
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class HarmonizeOptions(RedrawOptions):
    """As editing; ``match`` gives the object the photo's mean colour and contrast first."""

    match: bool = option(True, "true or false")


@dataclass
class MakeTileableOptions:
    """A photo that repeats. ``image`` null: the photo of the training; ``band``: how far from a
    border pixels may change, below 1 as a fraction of the side, from 1 on in pixels."""

    image: str | None = path_option("the name of one image file, or null")
    axes: str = one_of(("both", "x", "y"), "both")
    band: float = option(
        0.15,
        "a number above 0: up to 0.5, a fraction of the side, or 1 and more, pixels",
        lambda v: 0 < v <= 0.5 or 1 <= v < float("inf"),
    )
    start_scale: int | str = option(
        AUTO,
        f"a whole number, 0 (the coarsest scale) or more, or {AUTO}",
        lambda v: v >= 0 if isinstance(v, int) else v == AUTO,
    )
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class MaskOptions:
    """How a task takes its mask, or task=mask makes one. Lengths are in pixels; null is the task's
    own default. ``file`` may also name a folder, of masks with the names of the photos."""

    file: str | None = path_option("the name of one image file or of a folder of them, or null")
    invert: bool = option(False, "true or false")
    dilate: float | None = option(
        None, "a number of pixels from 0 to 1000, or null", lambda v: 0 <= v <= 1000
    )
    feather: float | None = option(
        None, "a number of pixels from 0 to 1000, or null", lambda v: 0 <= v <= 1000
    )
    kind: str = one_of(MASK_KINDS, "strokes")
    ratio: float = option(0.3, "a number above 0 and below 1", lambda v: 0 < v < 1)


@dataclass
class InpaintOptions:
    """What fills the hole, which ``mask`` or ``box`` (top, left, height and width in pixels) names.

    ``edges`` is a drawing of the photo's size, white lines on black, taken for the edges inside of
    the hole. ``source`` is a mask, white where the model learns and where it takes patches from;
    null: everywhere but in the hole. ``count`` results have the seeds from ``seed`` on, null: from
    the run's.
    """

    box: list[int] | None = option(
        None,
        "four whole numbers [top,left,height,width] in pixels, such as [20,30,40,50], or null",
        lambda v: len(v) == 4 and min(v[:2]) >= 0 and min(v[2:]) >= 1,
    )
    edges: str | None = path_option("the name of one image file, white lines on black, or null")
    source: str | None = path_option("the name of one image file, white where to learn, or null")
    count: int = _count()
    compare: bool = option(True, "true or false")
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class AnimateOptions:
    """How the photo moves, and the file that shows it.

    ``alpha``, ``beta`` and ``start_scale``: see
    :meth:`internal_gan.models.singan.animation.Animation.animate`. ``format`` png writes the
    frames alone. ``size`` is (height, width) in pixels, null: the photo's own; ``seed`` null: the
    run's seed.
    """

    seconds: float = _seconds(4.0)
    fps: float = option(
        24.0, "a number of frames a second, above 0, at most 120", lambda v: 0 < v <= 120
    )
    format: str = one_of(VIDEO_FORMATS, "webp")
    loop: bool = option(False, "true or false")
    alpha: float = option(0.1, "a number above 0, at most 1", lambda v: 0 < v <= 1)
    beta: float = option(0.9, "a number from 0 to below 1", lambda v: 0 <= v < 1)
    start_scale: int = option(0, "a whole number, 0 (the coarsest scale) or more", lambda v: v >= 0)
    size: list[int] | None = option(
        None,
        "two whole numbers [height,width] in pixels, such as animate.size=[200,300], or null",
        lambda v: len(v) == 2 and min(v) >= 1,
    )
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class RetargetOptions:
    """Which sizes and shapes to paint the photo in.

    ``shape`` is (height, width) in pixels, of which null follows from the other by the photo's
    aspect; ``scale`` is the same as factors of the photo's sides; of both also a list of several.
    ``transform`` is bent by ``amount`` and waves have ``periods``; ``corners`` are those of a
    homography, (row, column) as fractions of the frame, from top left clockwise. ``mask`` is an
    image whose opaque or white part is the shape. ``vote``: each scale's output is rebuilt from
    the photo's patches; auto: where that is quick, and not in videos. ``compare`` adds plain
    resizing and seam carving of the same size. ``image`` is the number (from 1) or the name of one
    of the photos that the model learnt, null: the first. ``protect`` is a mask of the photo, white
    where it keeps its size and shape. ``collage`` adds a sheet of every height with every width,
    ``video`` the photo going through the sizes and back, in ``seconds``. ``seed`` null: the run's
    seed.
    """

    shape: Any = option(
        None,
        "[height,width] in pixels, such as [300,800], of which one may be null, or a list of such",
        lambda v: _are_pairs(v, lambda n: isinstance(n, int) and n >= 1, nulls=1),
    )
    scale: Any = option(
        None,
        "two factors [height,width] above 0, such as [1.0,2.0], or a list of such",
        lambda v: _are_pairs(v, lambda n: 0 < n < float("inf")),
    )
    transform: str | None = one_of(TRANSFORMS, None)
    amount: float = option(0.3, "a number above -1 and below 1", lambda v: -1 < v < 1)
    periods: float = option(2.0, "a number from 0 to 100", lambda v: 0 <= v <= 100)
    image: str | None = path_option("the number or the name of one of the model's photos, or null")
    corners: Any = option(
        None,
        "four corners [row,column] from top left clockwise, as fractions of the frame, such as "
        "[[0.2,0],[0,1],[1,1],[0.8,0]]",
        lambda v: (
            isinstance(v, list)
            and len(v) == 4
            and _are_pairs(v, lambda n: isinstance(n, int | float) and abs(n) < 100)
        ),
    )
    mask: str | None = path_option("the name of an image file, or null")
    protect: str | None = path_option("the name of an image file, or null")
    collage: bool = option(False, "true or false")
    video: str | None = one_of(VIDEO_FORMATS, None)
    seconds: float = _seconds(6.0)
    fps: float = option(
        24.0, "a number of frames a second, above 0, at most 120", lambda v: 0 < v <= 120
    )
    vote: bool | str = option(
        "auto", "true, false or auto", lambda v: isinstance(v, bool) or v == "auto"
    )
    compare: bool = option(True, "true or false")
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


def _are_pairs(value: Any, allowed: Callable[[Any], bool], nulls: int = 0) -> bool:
    """Whether ``value`` is a pair, or a list of pairs, of allowed numbers, some of them null."""
    if not isinstance(value, list) or not value:
        return False
    if isinstance(value[0], list):
        return all(isinstance(v, list) and _are_pairs(v, allowed, nulls) for v in value)
    numbers = [n for n in value if n is not None]
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    return len(value) == 2 and len(numbers) >= 2 - nulls and plain and all(map(allowed, numbers))


@dataclass
class SuperResolutionOptions:
    """How to enlarge a photo. ``noise`` is in units of the training's; ``back_projection`` is how
    often each pass is compared with the photo; ``passes`` null: as many as suit the factor and the
    model; ``seed`` null: the run's seed."""

    factor: float = option(
        4.0, "a number above 1, such as 4 or 2.5", lambda v: 1 < v < float("inf")
    )
    noise: float = option(1.0, "a number, 0 or more", lambda v: 0 <= v < float("inf"))
    back_projection: int = option(
        1, f"a whole number from 0 to {MOST_ROUNDS}", lambda v: 0 <= v <= MOST_ROUNDS
    )
    passes: int | None = option(
        None, f"a whole number from 1 to {MOST_ROUNDS}, or null", lambda v: 1 <= v <= MOST_ROUNDS
    )
    seed: int | None = option(
        None, "a whole number from 0 to 2**63 - 1, or null", lambda v: 0 <= v <= LARGEST_SEED
    )


@dataclass
class EvaluateSuperResolutionOptions:
    """``photos`` is a folder; without ``shrink`` they are enlarged as they are and there is nothing
    to compare with."""

    photos: str | None = path_option("the name of a folder of photos")
    shrink: bool = option(True, "true or false")


@dataclass
class EvaluateOptions:
    """What to judge, and how closely.

    ``samples``, a picture or a folder of them, are judged beside the photo ``real``; with
    ``checkpoint=`` the model's own pictures. ``mask`` is white where pictures of the photo's size
    are compared with it pixel by pixel. ``patches`` are the sides of the patches in pixels;
    ``exact`` compares all of them. ``maps`` is how many samples get maps. ``inception`` is a file
    of weights, for SIFID.
    """

    real: str | None = path_option("the name of one image file, the photo")
    samples: str | None = path_option("the name of an image file or of a folder of them")
    mask: str | None = path_option("the name of one image file, white where to compare, or null")
    patches: list[int] = option(
        lambda: [7],
        "a list of whole numbers of pixels from 3 to 31, such as [7,11]",
        lambda v: v != [] and all(3 <= side <= 31 for side in v) and len(set(v)) == len(v),
    )
    exact: bool = option(False, "true or false")
    maps: int = option(4, "a whole number, 0 or more", lambda v: v >= 0)
    inception: str | None = path_option("the name of a file of Inception v3's weights, or null")


@dataclass
class StudyOptions:
    """A page on which people tell the photos in ``real`` from the pictures of the same names, or in
    folders of these names, in ``samples``; ``trials`` of each protocol, after ``practice``, each
    seen for ``seconds``."""

    real: str | None = path_option("the name of a folder of photos")
    samples: str | None = path_option("the name of a folder of pictures of the same names")
    protocol: str = one_of(STUDY_PROTOCOLS, "both")
    trials: int = option(50, "a whole number, 1 or more", lambda v: v >= 1)
    practice: int = option(5, "a whole number, 0 or more", lambda v: v >= 0)
    seconds: float = option(1.0, "a number of seconds above 0, at most 60", lambda v: 0 < v <= 60)


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

    evaluate_super_resolution: EvaluateSuperResolutionOptions = option(
        EvaluateSuperResolutionOptions, "its own options, such as evaluate_super_resolution.photos"
    )
    evaluate: EvaluateOptions = option(EvaluateOptions, "its own options, such as evaluate.real")
    study: StudyOptions = option(StudyOptions, "its own options, such as study.real")

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
