"""Options for results made of the photo's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from internal_gan.config.fields import AUTO, number, one_of, option, path, paths, seed, size, whole
from internal_gan.errors import Range

MOST_PREVIEWS = 1000


@dataclass
class FinishOptions:
    """Whether results are made of the photo's pixels, and at which resolution."""

    detail: str | None = one_of(
        ("patches", "network"),
        None,
        "patches: made of the photo's own pixels; network: the network's output; "
        "null: as in training (by default patches)",
    )
    resolution: int | str | None = option(
        None,
        "long side of the photo in results made of patches; null: as in training (by default auto)",
        "auto (the photo's own up to 2048, in films up to 1024, or what fits the requested size), "
        "photo (the photo's own), model (that of the training), a number of pixels from 16 to "
        "100000, or null",
        lambda v: 16 <= v <= 100_000 if isinstance(v, int) else v in (AUTO, "photo", "model"),
    )


@dataclass
class PreviewOptions:
    """Results made of the photo's patches alone, without training."""

    count: int = whole(3, Range(1, MOST_PREVIEWS), "number of results")
    size: list[int] | None = size("preview.size=[300,800]", "the photo's at finish.resolution")
    freedom: float = number(
        0.3,
        Range(0, 1),
        "how far the layout departs from the photo's; 0: not at all unless the size differs",
    )
    seed: int | None = seed()


@dataclass
class LayersOptions:
    """Images that are rearranged together with the photo's pixels."""

    files: Any = paths(
        "layers of the photo's size, such as a mask or normals; short: layers=[a.png,b.tif]",
        "the name of one image file, or several such as [a.png,b.tif], or null",
    )
    labels: Any = paths(
        "layers whose values are labels; palette and black-and-white images always are",
        "one or more of the names in layers, such as [a.png], or null",
    )


@dataclass
class VerifyOptions:
    """What task=verify checks the picture in image= against."""

    origin: str | None = path(
        "record of where the picture's pixels come from; null: its NAME.origin.png",
        "the name of one image file, or null",
    )
    photo: str | None = path(
        "photo that the picture was made from", "the name of one image file, the photo"
    )
