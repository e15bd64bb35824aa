"""Pictures made of a photo alone, without a model."""

from __future__ import annotations

from typing import Any, Literal, Unpack

import torch

from internal_gan.api.arguments import OutputType, Previewing, source_of
from internal_gan.api.pictures import Given
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.tasks.base import Context, Picture
from internal_gan.tasks.reporting import enough_memory
from internal_gan.tasks.runner import work_of


def preview(photo: Given, count: int | None = None, **how: Unpack[Previewing]) -> Any:
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
    found = _drawn("preview", photo=photo, count=count, **how)
    return torch.cat(found) if isinstance(found[0], torch.Tensor) else found


def make_tileable(
    photo: Given,
    *,
    axes: Literal["both", "x", "y"] | None = None,
    band: float | None = None,
    seed: int | None = None,
    output_type: OutputType = "pil",
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
    return _drawn("make_tileable", photo=photo, output_type=output_type, **wanted)[0]


def _drawn(task: str, /, *, output_type: str = "pil", **arguments: Any) -> list[Any]:
    """The results of a task that works on a photo alone."""
    check_output_type(output_type)
    source = source_of(task, arguments, alone=True)
    work = work_of(task, Context(source, source, asides=False))
    with enough_memory(work.memory):
        return [
            to_memory(one.pixels, output_type, one.like, one.alpha)
            for one in work.draw(None)
            if isinstance(one, Picture) and one.kind == "result"
        ]
