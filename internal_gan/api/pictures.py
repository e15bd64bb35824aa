"""Pictures as callers have them, and the seeds that they ask for."""

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
    """The file that a picture is named by; None for one in memory."""
    return fspath(given) if isinstance(given, str | PathLike) else None


def in_memory(given: Any, name: str) -> Photo:
    """A picture in memory, called by the option that it is given for: a photo, or else a mask."""
    return (to_photo if name.endswith("image") else to_mask)(given, name)


def seed_of(seed: int | None, generator: torch.Generator | None) -> int | None:
    """The seed that a caller asks for: given as such, or drawn from a generator.

    Raises:
        UserError: both are given.
    """
    if generator is None:
        return seed
    if seed is not None:
        raise UserError("seed, generator: both say what is drawn; give one of them")
    return int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
