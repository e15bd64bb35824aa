"""The options of results that are made of the photo's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from internal_gan.config.fields import AUTO, number, one_of, option, path, seed, size, whole

MOST_PREVIEWS = 1000


def _are_names(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return names != [] and all(isinstance(name, str) and name != "" for name in names)


@dataclass
class FinishOptions:
    """Whose pixels results are made of, and how large the photo is in them."""

    detail: str | None = one_of(
        ("patches", "network"),
        None,
        "patches: the photo's own; network: as it drew; null: as trained, or else patches",
    )
    resolution: int | str | None = option(
        None,
        "the photo's long side in results made of patches; null: as trained, or else auto",
        "auto (the photo's own, up to 2048, in films 1024, or what fits the size asked for), "
        "photo (its own), model (as learnt), a number of pixels from 16 to 100000, or null",
        lambda v: 16 <= v <= 100_000 if isinstance(v, int) else v in (AUTO, "photo", "model"),
    )


@dataclass
class PreviewOptions:
    """Pictures of the photo's patches alone, without any training."""

    count: int = whole(3, f"[1, {MOST_PREVIEWS}]", "how many")
    size: list[int] | None = size("preview.size=[300,800]", "as finish.resolution says")
    freedom: float = number(
        0.3, "[0, 1]", "how far the layout is from the photo's; 0: only another size changes it"
    )
    seed: int | None = seed()


@dataclass
class LayersOptions:
    """Images of the photo's size that results made of its pixels come with."""

    files: Any = option(
        None,
        "such as a mask or normals; layers=[a.png,b.tif] for short",
        "the name of one image file, or of several as [a.png,b.tif], or null",
        _are_names,
        is_path=True,
    )
    labels: Any = option(
        None,
        "those whose numbers are names, as in palette and black-and-white images",
        "one or several of the names in layers, as [a.png], or null",
        _are_names,
        is_path=True,
    )


@dataclass
class VerifyOptions:
    """What task=verify checks the picture in image= against."""

    origin: str | None = path(
        "where its pixels come from; null: NAME.origin.png beside NAME.png",
        "the name of one image file, or null",
    )
    photo: str | None = path(
        "the photo that it was made of", "the name of one image file, the photo"
    )
