"""The options of the tasks, one group each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from internal_gan.config.fields import (
    AUTO,
    flag,
    number,
    one_of,
    option,
    path,
    seed,
    size,
    whole,
)
from internal_gan.units import ratio_of

TRANSFORMS = ("homography", "trapezoid", "bend", "wave")
MASK_KINDS = ("box", "strokes")
VIDEO_FORMATS = ("webp", "gif", "mp4", "png")
ALL_SCALES = "all"
_IMAGE = "the name of an image file, or null"
# Limits of one run: larger numbers are typing errors that would fill the disk.
MOST_SAMPLES, MOST_RESULTS, MOST_SECONDS, MOST_ROUNDS = 1_000_000, 1000, 3600, 100


def _count() -> Any:
    return whole(1, f"[1, {MOST_RESULTS}]", "how many results, with the seeds from seed on")


def _seconds(default: float, help: str) -> Any:
    return number(default, f"(0, {MOST_SECONDS}]", help, "of seconds")


def _fps(help: str) -> Any:
    return number(24.0, "(0, 120]", help, "of frames a second,")


def _start_scale(least: int, help: str, word: str = "") -> Any:
    """The scale to start at: a number or ``word``; ``auto`` is the default if allowed."""
    which = "next to the coarsest scale" if least else "the coarsest scale"
    return option(
        AUTO if word == AUTO else 0,
        help,
        f"a whole number, {least} ({which}) or more" + (f", or {word}" if word else ""),
        lambda v: v >= least if isinstance(v, int) else v == word,
    )


def _are_pairs(value: Any, allowed: Callable[[Any], bool], nulls: int = 0) -> bool:
    """Whether ``value`` is a pair, or a list of pairs, of allowed numbers and up to ``nulls``."""
    if not isinstance(value, list) or not value:
        return False
    if isinstance(value[0], list):
        return all(isinstance(v, list) and _are_pairs(v, allowed, nulls) for v in value)
    numbers = [n for n in value if n is not None]
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    return len(value) == 2 and len(numbers) >= 2 - nulls and plain and all(map(allowed, numbers))


def _are_shapes(value: Any) -> bool:
    """Whether ``value`` is a size in pixels, a name such as 16:9, or a list of such."""
    if isinstance(value, str):
        return ratio_of(value) is not None
    if not isinstance(value, list) or not value:
        return False
    if any(isinstance(v, list | str) for v in value):
        return all(isinstance(v, list | str) and _are_shapes(v) for v in value)
    return _are_pairs(value, lambda n: isinstance(n, int) and n >= 1, nulls=1)


@dataclass
class SampleOptions:
    """Which samples to draw: task=sample, and the end of a training of SinGAN."""

    count: int = whole(8, f"[1, {MOST_SAMPLES}]", "how many samples")
    size: list[int] | None = size("sample.size=[300,800]", "as finish.resolution says")
    start_scale: int | str = _start_scale(
        0,
        "0 varies everything; n keeps the layout of the scales below n; all: a row for each",
        ALL_SCALES,
    )
    tileable: bool | str = option(
        False,
        "pictures that repeat without a seam, or only x (sideways) or y",
        "true, false, x or y",
        lambda v: isinstance(v, bool) or v in ("x", "y"),
    )
    matching: int = whole(
        100,
        "[0, 10000]",
        "steps that bring the drawing's mix of patches nearer to the photo's; 0: none",
    )
    seed: int | None = seed()


@dataclass
class AnimateOptions:
    """How the photo moves, and the file that shows it."""

    seconds: float = _seconds(4.0, "length of the animation")
    fps: float = _fps("frames a second")
    format: str = one_of(
        VIDEO_FORMATS, "webp", "format of the file; mp4 needs internal-gan[video]; png: frames"
    )
    loop: bool = flag(False, "let the last frame lead to the first")
    alpha: float = number(0.1, "(0, 1]", "pull towards the photo; smaller strays farther")
    beta: float = number(0.9, "[0, 1)", "smoothness of the motion")
    start_scale: int = _start_scale(0, "0 moves everything; n only what the scales from n on draw")
    size: list[int] | None = size("animate.size=[200,300]", "as finish.resolution says")
    seed: int | None = seed()


@dataclass
class RetargetOptions:
    """The sizes and shapes to draw: task=retarget, and the end of a training of InGAN."""

    shape: Any = option(
        None,
        "the size of the result; a null keeps the photo's aspect, width:height keeps its area",
        "[height,width] in pixels, such as [300,800], of which one may be null, or width:height, "
        "such as 16:9, or a list of such",
        _are_shapes,
    )
    scale: Any = option(
        None,
        "the same as factors of the photo's sides",
        "two factors [height,width] above 0, such as [1.0,2.0], or a list of such",
        lambda v: _are_pairs(v, lambda n: 0 < n < inf),
    )
    zoom: int | float | str = option(
        AUTO,
        "how large things are over the photo's own pixels; auto: a size shows about as much",
        "a number above 0 and at most 1, or auto",
        lambda v: v == AUTO or (not isinstance(v, str) and 0 < v <= 1),
    )
    transform: str | None = one_of(TRANSFORMS, None, "another outline than a rectangle")
    amount: float = number(0.3, "(-1, 1)", "how much of a trapezoid, bend or wave")
    periods: float = number(2.0, "[0, 100]", "number of waves")
    corners: Any = option(
        None,
        "where a homography puts the corners; 0 to 1 is inside the frame",
        "four corners [row,column] from top left clockwise, as fractions of the frame, such as "
        "[[0.2,0],[0,1],[1,1],[0.8,0]]",
        lambda v: _are_pairs(v, lambda n: abs(n) < 100) and len(v) == 4,
    )
    mask: str | None = path("a mask whose white or opaque part is the outline", _IMAGE)
    image: str | None = path(
        "which photo of a model of several; null: the first",
        "the number or the name of one of the model's photos, or null",
    )
    protect: str | None = path(
        "a mask of the photo; what is white keeps its size and shape", _IMAGE
    )
    collage: bool = flag(False, "also a sheet of every height with every width of these sizes")
    video: str | None = one_of(
        VIDEO_FORMATS, None, "a video of the photo going through these sizes and back"
    )
    seconds: float = _seconds(6.0, "length of the video")
    fps: float = _fps("frames a second of the video")
    vote: bool | str = option(
        AUTO,
        "rebuild each scale from the photo's patches; auto: of detail=network where quick",
        "true, false or auto",
        lambda v: isinstance(v, bool) or v == AUTO,
    )
    compare: bool = flag(True, "also show plain resizing and seam carving")
    seed: int | None = seed()


@dataclass
class PaintOptions:
    """Paint-to-image: a painting becomes a photo."""

    image: str | None = path(
        "what to make a photo of, in any size", "the name of one image file, the painting"
    )
    start_scale: int | str = _start_scale(
        1, "1 keeps rough shapes alone; the more, the closer to the painting", AUTO
    )
    quantize: bool = flag(
        False, "reduce painting and photo to a few colours, train that scale anew"
    )
    colours: int = whole(8, "[2, 256]", "how many colours")
    count: int = _count()
    seed: int | None = seed()


@dataclass
class RedrawOptions:
    """A changed photo, of any size, and a mask of what was changed."""

    image: str | None = path(
        "what to make whole, in any size", "the name of one image file, the photo with its changes"
    )
    mask: str | None = path(
        "what was changed, of the photo's size; null: all of it, but not for harmonize",
        "the name of one image file, white where the photo may change",
    )
    start_scale: int | str = _start_scale(1, "the more, the closer to the changed photo", AUTO)
    count: int = _count()
    seed: int | None = seed()


@dataclass
class HarmonizeOptions(RedrawOptions):
    """A photo with an object pasted into it, of any size, and a mask of the object."""

    match: bool = flag(True, "give the object the photo's mean colour and contrast first")


@dataclass
class MakeTileableOptions:
    """How to make a photo repeat."""

    image: str | None = path(
        "null: the photo that was learnt", "the name of one image file, or null"
    )
    axes: str = one_of(("both", "x", "y"), "both", "x: the left and right borders meet")
    band: float = option(
        0.15,
        "how far from a border pixels may change",
        "a number above 0: up to 0.5, a fraction of the side, or 1 and more, pixels",
        lambda v: 0 < v <= 0.5 or 1 <= v < inf,
    )
    start_scale: int | str = _start_scale(
        0, "the more, the closer to the photo's own borders", AUTO
    )
    seed: int | None = seed()


@dataclass
class MaskOptions:
    """How inpaint, edit and harmonize take their masks, and what task=mask makes."""

    file: str | None = path(
        "white where the hole is; a folder has masks named as the photos; mask=FILE for short",
        "the name of one image file or of a folder of them, or null",
    )
    invert: bool = flag(False, "black, not white, is what may change")
    dilate: float | None = number(
        None, "[0, 1000]", "grow it by a disk of this radius; null: the task's own", "of pixels"
    )
    feather: float | None = number(
        None, "[0, 1000]", "blur its edge by this sigma; null: the task's own", "of pixels"
    )
    kind: str = one_of(MASK_KINDS, "strokes", "shape of the holes that task=mask makes")
    ratio: float = number(0.3, "(0, 1)", "share of the photo that they cover")


@dataclass
class InpaintOptions:
    """What fills a hole: task=inpaint, and the end of a training of EdgeConnect."""

    box: list[int] | None = option(
        None,
        "the hole, instead of a mask",
        "four whole numbers [top,left,height,width] in pixels, such as [20,30,40,50], or null",
        lambda v: len(v) == 4 and min(v[:2]) >= 0 and min(v[2:]) >= 1,
    )
    edges: str | None = path(
        "the edges inside the hole, of the photo's size; edges=FILE for short",
        "the name of one image file, white lines on black, or null",
    )
    source: str | None = path(
        "where the model may learn and take patches; null: all but the hole",
        "the name of one image file, white where to learn, or null",
    )
    count: int = _count()
    compare: bool = flag(True, "also show a classical method; needs internal-gan[inpainting]")
    seed: int | None = seed()


@dataclass
class SuperResolutionOptions:
    """How to enlarge a photo."""

    factor: float = option(
        4.0, "how much larger", "a number above 1, such as 4 or 2.5", lambda v: 1 < v < inf
    )
    noise: float = number(1.0, "[0, inf)", "noise in every pass, times the training's")
    back_projection: int = whole(
        1, f"[0, {MOST_ROUNDS}]", "how often each pass is compared with the photo"
    )
    passes: int | None = whole(
        None, f"[1, {MOST_ROUNDS}]", "steps of enlarging; null: what suits factor and model"
    )
    seed: int | None = seed()


@dataclass
class ExportOptions:
    """A trained network as one file that works without this package."""

    format: str = one_of(
        ("onnx", "torch"), "onnx", "onnx: for ONNX Runtime and others; torch: for torch alone"
    )
    start_scale: int = whole(
        0, "[0, inf)", "SinGAN: first scale that draws; from 1 on the file takes an image, too"
    )
    size: list[int] | None = size(
        "export.size=[300,800]",
        "the photo's as learnt; only InGAN's paper form has one size, others take any later",
    )


@dataclass
class EvaluateOptions:
    """What to judge, of checkpoint=RUN or of files, and how closely."""

    real: str | None = path("the photo that was learnt", "the name of one image file, the photo")
    samples: str | None = path(
        "the pictures that were drawn", "the name of an image file or of a folder of them"
    )
    mask: str | None = path(
        "where pictures of the photo's size are compared with it",
        "the name of one image file, white where to compare, or null",
    )
    patches: list[int] = option(
        lambda: [7],
        "sides of the patches",
        "a list of whole numbers of pixels from 3 to 31, such as [7,11]",
        lambda v: v != [] and all(3 <= side <= 31 for side in v) and len(set(v)) == len(v),
    )
    exact: bool = flag(False, "compare all patches rather than a fixed random choice; slower")
    maps: int = whole(4, "[0, inf)", "how many samples get maps of where their patches are from")
    inception: str | None = path(
        "weights for SIFID: torch-fidelity's or torchvision's file",
        "the name of a file of Inception v3's weights, or null",
    )
    c2st: bool = flag(False, "whether a classifier tells samples by texture; internal-gan[c2st]")
