"""What needs no training: pictures made of a photo alone, figures and checks of any pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any

from internal_gan.api.methods import Patches
from internal_gan.api.model import Given, picture_of, results, source_of
from internal_gan.api.signatures import ONE, describe, takes
from internal_gan.errors import UserError
from internal_gan.finishing.plans import importance_of
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.images.masks import to_gray
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize
from internal_gan.judging.evaluate import Evaluation
from internal_gan.judging.verify import Verification
from internal_gan.judging.verify import verify as verify_picture
from internal_gan.tasks.recorder import enough_memory


def _of_photo(method: Callable[..., Any], *, whole: bool = False) -> Callable[..., Any]:
    """A method of :class:`Patches` as a function, whose first argument is the photo; ``whole`` if
    it changes the photo itself, with its frame."""

    def function(photo: Given, /, *arguments: Any, keep_frame: bool = whole, **how: Any) -> Any:
        return method(Patches(photo, keep_frame=keep_frame), *arguments, **how)

    function.__name__ = function.__qualname__ = method.__name__
    function.__doc__ = method.__doc__
    photo, _, keep_frame, _ = signature(function).parameters.values()
    shown = signature(method)
    _, *others = shown.parameters.values()
    describe(function, [photo, *others, keep_frame], shown.return_annotation)
    return function


sample = _of_photo(Patches.sample)
retarget = _of_photo(Patches.retarget)
paint = _of_photo(Patches.paint)
edit = _of_photo(Patches.edit)
harmonize = _of_photo(Patches.harmonize)
animate = _of_photo(Patches.animate)
super_resolve = _of_photo(Patches.super_resolve, whole=True)


@takes("fill", ONE, like=Patches.fill)
def fill(photo: Given, mask: Given | None = None, **how: Any) -> Any:
    """Fill a hole in a photo, by default its transparent part; see :meth:`Patches.fill`.

    Args:
        photo: as given to :func:`internal_gan.fit`.
    """
    return Patches(photo, keep_frame=True).fill(mask=mask, **how)


@takes(returns=ONE)
def importance(photo: Given, *, output_type: str = "pil") -> Any:
    """What matters in a photo, as a gray picture of its size, white most.

    It decides what :func:`retarget` keeps. Changed, it can be given back as ``importance``.

    Raises:
        UserError: the photo cannot be read, or ``output_type`` is unknown.
    """
    check_output_type(output_type)
    given = source_of("sample", {"photo": photo}).photo()  # without a frame
    inside = resize(importance_of(given), given.size).clamp(0, 1)
    found = to_gray(given.frame.padded(inside, 0.0) if given.frame else inside)
    return to_memory(found.colours, output_type, found)


@takes("make_tileable", ONE)
def make_tileable(photo: Given, *, keep_frame: bool = False, **how: Any) -> Any:
    """Make a photo repeat without a seam, as task=make_tileable does.

    Args:
        seed: 0 for what fits best; others draw another.

    Returns:
        A picture of the photo's size; away from the borders it equals the photo, bit for bit.
        Borders that meet already stay as they are.
    """
    return next(results("make_tileable", {"photo": photo, "keep_frame": keep_frame, **how}))


@takes("extend", ONE)
def extend(photo: Given, *, keep_frame: bool = False, **how: Any) -> Any:
    """Add canvas around a photo, filled with the photo's own patches, as task=extend does; every
    pixel of the photo is kept, bit for bit.

    >>> from PIL import Image
    >>> extend(Image.radial_gradient("L").resize((48, 40)), margins=(0, 8, 0, 8)).size
    (64, 40)

    Args:
        margins: (top, right, bottom, left), each in pixels or, such as ``"10%"``, of the side.
        shape: (height, width) in pixels, or width to height such as ``"16:9"``.
        seed: 0 for the filling that fits best; others draw another.
    """
    return next(results("extend", {"photo": photo, "keep_frame": keep_frame, **how}))


@takes()
def evaluate(
    photo: Given,
    samples: str | PathLike[str] | Sequence[Given],
    *,
    mask: Given | None = None,
    inception: str | PathLike[str] | None = None,
    **how: Any,
) -> dict[str, Any]:
    """Compare pictures with a photo by figures, as task=evaluate does.

    Args:
        samples: the pictures, or the name of a file or a folder of them.
        mask: where to compare pixel by pixel, in white; of the photo's size, as all samples.
        inception: as ``evaluate.inception``.

    Returns:
        What the task writes into ``evaluation.json``: ``samples`` is a list with the ``figures`` of
        each picture, ``groups`` has their means, and ``meaning`` says what they mean.

    Raises:
        UserError: a file cannot be read, pictures are missing or too small, or an option is wrong.
    """
    how |= {"mask": mask, "inception": inception}
    pictures = list[Path | Photo]()
    if isinstance(samples, str | PathLike):
        how["samples"] = samples
    else:
        pictures += [picture_of(one, "an image") for one in samples]
        if not pictures:
            raise UserError("samples: there is no picture; at least one is needed")
    source = source_of("evaluate", {"photo": photo, **how})
    with enough_memory("samples"):
        evaluation = Evaluation(source.options.evaluate, source)
        for _ in evaluation.judge(evaluation.read(source, pictures)):
            pass
        return evaluation.record()


def verify(
    picture: Given, photo: Given, *, origin: str | PathLike[str] | None = None
) -> Verification:
    """Check every pixel of a result against the photo it is made from, as task=verify does.

    Args:
        picture: the result, of 8 or 16 bits, as methods of :class:`Model` take it.
        photo: the photo that was given to the training.
        origin: the file ``NAME.origin.png``, by default the one next to the picture's file.

    Returns:
        The shares of pixels that are exact copies or blended, whether the claim ``holds``, and a
        ``map`` (1, 3, h, w) in [-1, 1].

    Raises:
        UserError: a picture or its origin is missing or cannot be read, or sizes do not match.
    """
    file = None if origin is None else Path(origin)
    return verify_picture(picture_of(picture, "picture"), picture_of(photo, "photo"), file)
