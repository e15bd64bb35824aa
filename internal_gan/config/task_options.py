"""The options of each task, one group for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from internal_gan.config.fields import AUTO, one_of, option, path_option, seed_option

TRANSFORMS = ("homography", "trapezoid", "bend", "wave")
MASK_KINDS = ("box", "strokes")
VIDEO_FORMATS = ("webp", "gif", "mp4", "png")
ALL_SCALES = "all"
# Of one run: beyond these a number is a slip of the finger, and the run would fill the disk.
MOST_SAMPLES, MOST_RESULTS, MOST_SECONDS, MOST_ROUNDS = 1_000_000, 1000, 3600, 100


def _count() -> Any:
    """How many results to make, each in other details."""
    return option(1, f"a whole number from 1 to {MOST_RESULTS}", lambda v: 1 <= v <= MOST_RESULTS)


def _seconds(default: float) -> Any:
    return option(
        default,
        f"a number of seconds above 0, at most {MOST_SECONDS}",
        lambda v: 0 < v <= MOST_SECONDS,
    )


def _fps() -> Any:
    return option(24.0, "a number of frames a second, above 0, at most 120", lambda v: 0 < v <= 120)


def _pixels() -> Any:
    return option(None, "a number of pixels from 0 to 1000, or null", lambda v: 0 <= v <= 1000)


def _size(example: str) -> Any:
    return option(
        None,
        f"two whole numbers [height,width] in pixels, such as {example}, or null",
        lambda v: len(v) == 2 and min(v) >= 1,
    )


def _start_scale(least: int, which: str, other: str = AUTO, default: int | str = AUTO) -> Any:
    """The scale at which a drawing begins: a number, or a word in its place."""
    return option(
        default,
        f"a whole number, {least} ({which}) or more, or {other}",
        lambda v: v >= least if isinstance(v, int) else v == other,
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
class SampleOptions:
    """Which samples to write. ``size`` is (height, width) in pixels, null: the photo's own size;
    ``start_scale`` 0 is the coarsest, ``all``: so many from each; ``tileable`` x: the left and
    right borders meet, y: the top and bottom, true: all; ``seed`` null: the run's seed."""

    count: int = option(
        8, f"a whole number from 1 to {MOST_SAMPLES}", lambda v: 1 <= v <= MOST_SAMPLES
    )
    size: list[int] | None = _size("sample.size=[300,800]")
    start_scale: int | str = _start_scale(0, "the coarsest scale", ALL_SCALES, 0)
    tileable: bool | str = option(
        False, "true, false, x or y", lambda v: isinstance(v, bool) or v in ("x", "y")
    )
    seed: int | None = seed_option()


@dataclass
class PaintOptions:
    """Paint-to-image. ``quantize`` reduces painting and photo to ``colours`` of the photo and
    trains the start scale anew on that."""

    image: str | None = path_option("the name of one image file, the painting")
    start_scale: int | str = _start_scale(1, "next to the coarsest scale")
    quantize: bool = option(False, "true or false")
    colours: int = option(8, "a whole number from 2 to 256", lambda v: 2 <= v <= 256)
    count: int = _count()
    seed: int | None = seed_option()


@dataclass
class RedrawOptions:
    """Editing and harmonization: a photo of any size, and a mask of the same size."""

    image: str | None = path_option("the name of one image file, the photo with its changes")
    mask: str | None = path_option("the name of one image file, white where the photo may change")
    start_scale: int | str = _start_scale(1, "next to the coarsest scale")
    count: int = _count()
    seed: int | None = seed_option()


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
    start_scale: int | str = _start_scale(0, "the coarsest scale")
    seed: int | None = seed_option()


@dataclass
class MaskOptions:
    """How a task takes its mask, or task=mask makes one. Lengths are in pixels; null is the task's
    own default. ``file`` may also name a folder, of masks with the names of the photos."""

    file: str | None = path_option("the name of one image file or of a folder of them, or null")
    invert: bool = option(False, "true or false")
    dilate: float | None = _pixels()
    feather: float | None = _pixels()
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
    seed: int | None = seed_option()


@dataclass
class AnimateOptions:
    """How the photo moves, and the file that shows it.

    ``alpha``, ``beta`` and ``start_scale``: see
    :meth:`internal_gan.models.singan.animation.Animation.animate`. ``format`` png writes the
    frames alone. ``size`` is (height, width) in pixels, null: the photo's own; ``seed`` null: the
    run's seed.
    """

    seconds: float = _seconds(4.0)
    fps: float = _fps()
    format: str = one_of(VIDEO_FORMATS, "webp")
    loop: bool = option(False, "true or false")
    alpha: float = option(0.1, "a number above 0, at most 1", lambda v: 0 < v <= 1)
    beta: float = option(0.9, "a number from 0 to below 1", lambda v: 0 <= v < 1)
    start_scale: int = option(0, "a whole number, 0 (the coarsest scale) or more", lambda v: v >= 0)
    size: list[int] | None = _size("animate.size=[200,300]")
    seed: int | None = seed_option()


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
    fps: float = _fps()
    vote: bool | str = option(
        "auto", "true, false or auto", lambda v: isinstance(v, bool) or v == "auto"
    )
    compare: bool = option(True, "true or false")
    seed: int | None = seed_option()


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
    seed: int | None = seed_option()


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
