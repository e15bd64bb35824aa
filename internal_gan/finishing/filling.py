"""A hole filled without a network: at a small size, from its border inwards."""

import torch
import torch.nn.functional as F

from internal_gan.images.fill import fill_smoothly
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.images.windows import around, bounds, extent, parts
from internal_gan.patches.completion import complete
from internal_gan.shapes import Mask, Pixels

# A hole is filled in a small copy of its surroundings: the copy's long side in pixels, and its
# largest aspect ratio.
LONGEST_AROUND, MOST_ASPECT = 128, 4
AROUND = 16  # pixels around a hole, in addition to its own size on each side


def completed(
    photo: Pixels, hole: Mask, unknown: Mask | None, rng: torch.Generator | None
) -> tuple[Pixels, float]:
    """Fill each part of a hole at a small size, from its border inwards.

    ``unknown`` and ``rng`` are as for :func:`internal_gan.patches.completion.complete`.

    Returns:
        The filled photo, and the smallest size at which a part was filled, relative to the photo's.
    """
    closed = hole if unknown is None else torch.maximum(hole, unknown)
    drawing, left, least = photo.clone(), hole.clone(), 1.0
    for part in parts(hole, AROUND):
        box = bounds(part)
        sides = [3 * side + 2 * AROUND for side in extent(box)]
        # Limit the aspect ratio, so that a long thin part keeps some height once shrunk.
        height, width = (max(side, max(sides) // MOST_ASPECT) for side in sides)
        here = (..., *around(box, (height, width), size_of(photo)))
        size = size_of(hole[here])
        smaller = fit_size(size, LONGEST_AROUND)
        # Shrinking must not spread the old pixels in the hole.
        start = resize(fill_smoothly(drawing[here], left[here]), smaller).clamp(-1, 1)
        masks = [F.adaptive_max_pool2d(mask[here], smaller) for mask in (left, closed)]
        filled = resize(complete(start, masks[0], masks[1], rng=rng), size).clamp(-1, 1)
        drawing[here] = torch.where(part[here] > 0, filled, drawing[here])
        left[here] = torch.where(part[here] > 0, 0.0, left[here])
        least = min(least, max(smaller) / max(size))
    return drawing, least
