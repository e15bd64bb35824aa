"""Photos that are in memory already: Pillow images and NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from internal_gan.errors import UserError
from internal_gan.images.alpha import seen
from internal_gan.images.decode import READABLE_MODES, Decoded, UnreadablePixelsError, decode
from internal_gan.images.photo import Photo


def to_photo(image: Image.Image | np.ndarray[Any, Any]) -> Photo:
    """Take a picture in memory for a photo.

    Args:
        image: a Pillow image of any mode, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4):
            gray, RGB or RGBA, as uint8, as uint16, or as floats in [0, 1].

    Raises:
        UserError: another shape, type or range.

    >>> to_photo(np.zeros((30, 40, 3), np.uint8)).size
    (30, 40)
    """
    decoded = _from_pillow(image) if isinstance(image, Image.Image) else _from_array(image)
    profile = image.info.get("icc_profile") if isinstance(image, Image.Image) else None
    pixels, raw = seen(decoded)
    return Photo(
        pixels,
        decoded.alpha,
        mode=decoded.mode,
        bit_depth=decoded.bit_depth,
        icc_profile=(profile or None) if decoded.mode != "CMYK" else None,
        raw=raw,
    )


def _from_pillow(image: Image.Image) -> Decoded:
    # Once loaded, the pixels are what the mode says, and no second pass over a file is needed.
    image.load()
    try:
        return decode(image, image.copy)
    except UnreadablePixelsError as error:
        raise UserError(f"the image: {error}; allowed are {READABLE_MODES}") from error


def _from_array(array: np.ndarray[Any, Any]) -> Decoded:
    layers = array[..., None] if array.ndim == 2 else array
    if layers.ndim != 3 or layers.shape[-1] not in (1, 3, 4) or 0 in layers.shape:
        raise UserError(
            f"the image: an array of shape {array.shape}; allowed: (H, W), (H, W, 1), (H, W, 3), "
            "(H, W, 4)"
        )
    depths = {"uint8": 8, "uint16": 16}
    if layers.dtype.name in depths:
        depth = depths[layers.dtype.name]
        levels = layers.astype(np.float32) / (2**depth - 1)
    elif np.issubdtype(layers.dtype, np.floating):
        depth = 8
        levels = layers.astype(np.float32)
        if not (np.isfinite(levels).all() and levels.min() >= 0.0 and levels.max() <= 1.0):
            raise UserError("the image: an array of floats; its values must be in [0, 1]")
    else:
        raise UserError(
            f"the image: an array of {layers.dtype}; allowed: uint8, uint16, floats in [0, 1]"
        )
    planes = torch.from_numpy(levels).permute(2, 0, 1).unsqueeze(0)
    colours = planes[:, :3].expand(-1, 3, -1, -1).contiguous()
    alpha = planes[:, 3:].contiguous() if planes.shape[1] == 4 else None
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[planes.shape[1]]
    return Decoded(colours, alpha, mode, depth)
