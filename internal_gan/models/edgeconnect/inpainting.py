"""The windows in which holes in photos of any size are filled."""

import math
from collections.abc import Iterator

from internal_gan.images.resize import size_of
from internal_gan.images.windows import Window, around, bounds, extent, parts
from internal_gan.shapes import Mask

CONTEXT = 64  # around a hole, in pixels of the model


def windows(hole: Mask, scale: float, largest: int) -> Iterator[Window]:
    """A window for each hole with the known pixels around it, as rows and columns of the image; a
    single one if the image fits into it, none without a hole.

    Args:
        scale: the model's resolution as a fraction of the image's, in (0, 1].
        largest: longest side of a window, in pixels of the model, unless the hole is larger.
    """
    size = size_of(hole)
    if not hole.any():
        return
    if max(size) * scale <= largest:
        yield slice(0, size[0]), slice(0, size[1])
        return
    margin = math.ceil(CONTEXT / scale)
    limit = math.floor(largest / scale)
    for part in parts(hole, max(margin // 2, 1)):
        box = bounds(part)
        height, width = (
            max(min(n + 2 * max(margin, n // 2), limit), n + margin) for n in extent(box)
        )
        yield around(box, (height, width), size)
