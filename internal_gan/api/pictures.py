"""Pictures and seeds given by callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.config.compose import options_of
from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_mask, to_photo
from internal_gan.images.photo import Photo
from internal_gan.runs.source import IN_MEMORY, Source

Given = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | Tensor


def name_of(given: Given) -> str | None:
    """The file name of a picture; None if it is in memory."""
    return fspath(given) if isinstance(given, str | PathLike) else None


def in_memory(given: Any, name: str) -> Photo:
    """A picture in memory: a photo if the option ``name`` ends in image, otherwise a mask."""
    return (to_photo if name.endswith("image") else to_mask)(given, name)


def source_of(
    options: Mapping[str, Any],
    pictures: Mapping[str, Given | None],
    names: Sequence[str] | None = None,
) -> Source:
    """The inputs of a task.

    Args:
        options: by their full names; None: the default.
        pictures: by the full names of their options.
        names: of the photos, if ``image`` is not among the pictures.

    Raises:
        UserError: an option or a picture is not allowed.
    """
    named, files = {**options}, dict[str, Photo]()
    for option, given in pictures.items():
        named[option] = None if given is None else name_of(given)
        if given is not None and named[option] is None:
            files[option] = in_memory(given, option.removesuffix(".file"))
            named[option] = None if option == "image" else IN_MEMORY
    photos = [files.pop("image")] if "image" in files else []
    checked = options_of({name: value for name, value in named.items() if value is not None})
    return Source(checked, photos=photos, names=checked.photos or names, files=files)


def seed_of(seed: int | None, generator: torch.Generator | None) -> int | None:
    """The seed, or one drawn from the generator; a UserError if both are given."""
    if generator is None:
        return seed
    if seed is not None:
        raise UserError("seed, generator: both set the random numbers; give only one")
    return int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
