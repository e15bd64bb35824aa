"""What needs no training: pictures made of a photo alone, figures and checks of any pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Unpack

from internal_gan.api.keywords import (
    Animating,
    Editing,
    Enlarging,
    Filling,
    Given,
    Harmonizing,
    OutputType,
    Painting,
    Sampling,
    name_of,
    source_of,
)
from internal_gan.api.methods import Patches
from internal_gan.api.model import results
from internal_gan.images.files.memory import to_photo
from internal_gan.images.photo import Photo
from internal_gan.judging.compare import Row
from internal_gan.judging.compare import compare as compare_runs
from internal_gan.judging.evaluate import evaluate as evaluate_pictures
from internal_gan.judging.verify import Verification
from internal_gan.judging.verify import verify as verify_picture
from internal_gan.tasks.reporting import enough_memory
from internal_gan.units import Size


def sample(photo: Given, count: int = 1, **how: Unpack[Sampling]) -> Any:
    """Draw random pictures of a photo's patches; see :meth:`Patches.sample`."""
    return Patches(photo).sample(count, **how)


def retarget(
    photo: Given, size: tuple[int | None, int | None] | str | None = None, **how: Any
) -> Any:
    """Draw a photo in another size or shape; see :meth:`Patches.retarget`."""
    return Patches(photo).retarget(size, **how)


def fill(photo: Given, mask: Given | None = None, **how: Unpack[Filling]) -> Any:
    """Fill a hole in a photo, by default its transparent part; see :meth:`Patches.fill`."""
    return Patches(photo).fill(mask=mask, **how)


def paint(photo: Given, image: Given, **how: Unpack[Painting]) -> Any:
    """Turn a painting into a photo like a given one; see :meth:`Patches.paint`."""
    return Patches(photo).paint(image, **how)


def edit(photo: Given, image: Given, mask: Given | None = None, **how: Unpack[Editing]) -> Any:
    """Blend a changed photo; see :meth:`Patches.edit`."""
    return Patches(photo).edit(image, mask, **how)


def harmonize(photo: Given, image: Given, mask: Given, **how: Unpack[Harmonizing]) -> Any:
    """Give an object pasted into a photo the photo's look; see :meth:`Patches.harmonize`."""
    return Patches(photo).harmonize(image, mask, **how)


def animate(photo: Given, seconds: float | None = None, **how: Unpack[Animating]) -> Iterator[Any]:
    """Show a photo in motion, frame by frame; see :meth:`Patches.animate`."""
    return Patches(photo).animate(seconds, **how)


def super_resolve(photo: Given, **how: Unpack[Enlarging]) -> Any:
    """Enlarge a photo; see :meth:`Patches.super_resolve`."""
    return Patches(photo).super_resolve(**how)


def make_tileable(
    photo: Given,
    *,
    axes: Literal["both", "x", "y"] | None = None,
    band: float | None = None,
    size: int | None = None,
    seed: int | None = None,
    output_type: OutputType = "pil",
) -> Any:
    """Make a photo repeat without a seam, without training, as task=make_tileable does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        axes: which borders meet: ``both``, ``x`` (left and right) or ``y`` (top and bottom).
        band: how far from a border pixels may change: up to 0.5 as a fraction of the side, from 1
            on in pixels.
        size: side of a square tile from the photo's middle, in pixels; None: the photo's size.
        seed: 0 for the band that fits best; others draw another.
        output_type: see :class:`Model`.

    Returns:
        A picture of the photo's size; beyond the band it equals the photo, bit for bit. Borders
        that meet already stay as they are.

    Raises:
        UserError: the photo cannot be read, or an argument is not allowed.
    """
    given = {"photo": photo, "axes": axes, "band": band, "size": size, "seed": seed}
    return next(results("make_tileable", given | {"output_type": output_type}))


def extend(
    photo: Given,
    *,
    margins: Sequence[int | str] | None = None,
    shape: Size | str | None = None,
    anchor: str | None = None,
    avoid: Given | None = None,
    seed: int | None = None,
    output_type: OutputType = "pil",
) -> Any:
    """Add canvas around a photo, filled with the photo's own patches, as task=extend does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        margins: (top, right, bottom, left), each in pixels or, such as ``"10%"``, of the side.
        shape: (height, width) in pixels, or width to height such as ``"16:9"``.
        anchor: where the photo lies in that shape: ``centre``, ``top``, ``bottom_left`` and so on.
        avoid: a mask of the photo's size, white where no pixel may be taken from.
        seed: 0 for the filling that fits best; others draw another.
        output_type: see :class:`Model`.

    Returns:
        A picture in which every pixel of the photo is kept, bit for bit.

    Raises:
        UserError: the photo cannot be read, or an argument is not allowed.
    """
    given: dict[str, Any] = {"margins": margins, "shape": shape, "anchor": anchor}
    given |= {"photo": photo, "avoid": avoid, "seed": seed, "output_type": output_type}
    return next(results("extend", given))


def evaluate(
    photo: Given,
    samples: str | PathLike[str] | Sequence[Given],
    *,
    mask: Given | None = None,
    patches: Sequence[int] = (7,),
    inception: str | PathLike[str] | None = None,
) -> dict[str, Any]:
    """Compare pictures with a photo by figures, as task=evaluate does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        samples: the pictures, or the name of a file or a folder of them.
        mask: where to compare pixel by pixel, in white; of the photo's size, as all samples.
        patches, inception: as ``evaluate.patches`` and ``evaluate.inception``.

    Returns:
        What the task writes into ``evaluation.json``: ``samples`` is a list with the ``figures`` of
        each picture, ``groups`` has their means, and ``meaning`` says what they mean.

    Raises:
        UserError: a picture or weights cannot be read, pictures are too small for the patches, or
            an argument is not allowed.
    """
    wanted: dict[str, Any] = {"photo": photo, "mask": mask, "inception": inception}
    wanted["patches"] = list(patches)
    given = list[Given]()
    if isinstance(samples, str | PathLike):
        wanted["samples"] = samples
    else:
        given += samples
    source = source_of("evaluate", wanted)
    pictures = [_picture(one, "an image") for one in given]
    with enough_memory("samples"):
        return evaluate_pictures(source, pictures)


def compare(runs: str | PathLike[str]) -> list[Row]:
    """Compare the runs of a folder, as task=compare does.

    Args:
        runs: the folder of a multirun, or another folder of run folders.

    Returns:
        A row for each run with its name (``job``), the options that differ, its ``state``, its
        ``seconds`` and the figures of its first pictures; None where something is unknown.

    Raises:
        UserError: the folder is missing, or has no runs.
    """
    return compare_runs(Path(runs))


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
        UserError: a picture or the origin cannot be read, their sizes do not match, or a picture in
            memory is given without its origin.
    """
    file = None if origin is None else Path(origin)
    return verify_picture(_picture(picture, "picture"), _picture(photo, "photo"), file)


def _picture(given: Given, name: str) -> Path | Photo:
    """A picture's file or, in memory, its pixels."""
    file = name_of(given)
    return to_photo(given, name) if file is None else Path(file)  # type: ignore[arg-type]
