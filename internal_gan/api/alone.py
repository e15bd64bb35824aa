"""What needs no model: pictures made of a photo alone, and figures of any pictures and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import torch

from internal_gan.api.pictures import Given, in_memory, name_of, source_of
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.tasks.base import Context, Picture
from internal_gan.tasks.compare import figures_of, records_of, rows_of
from internal_gan.tasks.evaluate import Evaluate
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.runner import task_of
from internal_gan.units import Size


def preview(
    photo: Given,
    count: int = 3,
    *,
    mask: Given | None = None,
    size: Size | None = None,
    freedom: float = 0.3,
    seed: int = 0,
    resolution: int | str | None = None,
    output_type: str = "pil",
) -> Any:
    """Draw pictures made of a photo's patches, without training, as task=preview does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        mask: of the photo's size; its white part is filled instead of drawing variations.
        size: (height, width) of the pictures, by default the photo's at ``resolution``.
        freedom: how far their layout departs from the photo's, 0 to 1.
        resolution: as ``finish.resolution``.
        output_type: see :class:`Model`.

    Returns:
        A list of pictures, or with ``pt`` a tensor.

    Raises:
        UserError: the photo cannot be read, or an argument is not allowed.
    """
    wanted = {"count": count, "size": size, "freedom": freedom, "seed": seed}
    options: dict[str, Any] = {f"preview.{name}": value for name, value in wanted.items()}
    options["finish.resolution"] = resolution
    found = _drawn("preview", photo, options, {"mask.file": mask}, output_type)
    return torch.cat(found) if output_type == "pt" else found


def make_tileable(
    photo: Given,
    *,
    axes: str = "both",
    band: float = 0.15,
    seed: int | None = None,
    output_type: str = "pil",
) -> Any:
    """Make a photo repeat without a seam, without training, as task=make_tileable does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        axes: which borders meet: ``both``, ``x`` (left and right) or ``y`` (top and bottom).
        band: how far from a border pixels may change: up to 0.5 as a fraction of the side, from 1
            on in pixels.
        seed: of another band than the one that fits best.
        output_type: see :class:`Model`.

    Returns:
        A picture of the photo's size; beyond the band it equals the photo, bit for bit.

    Raises:
        UserError: the photo cannot be read, or an argument is not allowed.
    """
    wanted = {"axes": axes, "band": band, "seed": seed}
    options = {f"make_tileable.{name}": value for name, value in wanted.items()}
    return _drawn("make_tileable", photo, options, {}, output_type)[0]


def random_mask(
    photo: Given,
    *,
    kind: str = "strokes",
    ratio: float = 0.3,
    seed: int = 0,
    output_type: str = "pil",
) -> Any:
    """Draw a random hole for a photo, to try filling it, as task=mask does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        kind: ``strokes`` or ``box``.
        ratio: the fraction of the photo that it covers, above 0 and below 1.
        output_type: see :class:`Model`.

    Returns:
        A picture of the photo's size, white in the hole and black elsewhere.

    Raises:
        UserError: the photo cannot be read, or an argument is not allowed.
    """
    options = {"mask.kind": kind, "mask.ratio": ratio, "seed": seed}
    return _drawn("mask", photo, options, {}, output_type)[0]


def evaluate(
    photo: Given,
    samples: str | PathLike[str] | Sequence[Given],
    *,
    mask: Given | None = None,
    patches: Sequence[int] = (7,),
    exact: bool = False,
    inception: str | PathLike[str] | None = None,
    perceptual: bool = False,
) -> dict[str, Any]:
    """Compare pictures with a photo by figures, as task=evaluate does.

    Args:
        photo: as given to :func:`internal_gan.fit`.
        samples: the pictures, or the name of a file or a folder of them.
        mask: where to compare pixel by pixel, in white; of the photo's size, as all samples.
        patches, exact, inception, perceptual: as ``evaluate.patches`` and so on.

    Returns:
        What the task writes into ``evaluation.json``: ``samples`` is a list with the ``figures`` of
        each picture, ``groups`` has their means, and ``meaning`` says what they mean.

    Raises:
        UserError: a picture or weights cannot be read, pictures are too small for the patches, or
            an argument is not allowed.
    """
    wanted = {"patches": list(patches), "exact": exact, "perceptual": perceptual, "maps": 0}
    options = {"task": "evaluate", **{f"evaluate.{name}": it for name, it in wanted.items()}}
    options["evaluate.inception"] = None if inception is None else fspath(inception)
    given = list[Given]()
    if isinstance(samples, str | PathLike):
        options["evaluate.samples"] = fspath(samples)
    else:
        given += samples
    source = source_of(options, {"image": photo, "evaluate.mask": mask})
    task = Evaluate("evaluate", Context(source, source, asides=False))
    names = [(one, name_of(one)) for one in given]
    task.samples = [Path(name) if name else in_memory(one, "an image") for one, name in names]
    with enough_memory("samples"):
        task.check(None)
        for _ in task.draw(None):
            pass
    return task.record


def compare(runs: str | PathLike[str]) -> list[dict[str, str | float | None]]:
    """Compare the runs of a folder, as task=compare does.

    Args:
        runs: the folder of a multirun, or another folder of run folders.

    Returns:
        A row for each run with its name (``job``), the options that differ, its ``state``, its
        ``seconds`` and the figures of its first pictures; None where something is unknown.

    Raises:
        UserError: the folder is missing, or has no runs.
    """
    folder = Path(runs)
    records = records_of(folder)
    return rows_of(folder, records, [figures_of(folder, record.name) for record in records])


def _drawn(
    task: str,
    photo: Given,
    options: Mapping[str, Any],
    others: Mapping[str, Given | None],
    output_type: str,
) -> list[Any]:
    """The results of a task that works on a photo alone.

    Args:
        options: by their full names; None: the default.
        others: further pictures, by the full names of their options.
    """
    check_output_type(output_type)
    source = source_of({"task": task, **options}, {"image": photo, **others})
    work = task_of(task, Context(source, source, asides=False))
    with enough_memory(work.memory):
        return [
            to_memory(one.pixels, output_type, one.like, one.alpha)
            for one in work.draw(None)
            if isinstance(one, Picture) and one.kind == "result"
        ]
