"""Pictures and flags, as arrays, at other sizes."""

import math
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from internal_gan.patches.fast import PATCH, Flags, Image
from internal_gan.units import Size

SHORTEST = 32  # the short side of the photo at the first size, in pixels
GROWTH = 1.5  # from each size to the next


def scales(photo: Size, shortest: float, result: int | None = None) -> list[float]:
    """The scales from where a photo's short side has about ``shortest`` pixels up to 1.

    A patch fits into the photo at each, and into the result, of a short side that may differ.
    """
    found, side = [1.0], min(photo)
    least = side if result is None else min(side, result)
    while (
        side * found[-1] / GROWTH > shortest / math.sqrt(GROWTH)
        and least * found[-1] / GROWTH >= PATCH
    ):
        found.append(found[-1] / GROWTH)
    return found[::-1]


def resized(image: Image, size: Size) -> Image:
    """(H, W) or (H, W, 3) at another size, antialiased."""
    if image.shape[:2] == size:
        return image
    return np.asarray(PIL.Image.fromarray(image).resize(size[::-1], PIL.Image.Resampling.LANCZOS))


def halved(image: Image) -> Image:
    """(ceil(H / 2), ceil(W / 2)) or (..., 3), the means of two by two pixels."""
    return np.array(PIL.Image.fromarray(image).reduce(2))


def halved_flags(flags: Flags) -> Flags:
    """(ceil(H / 2), ceil(W / 2)), whether any of two by two pixels is flagged."""
    return halved(flags * np.uint8(255)) > 0


def shrunk_flags(flags: Flags, size: Size) -> Flags:
    """Flags at a smaller size: whether any of a pixel's area is flagged."""
    levels = PIL.Image.fromarray(flags.astype(np.float32))
    found: Flags = np.asarray(levels.resize(size[::-1], PIL.Image.Resampling.BOX)) > 1e-4
    return found


def sampled(values: NDArray[Any], size: Size) -> NDArray[Any]:
    """(H, W) or (H, W, C) at another size, by nearest neighbour."""
    rows, columns = (
        (np.arange(side) * old + old // 2) // side
        for side, old in zip(size, values.shape[:2], strict=True)
    )
    found: NDArray[Any] = values[rows[:, None], columns]
    return found
