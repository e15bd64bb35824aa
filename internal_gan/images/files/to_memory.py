"""Pictures in memory: Pillow images, NumPy arrays and tensors of what a model draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.errors import unknown
from internal_gan.images.files.encode import Format, arrange, to_pillow
from internal_gan.images.photo import Photo

OUTPUT_TYPES = ("pil", "np", "pt")

_PILLOW = Format("Pillow", deep_modes=frozenset({"L"}), floats=True)


def to_memory(
    pictures: Sequence[Tensor],
    output_type: str = "pil",
    like: Photo | None = None,
    alpha: Tensor | None = None,
) -> list[Image.Image] | list[np.ndarray[Any, Any]] | Tensor:
    """Give pictures the form that a caller wants them in.

    Args:
        pictures: each (1, 3, H, W) in [-1, 1], on any device; other values are clipped.
        output_type: ``pil``: Pillow images, 8 bits per channel, gray and transparent as ``like``,
            with its colour profile and EXIF (gray without transparency keeps its depth too);
            ``np``: float32 arrays (H, W, 3) in [0, 1], RGB; ``pt``: a float32 tensor (N, 3, H, W)
            in [0, 1] on the CPU.
        like: the photo that Pillow images should resemble.
        alpha: (1, 1, H, W) in [0, 1], instead of that of ``like``.

    Returns:
        A list with a picture for each; of ``pt`` one tensor, for which they must have one size.

    Raises:
        UserError: another output type.
        ValueError: pictures of another shape.
    """
    check_output_type(output_type)
    if output_type == "pil":
        return [to_pil(picture, like, alpha) for picture in pictures]
    colours = [arrange(picture, _PILLOW)[0] for picture in pictures]
    if output_type == "np":
        return [one.permute(1, 2, 0).contiguous().numpy() for one in colours]
    return torch.stack(colours)


def to_pil(pixels: Tensor, like: Photo | None = None, alpha: Tensor | None = None) -> Image.Image:
    """A Pillow image of (1, 3, H, W) in [-1, 1]; see :func:`to_memory`."""
    channels, layout, _ = arrange(pixels, _PILLOW, like, alpha)
    image = to_pillow(channels, layout)
    extras = {"icc_profile": layout.icc_profile, "exif": layout.exif}
    image.info.update((name, value) for name, value in extras.items() if value)
    return image


def check_output_type(output_type: str) -> None:
    """Refuse another output type than those of :func:`to_memory`, with a UserError."""
    if output_type not in OUTPUT_TYPES:
        raise unknown("output_type", output_type, OUTPUT_TYPES)
