"""Pictures made of a photo's patches, without a model."""

from __future__ import annotations

from typing import Any

import torch

from internal_gan.api.pictures import Given, in_memory, name_of
from internal_gan.config.catalogue import TABLE
from internal_gan.config.compose import options_of
from internal_gan.images.files.memory import check_output_type, to_memory
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.tasks.base import Context
from internal_gan.tasks.preview import pictures, small
from internal_gan.tasks.reporting import enough_memory
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
    check_output_type(output_type)
    file = name_of(photo)
    wanted = {"count": count, "size": size, "freedom": freedom, "seed": seed}
    options: dict[str, Any] = {f"preview.{name}": value for name, value in wanted.items()}
    options |= {"task": "preview", "image": file, "finish.resolution": resolution}
    given = {name: value for name, value in options.items() if value is not None}
    photos = [] if file is not None else [in_memory(photo, "image")]
    files = {}
    if mask is not None and (name := name_of(mask)) is not None:
        given["mask.file"] = name
    elif mask is not None:
        given["mask.file"], files["mask.file"] = IN_MEMORY, in_memory(mask, "mask.file")
    source = Source(options_of(given), photos=photos, files=files)
    with enough_memory(TABLE["preview"].memory if size is None else "preview.size"):
        drawn = pictures(Context(source, source, asides=False), small(source))
        found = [
            to_memory(one.pixels, output_type, one.like, one.alpha)
            for one in drawn
            if one.kind == "result"
        ]
    return torch.cat(found) if output_type == "pt" else found
