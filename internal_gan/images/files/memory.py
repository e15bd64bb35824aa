"""Converts Pillow images, NumPy arrays and tensors to photos, and pictures to any of these."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from internal_gan.errors import UserError, unknown
from internal_gan.images.files.decode import decode, photo_of
from internal_gan.images.files.encode import arrange, in_pillow, metadata_of, rows_of
from internal_gan.images.photo import Photo
from internal_gan.shapes import Mask

OUTPUT_TYPES = ("pil", "np", "pt")

_KINDS = "a Pillow image, a NumPy array, a tensor or the name of a file"


def to_photo(image: Image.Image | np.ndarray[Any, Any] | Tensor, name: str = "the image") -> Photo:
    """Make a photo of a Pillow image, an array (H, W) or (H, W, C), or a tensor (C, H, W) or
    (1, C, H, W) on any device: gray, RGB or RGBA, as uint8, uint16 or floats in [0, 1]. Anything
    else is a UserError, which begins with ``name``.

    >>> to_photo(torch.zeros(3, 30, 40)).size
    (30, 40)
    """
    if isinstance(image, Tensor | np.ndarray):
        return _from_array(_layers(image, name), name)
    if not isinstance(image, Image.Image):
        raise UserError(f"{name}: of type {type(image).__name__}; allowed: {_KINDS}")
    try:
        # A loaded image holds everything its mode can, so no second pass over a file is needed.
        image.load()
        return decode(name, image, image.copy)[0]
    except UserError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        raise UserError(f"{name}: cannot be read ({error}); allowed are intact images") from error


def to_mask(mask: Image.Image | np.ndarray[Any, Any] | Tensor, name: str = "mask") -> Photo:
    """:func:`to_photo` for a mask, which may also be boolean, or a tensor (H, W).

    >>> to_mask(np.eye(30, dtype=bool)).pixels[0, 0, :2, :2]
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if isinstance(mask, Tensor):
        mask = mask.float() if mask.dtype == torch.bool else mask
        mask = mask[None] if mask.ndim == 2 else mask
    elif isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask = mask.astype(np.float32)
    return to_photo(mask, name)


def to_memory(
    pixels: Tensor, output_type: str = "pil", like: Photo | None = None, alpha: Tensor | None = None
) -> Any:
    """Convert a picture on any device; values outside [-1, 1] are clipped.

    ``pil`` is :func:`to_pil`, also for ``like`` and ``alpha``; ``np`` a float32 array (H, W, 3) in
    [0, 1]; ``pt`` a float32 tensor (1, 3, H, W) in [0, 1] on the CPU.
    """
    if output_type == "pil":
        return to_pil(pixels, like, alpha)
    colours = rows_of(arrange(pixels, "Pillow")[0])
    return colours[None] if output_type == "pt" else colours.permute(1, 2, 0).contiguous().numpy()


def to_pil(pixels: Tensor, like: Photo | None = None, alpha: Mask | None = None) -> Image.Image:
    """A Pillow image of a picture, with 8 bits per channel.

    ``like`` determines gray or colour, transparency (unless ``alpha`` does), colour profile and
    EXIF data and, if gray and opaque, the bit depth.
    """
    stored, _ = arrange(pixels, "Pillow", like, alpha)
    image = in_pillow(stored)
    image.info.update(metadata_of(stored))
    if stored.dpi:
        image.info["dpi"] = stored.dpi
    return image


def check_output_type(output_type: str) -> None:
    """Raise UserError for an output type that :func:`to_memory` does not know."""
    if output_type not in OUTPUT_TYPES:
        raise unknown("output_type", output_type, OUTPUT_TYPES)


def _layers(image: np.ndarray[Any, Any] | Tensor, name: str) -> np.ndarray[Any, Any]:
    """An array or a tensor as an array (H, W, C)."""
    if isinstance(image, Tensor):
        what, allowed = "a tensor", "(C, H, W) and (1, C, H, W), C of 1, 3 or 4"
        single = image[0] if image.ndim == 4 and image.shape[0] == 1 else image
        plain = single.detach().cpu()
        array = (plain.float() if plain.is_floating_point() else plain).numpy()
        layers = np.moveaxis(array, 0, -1) if array.ndim == 3 else array
    else:
        what, allowed = "an array", "(H, W), (H, W, 1), (H, W, 3), (H, W, 4)"
        layers = image[..., None] if image.ndim == 2 else image
    if layers.ndim != 3 or layers.shape[-1] not in (1, 3, 4) or 0 in layers.shape:
        raise UserError(f"{name}: {what} of shape {tuple(image.shape)}; allowed: {allowed}")
    return layers


def _from_array(layers: np.ndarray[Any, Any], name: str) -> Photo:
    depth = {"uint8": 8, "uint16": 16}.get(layers.dtype.name)
    if depth is None and not np.issubdtype(layers.dtype, np.floating):
        raise UserError(
            f"{name}: numbers of type {layers.dtype}; allowed: uint8, uint16, floats in [0, 1]"
        )
    levels = np.array(layers) if depth == 8 else layers.astype(np.float32)
    if depth is None:
        _check_range(levels, name)
    elif depth == 16:
        levels /= 65535
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[layers.shape[2]]
    return photo_of(torch.from_numpy(levels).permute(2, 0, 1), mode, depth or 8)


def _check_range(levels: np.ndarray[Any, Any], name: str) -> None:
    low, high = float(levels.min()), float(levels.max())
    allowed = "floats must be in [0, 1], 0 black and 1 white"
    if not np.isfinite(levels).all():
        raise UserError(f"{name}: some of its values are NaN or infinite; {allowed}")
    if low < 0.0 or high > 1.0:
        hint = ""
        if low >= -1.0 and high <= 1.0:
            hint = "; convert a model's output, in [-1, 1], by (x + 1) / 2"
        elif low >= 0.0 and high <= 255.0:
            hint = "; convert 0 to 255 by x / 255, or to uint8"
        raise UserError(f"{name}: its values go from {low:.4g} to {high:.4g}; {allowed}{hint}")
