"""A drawing made anew of a photo's own patches, from coarse to fine.

At each size, patches of the picture are replaced by their nearest ones of the photo, and every
pixel becomes the pixel of the photo that most of the patches over it name. Patches that the picture
lacks are preferred (Granot et al., "Drop the GAN", CVPR 2022, Section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from internal_gan.patches import origin_kernels
from internal_gan.patches.field import (
    PATCH,
    Field,
    Flags,
    Image,
    Index,
    Method,
    Places,
    Wrap,
    around,
    grid,
    over_rows,
    search,
)
from internal_gan.units import Size

# The short side of the photo at the first size, and how sizes grow from there.
SHORTEST, GROWTH = 32, 1.5
ROUNDS = 3
# The smaller, the more patches are preferred that the picture lacks; in mean squares of [0, 1].
ALPHA = 0.01
# Sweeps of a search that begins anew, and of one from earlier matches.
SWEEPS: dict[Method, tuple[int, int]] = {"coherent": (2, 1), "patchmatch": (8, 3)}
# A patch's voice at its pixels falls with the square of their distance from its middle.
FALL = 0.05

_from_middle = np.arange(PATCH) - PATCH // 2
_squares = _from_middle[:, None] ** 2 + _from_middle[None] ** 2
VOICE = np.exp(-FALL * _squares).astype(np.float32)
ALIKE = np.ones((PATCH, PATCH), np.float32)


class Fixed(NamedTuple):
    """Pixels whose origins are known.

    Attributes:
        where: (H, W), which ones.
        origins: (H, W, 2), row and column of each in the photo.
    """

    where: Flags
    origins: Places

    def resized(self, ratio: float, size: Size, source: Size) -> Fixed:
        """The same where target and source are ``ratio`` times as large, as in :func:`carry`."""
        rows, columns = _nearest(size, ratio, self.where.shape)
        return Fixed(self.where[rows[:, None], columns], carry(self.origins, ratio, size, source))

    def imposed(self, origins: Places) -> Places:
        """``origins`` with those that are known."""
        return np.where(self.where[..., None], self.origins, origins)


def synthesise(drawing: Image, photo: Image, size: Size, **options: Any) -> Places:
    """Say for every pixel which one of the photo stands there: the last of the :func:`stages`."""
    *_, origins = stages(drawing, photo, size, **options)
    return origins


def stages(
    drawing: Image,
    photo: Image,
    size: Size,
    *,
    shortest: int = SHORTEST,
    wrap: Wrap = (False, False),
    method: Method = "coherent",
    fixed: Fixed | None = None,
) -> Iterator[Places]:
    """Say for every pixel which one of the photo stands there, size after size.

    Args:
        drawing: (h, w, 3), what to draw, of any size.
        photo: (H, W, 3), whose pixels are as large as those of the result, both sides at least
            ``PATCH``.
        size: (height, width) of the result, each at least ``PATCH`` unless it wraps there.
        shortest: the short side of the photo at the first size. The larger, the closer the result
            is to the drawing, and the smaller the pieces that are taken from the photo.
        fixed: pixels of the result that are given.

    Yields:
        (h, w, 2), row and column in the photo, at each of the :func:`scales`; at last at the size
        of the result.
    """
    origins: Places | None = None
    last = 1.0
    anew, again = SWEEPS[method]
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
                sweeps=again,
                method=method,
            )
            weights = _weights(missing, picture)
            found = search(
                picture,
                index,
                start=start,
                seeds=start is None or number == 0,
                weights=weights,
                sweeps=anew if start is None else again,
                wrap=wrap,
                method=method,
                seed=number,
            )
            final = scale == 1.0 and number == ROUNDS - 1
            origins = vote(found.places, target_size, VOICE if final else ALIKE, wrap)
            origins = given.imposed(origins) if given else origins
            picture = taken(source, origins)
        last = scale
        assert origins is not None
        yield origins


def _weights(missing: Field, picture: Image) -> NDArray[np.float32]:
    """What distances to the photo's patches count: less for those that the picture lacks."""
    values = PATCH * PATCH * picture.shape[2] * 255.0**2
    weights: NDArray[np.float64] = 1 / (ALPHA + missing.distances / values)
    return weights.astype(np.float32)


def vote(
    field: Places,
    size: Size,
    voice: NDArray[np.float32] = VOICE,
    wrap: Wrap = (False, False),
    *,
    active: Flags | None = None,
    origins: Places | None = None,
) -> Places:
    """For every pixel the one of the source that most of the patches over it name.

    Args:
        field: (h, w, 2), the matches of the patches.
        voice: (PATCH, PATCH), what a patch's voice counts at each of its pixels.
        active: (height, width), which pixels are voted on; the others keep ``origins``.

    Returns:
        (height, width, 2), row and column in the source.
    """
    if active is None:
        active = np.ones(size, np.bool_)
    result = np.empty((*size, 2), np.int32) if origins is None else origins.copy()
    over_rows(origin_kernels.plurality, size[0], field, PATCH, voice, *wrap, active, result)
    return result


def carry(origins: Places, ratio: float, size: Size, source: Size) -> Places:
    """Take origins over to a size that is ``ratio`` times as large; pieces stay whole.

    Args:
        size, source: (height, width) of the larger target and source.
    """
    rows, columns = _nearest(size, ratio, origins.shape)
    result = np.empty((*size, 2), np.int32)
    origins = np.ascontiguousarray(origins, np.int32)
    over_rows(
        origin_kernels.carried, size[0], origins, rows, columns, float(ratio), *source, result
    )
    return result


def _nearest(size: Size, ratio: float, old: Sequence[int]) -> list[NDArray[np.intp]]:
    """For each row and column of an enlarged picture, the nearest one before."""
    return [
        np.minimum(((np.arange(side) + 0.5) / ratio).astype(np.intp), last - 1)
        for side, last in zip(size, old[:2], strict=True)
    ]


def field_of(origins: Places, source: Size, wrap: Wrap) -> Places:
    """Matches of the patches around the pixels of ``origins``.

    Args:
        source: rows and columns of the source's patches.
    """
    field = np.empty((*grid((origins.shape[0], origins.shape[1]), wrap), 2), np.int32)
    origins = np.ascontiguousarray(origins, np.int32)
    over_rows(origin_kernels.matches, len(field), origins, PATCH // 2, *source, field)
    return field


def taken(source: NDArray[Any], origins: Places) -> NDArray[Any]:
    """The source's values at these pixels, (H, W, C)."""
    return source[origins[..., 0], origins[..., 1]]


def scaled(size: Size, scale: float) -> Size:
    return round(size[0] * scale), round(size[1] * scale)


def resized(image: Image, size: Size) -> Image:
    """(H, W, 3) at another size, antialiased."""
    if image.shape[:2] == size:
        return image
    return np.asarray(PIL.Image.fromarray(image).resize(size[::-1], PIL.Image.Resampling.LANCZOS))


def scales(photo: Size, shortest: float, result: int | None = None) -> list[float]:
    """The sizes from where the short side has about ``shortest`` pixels to the last one, which is
    1. A patch fits into each.

    Args:
        result: the short side of the result in pixels, if it is not that of the photo.
    """
    found, side = [1.0], min(photo)
    least = side if result is None else min(side, result)
    while (
        side * found[-1] / GROWTH > shortest / math.sqrt(GROWTH)
        and least * found[-1] / GROWTH >= PATCH
    ):
        found.append(found[-1] / GROWTH)
    return found[::-1]
