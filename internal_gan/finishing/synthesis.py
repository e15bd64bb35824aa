"""Rebuilds a drawing from a photo's own patches, coarse to fine.

At each size, patches of the picture are matched to the nearest ones of the photo. Every pixel then
becomes the pixel of the photo that most of the patches covering it vote for. Patches that the
picture lacks are preferred (Granot et al., "Drop the GAN", CVPR 2022, Section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from internal_gan.patches.field import (
    PATCH,
    Field,
    Flags,
    Image,
    Index,
    Places,
    Wrap,
    around,
    search,
)
from internal_gan.patches.origins import (
    CENTRE_WEIGHTS,
    UNIFORM_WEIGHTS,
    carry,
    field_of,
    nearest,
    taken,
    vote,
)
from internal_gan.units import Size

# The short side of the photo at the first size, and the factor from each size to the next.
SHORTEST, GROWTH = 32, 1.5
ROUNDS = 3
# The smaller ALPHA is, the more it favours patches that the picture lacks; in mean squared
# differences of colours in [0, 1].
ALPHA = 0.01
# Sweeps of a search from scratch, and of one from earlier matches.
ANEW, AGAIN = 2, 1


class Fixed(NamedTuple):
    """Pixels whose origins are known.

    Attributes:
        where: (H, W), whether a pixel is one of them.
        origins: (H, W, 2), row and column of each in the photo.
    """

    where: Flags
    origins: Places

    def resized(self, ratio: float, size: Size, source: Size) -> Fixed:
        """The same where target and source are ``ratio`` times as large, as in :func:`carry`."""
        rows, columns = nearest(size, ratio, self.where.shape)
        return Fixed(self.where[rows[:, None], columns], carry(self.origins, ratio, size, source))

    def imposed(self, origins: Places) -> Places:
        """``origins``, replaced where they are known."""
        return np.where(self.where[..., None], self.origins, origins)


def synthesise(drawing: Image, photo: Image, size: Size, **options: Any) -> Places:
    """Choose a photo pixel for every pixel of the result: the last of the :func:`stages`."""
    *_, origins = stages(drawing, photo, size, **options)
    return origins


def stages(
    drawing: Image,
    photo: Image,
    size: Size,
    *,
    shortest: int = SHORTEST,
    wrap: Wrap = (False, False),
    fixed: Fixed | None = None,
) -> Iterator[Places]:
    """Choose a photo pixel for every pixel of the result, size after size.

    Args:
        drawing: (h, w, 3), what to draw, of any size.
        photo: (H, W, 3), with pixels of the same size as the result's; both sides at least
            ``PATCH``.
        size: (height, width) of the result, each at least ``PATCH`` unless it wraps there.
        shortest: the short side of the photo at the first size. A larger one gives a result closer
            to the drawing, in smaller pieces of the photo.
        fixed: pixels of the result that are given.

    Yields:
        (h, w, 2), row and column in the photo, at each of the :func:`scales`; the last one is at
        the size of the result.
    """
    origins: Places | None = None
    last = 1.0
    for scale in scales(photo.shape[:2], shortest, min(size)):
        source = resized(photo, scaled(photo.shape[:2], scale))
        target_size = scaled(size, scale)
        given = fixed and fixed.resized(scale, target_size, source.shape[:2])
        if origins is None:
            picture = resized(drawing, target_size)
        else:
            origins = carry(origins, scale / last, target_size, source.shape[:2])
            origins = given.imposed(origins) if given else origins
            picture = taken(source, origins)
        index = Index(source)
        missing: Field | None = None
        for number in range(ROUNDS):
            start = None if origins is None else field_of(origins, index.grid, wrap)
            missing = search(
                source,
                Index(around(picture, wrap)),
                start=None if missing is None else missing.places,
                seeds=missing is None,
                sweeps=AGAIN,
            )
            weights = _weights(missing, picture)
            found = search(
                picture,
                index,
                start=start,
                seeds=start is None or number == 0,
                weights=weights,
                sweeps=ANEW if start is None else AGAIN,
                wrap=wrap,
            )
            final = scale == 1.0 and number == ROUNDS - 1
            origins = vote(
                found.places, target_size, CENTRE_WEIGHTS if final else UNIFORM_WEIGHTS, wrap
            )
            origins = given.imposed(origins) if given else origins
            picture = taken(source, origins)
        last = scale
        assert origins is not None
        yield origins


def _weights(missing: Field, picture: Image) -> NDArray[np.float32]:
    """Factors on distances to the photo's patches: smaller for those that the picture lacks."""
    values = PATCH * PATCH * picture.shape[2] * 255.0**2
    weights: NDArray[np.float64] = 1 / (ALPHA + missing.distances / values)
    return weights.astype(np.float32)


def scaled(size: Size, scale: float) -> Size:
    return round(size[0] * scale), round(size[1] * scale)


def resized(image: Image, size: Size) -> Image:
    """(H, W, 3) at another size, antialiased."""
    if image.shape[:2] == size:
        return image
    return np.asarray(PIL.Image.fromarray(image).resize(size[::-1], PIL.Image.Resampling.LANCZOS))


def scales(photo: Size, shortest: float, result: int | None = None) -> list[float]:
    """The scales from where the short side has about ``shortest`` pixels up to 1.

    A patch fits into each.

    Args:
        result: the short side of the result in pixels, if it differs from the photo's.
    """
    found, side = [1.0], min(photo)
    least = side if result is None else min(side, result)
    while (
        side * found[-1] / GROWTH > shortest / math.sqrt(GROWTH)
        and least * found[-1] / GROWTH >= PATCH
    ):
        found.append(found[-1] / GROWTH)
    return found[::-1]
