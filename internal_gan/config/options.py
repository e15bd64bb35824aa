"""All options of a run, with their defaults, help and bounds, except the model's own, which are in
``conf/model``. Hydra composes from these dataclasses, and ``docs/options.md`` lists them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from internal_gan.config.catalogue import SPECS, family_of
from internal_gan.config.fields import (
    AUTO,
    LARGEST_SEED,
    as_trained,
    fields_of,
    flag,
    group,
    number,
    one_of,
    option,
    path,
    size,
    whole,
)
from internal_gan.errors import Range
from internal_gan.type_hints import fits
from internal_gan.units import parse_duration, ratio_of

# Shares of the new rows above a photo on a larger canvas, and of the new columns left of it.
ANCHORS = {
    "centre": (0.5, 0.5),
    "top": (0.0, 0.5),
    "bottom": (1.0, 0.5),
    "left": (0.5, 0.0),
    "right": (0.5, 1.0),
    "top_left": (0.0, 0.0),
    "top_right": (0.0, 1.0),
    "bottom_left": (1.0, 0.0),
    "bottom_right": (1.0, 1.0),
}
FITTING = ", and the result of seed 0 is not random"
AVOID = "mask of the photo's size, white where no pixel may be taken from"
PERCENT = re.compile(r"\d{1,6}(\.\d+)?%")
VIDEO_FORMATS = ("webp", "gif", "mp4", "png")
# Limits of one run: larger numbers are typing errors and would fill the disk.
MAX_SAMPLES = 1_000_000
MAX_RESULTS = 1000  # of other tasks that may be asked for several
MAX_SECONDS = 3600  # of a film


def _result_count(more: str = "") -> Any:
    return whole(1, Range(1, MAX_RESULTS), f"number of results; their seeds are consecutive{more}")


def _start_scale(least: int, help: str) -> Any:
    which = "the second-coarsest scale" if least else "the coarsest scale"
    return option(
        AUTO,
        help,
        f"a whole number, {least} ({which}) or more, or {AUTO}",
        lambda v: v >= least if isinstance(v, int) else v == AUTO,
        hint="int | Literal['auto']",
    )


def _are_corners(value: Any) -> bool:
    plain = fits(value, list[tuple[float, float]]) and len(value) == 4
    return plain and all(abs(side) < 100 for corner in value for side in corner)


def _is_shape(value: Any, side: Callable[[Any], bool]) -> bool:
    """Whether ``value`` is a ratio such as 16:9, or two sides."""
    if isinstance(value, str):
        return ratio_of(value) is not None
    return isinstance(value, list) and len(value) == 2 and all(map(side, value))


def _length(side: Any) -> float:
    """Of a side in pixels or in per cent; negative if it is neither."""
    if isinstance(side, str):
        return float(side[:-1]) if PERCENT.fullmatch(side) else -1
    return side if type(side) is int else -1


def _is_target(value: Any) -> bool:
    """Whether ``value`` is one shape of ``retarget.shape``."""
    return value != [None, None] and _is_shape(value, lambda v: v is None or _length(v) > 0)


def shapes_in(value: Any) -> list[Any]:
    """The shapes that ``retarget.shape`` lists, or the only one.

    >>> shapes_in(["100%", None]), shapes_in(["16:9", [300, 800]]), shapes_in(None)
    ([['100%', None]], ['16:9', [300, 800]], [])
    """
    if value is None:
        return []
    return value if isinstance(value, list) and not _is_target(value) else [value]


@dataclass
class SampleOptions:
    """Samples drawn by task=sample, and at the end of SinGAN's training."""

    count: int = whole(4, Range(1, MAX_SAMPLES), "number of samples")
    size: list[int] | None = size("sample.size=[300,800]")
    start_scale: int = whole(
        0, Range(0), "0 (the coarsest) varies everything, higher keeps more of the layout"
    )
    tileable: bool | str = option(
        False,
        "samples that repeat without a seam; x: only left to right, y: only top to bottom",
        "true, false, x or y",
        lambda v: isinstance(v, bool) or v in ("x", "y"),
        hint="bool | Literal['x', 'y']",
    )
    candidates: int | None = as_trained(
        4,
        whole(None, Range(1, 1000), "SinGAN: layouts per sample; the best is kept; more vary less"),
    )


@dataclass
class AnimateOptions:
    """The motion of the photo, and the file format."""

    seconds: float = number(
        4.0, Range(above=0, high=MAX_SECONDS), "length of the animation in seconds", "of seconds"
    )
    fps: float = number(
        24.0,
        Range(above=0, high=120),
        "frames per second; the motion is the same at any rate",
        "of frames per second,",
    )
    format: str = one_of(
        VIDEO_FORMATS, "webp", "file format; png: one file per frame; mp4 needs internal-gan[video]"
    )
    loop: bool = flag(
        False,
        "make the last frame of SinGAN's film lead to the first; films by patches always loop",
    )
    alpha: float = number(
        0.1,
        Range(above=0, high=1),
        "pull towards the photo; smaller lets the motion stray farther, 1 stands still",
    )
    start_scale: int | str = _start_scale(
        0,
        "coarsest scale that moves; 0: everything, higher scales: little; auto: all, but a large "
        "thing stays",
    )
    size: list[int] | None = size("animate.size=[200,300]")
    mask: str | None = path("mask of the photo's size; only what is white moves")


@dataclass
class RetargetOptions:
    """Sizes and shapes drawn by task=retarget, and at the end of InGAN's training."""

    shape: Any = option(
        None,
        "size or format of the result; a null side keeps the photo's aspect ratio; null: examples",
        "[height,width] in pixels or in per cent of the photo's side, such as [300,800], "
        "[300,null] or [100%,200%], or width:height, such as 16:9, or a list of these",
        lambda v: v != [] and all(map(_is_target, shapes_in(v))),
        hint="Sequence[int | str | None] | str",
    )
    corners: Any = option(
        None,
        "where a homography moves the corners; 0 to 1 is inside the frame; null: a rectangle",
        "four corners [row,column] from top left clockwise, as fractions of the frame, such as "
        "[[0.2,0],[0,1],[1,1],[0.8,0]]",
        _are_corners,
        hint="Sequence[Sequence[float]]",
    )
    mask: str | None = path("image whose white or opaque part is the outline")
    protect: str | None = path("mask of the photo; its white parts keep their size and shape")
    importance: str | None = path(
        "gray picture of the photo's size, white where it matters most; null: what is found"
    )


@dataclass
class PaintOptions:
    """Paint-to-image: turn a painting into a photo."""

    image: str | None = path("painting to turn into a photo, of any size")
    start_scale: int | str = _start_scale(
        1,
        "1 keeps only rough shapes, higher stays closer to the painting; auto: the task's default",
    )
    count: int = _result_count()


@dataclass
class EditOptions:
    """A changed photo, for edit and harmonize; mask= is what may change in it, or the object."""

    image: str | None = path("changed photo, of any size")
    start_scale: int | str = _start_scale(
        1, "higher stays closer to the changed photo; auto: the task's default"
    )
    count: int = _result_count()


@dataclass
class HarmonizeOptions:
    """How a pasted object gets the photo's look."""

    match: bool | None = as_trained(
        True, flag(None, "first give the object the photo's mean colour, and at most its contrast")
    )


@dataclass
class MakeTileableOptions:
    """How to make a photo repeat without a seam."""

    axes: str = one_of(
        ("both", "x", "y"), "both", "borders to join; x: left and right, y: top and bottom"
    )


@dataclass
class SuperResolutionOptions:
    """How to enlarge a photo."""

    factor: float = number(4.0, Range(above=1), "factor of height and width, such as 4 or 2.5")
    detail: float | None = number(
        None, Range(0, 1), "patches: 0 is most like the original, 1 is sharpest; null is 0.3"
    )


@dataclass
class EvaluateOptions:
    """Which pictures to compare with the photo, a model's or others."""

    samples: str | None = path(
        "pictures to compare with the photo in place of a model's",
        "the name of an image file or of a folder of them",
    )
    mask: str | None = path(
        "where to compare images of the photo's size with it pixel by pixel",
        "the name of one image file, white where to compare, or null",
    )
    inception: str | None = path(
        "Inception weights for SIFID, from torch-fidelity or torchvision",
        "the name of a file of Inception v3's weights, or null",
    )


@dataclass
class MaskOptions:
    """What may change: the hole to fill, or the part of edit.image that was changed."""

    file: str | None = path(
        "mask of the picture's size, white in the hole or in what was changed, or a folder of "
        "masks named like the photos; short: mask=FILE",
        "the name of one image file or of a folder of them, or null",
    )
    box: list[int] | None = option(
        None,
        "hole as a rectangle, instead of a mask",
        "four whole numbers [top,left,height,width] in pixels, such as [20,30,40,50], or null",
        lambda v: len(v) == 4 and min(v[:2]) >= 0 and min(v[2:]) >= 1,
    )
    dilate: float | None = number(
        None,
        Range(0, 1000),
        "grow the mask by a disk of this radius, for fill in the photo's pixels; null: the "
        "task's default",
        "of pixels",
    )


@dataclass
class FillOptions:
    """A hole filled, by default the photo's transparent part; also ends EdgeConnect's training."""

    edges: str | None = path(
        "drawing of the edges in the hole, of the photo's size; null: none, or the model's; "
        "short: edges=FILE",
        "the name of one image file, white lines on black, or null",
    )
    avoid: str | None = path(f"{AVOID} or learnt")
    count: int = _result_count(FITTING)


@dataclass
class FinishOptions:
    """Whether results are made of the photo's pixels, and at which resolution."""

    detail: str | None = as_trained(
        "patches",
        one_of(
            ("patches", "network"),
            None,
            "patches: made of the photo's own pixels; network: the network's output",
        ),
    )
    resolution: int | str | None = as_trained(
        AUTO,
        option(
            None,
            "long side of the photo in results made of patches",
            "auto (the photo's own up to 2048, in films up to 1024, or what fits the requested "
            "size; in another format the photo's own), photo (the photo's own), model (that of the "
            "training), a number of pixels from 16 to 100000, or null",
            lambda v: 16 <= v <= 100_000 if isinstance(v, int) else v in (AUTO, "photo", "model"),
            hint="int | Literal['auto', 'photo', 'model']",
        ),
    )


@dataclass
class ExtendOptions:
    """New canvas around a photo, filled with the photo's own patches."""

    margins: Any = option(
        None,
        "new pixels on each side, at most twice the photo's side",
        "[top,right,bottom,left], in pixels or in per cent of the photo's side, such as "
        "[0,10%,0,10%], or null",
        lambda v: isinstance(v, list) and len(v) == 4 and min(map(_length, v)) >= 0,
        hint="Sequence[int | str]",
    )
    shape: Any = option(
        None,
        "size of the result, or its aspect ratio, reached with as little new canvas as possible",
        "[height,width] in pixels, such as [3000,4000], or width:height, such as 16:9, or null",
        lambda v: _is_shape(v, lambda side: type(side) is int and side > 0),
        hint="Sequence[int] | str",
    )
    anchor: str = one_of(tuple(ANCHORS), "centre", "where the photo lies in that shape")
    avoid: str | None = path(AVOID)
    count: int = _result_count(FITTING)


@dataclass
class LayersOptions:
    """Images that are rearranged together with the photo's pixels."""

    files: Any = path(
        "layers of the photo's size, such as a mask or normals, or folders of layers named like "
        "the photos; short: layers=[a.png,b.png]",
        "the name of one image file or folder, or several such as [a.png,b.png], or null",
    )


@dataclass
class VerifyOptions:
    """What task=verify checks the picture in image= and its NAME.origin.png against."""

    photo: str | None = path("photo that the picture was made from")


@dataclass
class TrainerOptions:
    """How long and how carefully to train, for any family."""

    time: str | None = option(
        None,
        "time budget for the whole training; null: the model's own schedule",
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
    threads: int | str | None = option(
        None,
        "CPU threads; null: OMP_NUM_THREADS, or else by the cores and the model's size; auto: "
        "timed at the start, so that models may vary with the machine's load",
        "a whole number, 1 or more, auto or null",
        lambda v: v >= 1 if type(v) is int else v == AUTO,
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
    finish: FinishOptions = group(FinishOptions, "finish.resolution=photo")
    layers: LayersOptions = group(
        LayersOptions,
        "layers.files=[mask.png]",
        "the names of image files, such as [mask.png], or its own options",
    )
    sample: SampleOptions = group(SampleOptions, "sample.count=16")
    animate: AnimateOptions = group(AnimateOptions, "animate.seconds=4")
    retarget: RetargetOptions = group(RetargetOptions, "retarget.shape=[300,800]")
    paint: PaintOptions = group(PaintOptions, "paint.start_scale=2")
    edit: EditOptions = group(EditOptions, "edit.start_scale=2")
    harmonize: HarmonizeOptions = group(HarmonizeOptions, "harmonize.match=false")
    make_tileable: MakeTileableOptions = group(MakeTileableOptions, "make_tileable.axes=x")
    mask: MaskOptions = group(
        MaskOptions, "mask.dilate=4", "the name of an image file, or its own options"
    )
    super_resolution: SuperResolutionOptions = group(
        SuperResolutionOptions, "super_resolution.factor=4"
    )
    evaluate: EvaluateOptions = group(EvaluateOptions, "evaluate.samples=FOLDER")
    fill: FillOptions = group(FillOptions, "fill.count=3")
    extend: ExtendOptions = group(ExtendOptions, "extend.shape=16:9")
    verify: VerifyOptions = group(VerifyOptions, "verify.photo=photo.jpg")

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
FREE = {"output", "skip_finished", "device", "resume", "confirm", "marks"}
# Options that name files and folders. The last belongs to a model and has no field.
PATHS = (
    *(name for name, field in FIELDS.items() if field.metadata["is_path"]),
    "model.features.weights",
)


def taken_by(task: str) -> set[str]:
    """The options in groups that a task takes, and the seed if it draws anything at random."""
    allowed = {name for name in FIELDS if SPECS[task].allows(name)}
    return {name for name in allowed if "." in name or name == "seed"}
