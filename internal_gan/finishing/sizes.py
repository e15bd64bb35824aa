"""Pictures and flags, as arrays, at other sizes."""

import math
from dataclasses import replace

import numpy as np
import PIL.Image
import torch

from internal_gan.images.levels import levels_of
from internal_gan.images.photo import Photo
from internal_gan.patches.fast import PATCH
from internal_gan.shapes import Flags, Image
from internal_gan.units import Size

# The photo's largest side in pixels in previews, and where margins are drawn around it.
SMALL_SIDE = 1024
# The most pixels of a preview's result, relative to SMALL_SIDE squared. A photo of 4:3 may become
# twice as wide; that takes about a second.
TIMES_LARGER = 1.5
SHORTEST = 32  # the photo's short side at the first size, in pixels
GROWTH = 1.5  # the factor from each size to the next


def scales(photo: Size, shortest: float, result: int | None = None) -> list[float]:
    """The scales from where a photo's short side has about ``shortest`` pixels up to 1.

    A patch fits into the photo at each, and into the result, of a short side that may differ.
    """
    found = [1.0]
    side = min(photo)
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
    picture = PIL.Image.fromarray(image)
    return np.asarray(picture.resize(size[::-1], PIL.Image.Resampling.LANCZOS))


def halved(image: Image) -> Image:
    """(ceil(H / 2), ceil(W / 2)) or (..., 3), the means of two by two pixels."""
    return np.array(PIL.Image.fromarray(image).reduce(2))


def small_size(size: Size, result: Size = (0, 0)) -> Size:
    """A photo's size, halved until it has at most ``SMALL_SIDE`` pixels a side and, unless it gets
    too small, a ``result`` made of it ``TIMES_LARGER`` than the square of that side."""
    times = 2 ** max(0, math.ceil(math.log2(max(size) / SMALL_SIDE)))
    most = TIMES_LARGER * SMALL_SIDE**2
    while math.prod(result) > most * times**2 and max(size) > SMALL_SIDE / 4 * times:
        times *= 2
    return -(-size[0] // times), -(-size[1] // times)


def small_copy(photo: Photo, size: Size | None = None) -> Photo:
    """A photo at its :func:`small_size`, with or without a result, halved pixel by pixel as
    :func:`halved` does; one of few colours, or of more than 8 bits, is shrunk at once."""
    size = size or small_size(photo.size)
    copy = photo.shrunk_to(size)
    if copy is photo or photo.bit_depth != 8 or photo.has_few_colours:
        return copy
    levels = levels_of(photo.colours, 255)
    while levels.shape[:2] != size:
        levels = halved(levels)
    return replace(copy, colours=torch.from_numpy(levels).permute(2, 0, 1)[None])


def thinned(values: torch.Tensor, longest: int) -> torch.Tensor:
    """Every n-th row and column of (..., H, W): at least four times ``longest``, if there are,
    which is enough to shrink a large image to that size, in much less time."""
    step = max(1, max(values.shape[-2:]) // (4 * longest))
    return values[..., ::step, ::step]


def shrunk_flags(flags: Flags, size: Size) -> Flags:
    """Flags at a smaller size: whether any of a pixel's area is flagged."""
    levels = PIL.Image.fromarray(flags.astype(np.float32))
    found: Flags = np.asarray(levels.resize(size[::-1], PIL.Image.Resampling.BOX)) > 1e-4
    return found
