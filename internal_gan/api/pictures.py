"""Pictures and seeds given by callers."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.files.memory import to_mask, to_photo
from internal_gan.images.photo import Photo

Given = str | PathLike[str] | Image.Image | np.ndarray[Any, Any] | Tensor


def name_of(given: Given) -> str | None:
    """The file name of a picture; None if it is in memory."""
    return fspath(given) if isinstance(given, str | PathLike) else None


def in_memory(given: Any, name: str) -> Photo:
    """A picture in memory: a photo if the option ``name`` ends in image, otherwise a mask."""
    return (to_photo if name.endswith("image") else to_mask)(given, name)


def seed_of(seed: int | None, generator: torch.Generator | None) -> int | None:
    """The seed, or one drawn from the generator; a UserError if both are given."""
    if generator is None:
        return seed
    if seed is not None:
        raise UserError("seed, generator: both set the random numbers; give only one")
    return int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
