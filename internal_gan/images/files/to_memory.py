"""Pictures that a model draws, as Pillow images, NumPy arrays or tensors."""

from __future__ import annotations

from typing import Any

from PIL import Image
from torch import Tensor

from internal_gan.errors import unknown
from internal_gan.images.files.encode import Format, arrange, to_pillow
from internal_gan.images.photo import Photo

OUTPUT_TYPES = ("pil", "np", "pt")

_PILLOW = Format("Pillow", deep_modes=frozenset({"L"}), floats=True)


def to_memory(
    pixels: Tensor,
    output_type: str = "pil",
    like: Photo | None = None,
    alpha: Tensor | None = None,
) -> Any:
    """Convert a picture to the type that a caller asks for.

    Args:
        pixels: (1, 3, H, W) in [-1, 1], on any device; other values are clipped.
        output_type: ``pil``: a Pillow image of 8 bits per channel, gray or transparent like
            ``like``, with its colour profile and EXIF data; opaque gray also has its bit depth.
            ``np``: a float32 array (H, W, 3) in [0, 1], RGB. ``pt``: a float32 tensor (1, 3, H, W)
            in [0, 1] on the CPU.
        like: the photo that a Pillow image should resemble.
        alpha: (1, 1, H, W) in [0, 1], instead of that of ``like``.

    Raises:
        UserError: an unknown output type.
        ValueError: pixels of another shape.
    """
    check_output_type(output_type)
    if output_type == "pil":
        return to_pil(pixels, like, alpha)
    colours = arrange(pixels, _PILLOW)[0]
    return colours[None] if output_type == "pt" else colours.permute(1, 2, 0).contiguous().numpy()


def to_pil(pixels: Tensor, like: Photo | None = None, alpha: Tensor | None = None) -> Image.Image:
    """A Pillow image of (1, 3, H, W) in [-1, 1]; see :func:`to_memory`."""
    channels, layout, _ = arrange(pixels, _PILLOW, like, alpha)
    image = to_pillow(channels, layout)
    image.info.update(layout.metadata)
    return image


def check_output_type(output_type: str) -> None:
    """Raise UserError for an output type that is not one of :func:`to_memory`."""
    if output_type not in OUTPUT_TYPES:
        raise unknown("output_type", output_type, OUTPUT_TYPES)
