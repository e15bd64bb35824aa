"""The options of what goes by the origin of a result's pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from internal_gan.config.fields import option, path


def _are_names(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return names != [] and all(isinstance(name, str) and name != "" for name in names)


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
