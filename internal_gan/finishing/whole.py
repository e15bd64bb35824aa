"""Finishes a drawing, of the size a network was trained at, with the photo's own pixels.

The layout is decided at a small size (:mod:`internal_gan.finishing.synthesis`). It is then carried
octave by octave to the size of the result, and searched again only near seams: inside a piece, the
copy is its own best match. Last, seams are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from internal_gan.finishing.seams import HOLD, hide, largest_piece, near_seams, seam_figure
from internal_gan.finishing.synthesis import SHORTEST, Fixed, synthesise
from internal_gan.patches.field import PATCH, Flags, Image, Index, Places, Wrap, search
from internal_gan.patches.origins import carry, field_of, taken, vote
from internal_gan.units import Size

# The layout is decided where the photo's short side has at most this many pixels.
DECIDED = 320
# Rounds near seams at each octave; the price of each neighbour that a patch does not continue.
ROUNDS, PRICE = 2, 300.0
# If one piece of the photo covers a larger share of the result than LARGEST, synthesis is repeated
# from the larger size CAREFUL, where the drawing decides more.
LARGEST, CAREFUL = 0.25, 48


@dataclass(frozen=True)
class Rebuilt:
    """A finished picture.

    Attributes:
        pixels: (H, W, C), of the photo's dtype.
        origins: (H, W, 2), row and column of each pixel in the photo.
        exact: (H, W), whether a pixel is the photo's own, not changed at a seam.
        seam: see :func:`internal_gan.finishing.seams.seam_figure`.
        largest_piece: the share of the picture that its largest piece covers.
    """

    pixels: NDArray[Any]
    origins: Places
    exact: NDArray[np.bool_]
    seam: float
    largest_piece: float


def finish(
    drawing: Image,
    photo: NDArray[Any],
    size: Size,
    *,
    wrap: Wrap = (False, False),
    fixed: Fixed | None = None,
) -> Rebuilt:
    """Rebuild a drawing from a photo's pixels.

    Args:
        drawing: (h, w, 3) of 8 bits, of any size.
        photo: (H, W, 3) of 8 or 16 bits, with pixels of the same size as the result's.
        size: (height, width) of the result.
        fixed: pixels of the result that are given; those at seams may still be changed.
    """
    octaves = list(octaves_of(in_eight_bits(photo)))
    sizes = sizes_of(octaves, size, wrap)
    given = [
        fixed and fixed.resized(0.5**number, smaller, source.shape[:2])
        for number, (source, smaller) in enumerate(zip(octaves, sizes, strict=True))
    ]
    for shortest in (SHORTEST, CAREFUL):
        origins = synthesise(
            *(drawing, octaves[-1], sizes[-1]),
            shortest=shortest,
            wrap=wrap,
            fixed=given[-1],
        )
        largest = largest_piece(origins)
        if largest <= LARGEST:
            break
    for source, larger, known in list(zip(octaves, sizes, given, strict=True))[-2::-1]:
        origins = enlarged(origins, source, larger, wrap, known)
    # Remove the padding of a result or photo that is too small for a patch.
    origins = origins[: size[0], : size[1]].clip(0, np.array(photo.shape[:2], np.int32) - 1)
    pixels = taken(photo, origins)
    added = hide(pixels, origins, photo, HOLD / 2 ** (len(octaves) - 1), wrap)
    white = np.iinfo(photo.dtype).max
    # Changes too small for 8 bits are dropped, so that 16-bit pixels stay the photo's own.
    added[np.abs(added) < white / 510] = 0
    hidden = (pixels + added).round().clip(0, white).astype(photo.dtype)
    exact = (hidden == pixels).all(axis=2)
    return Rebuilt(hidden, origins, exact, seam_figure(hidden, origins, photo, wrap), largest)


def enlarged(
    origins: Places,
    source: Image,
    size: Size,
    wrap: Wrap = (False, False),
    fixed: Fixed | None = None,
) -> Places:
    """Carry origins to twice the size, and search near seams for pieces that fit better."""
    origins = carry(origins, 2, size, (source.shape[0], source.shape[1]))
    return improved(fixed.imposed(origins) if fixed else origins, source, wrap, fixed)


def improved(
    origins: Places,
    source: Image,
    wrap: Wrap = (False, False),
    fixed: Fixed | None = None,
    within: Flags | None = None,
) -> Places:
    """Search near seams for pieces that fit better.

    Args:
        within: (H, W), the pixels that may change; all by default.
    """
    size, index = (origins.shape[0], origins.shape[1]), Index(source)
    for _ in range(ROUNDS):
        near = near_seams(origins, PATCH - 1, wrap)
        if within is not None:
            near &= within
        if not near.any():
            break
        start = field_of(origins, index.grid, wrap)
        middle = PATCH // 2
        shifted = np.roll(near, (-middle, -middle), (0, 1))[: len(start), : start.shape[1]]
        found = search(
            taken(source, origins),
            index,
            start=start,
            seeds=False,
            active=np.ascontiguousarray(shifted),
            price=PRICE,
            wrap=wrap,
        )
        origins = vote(found.places, size, wrap=wrap, active=near, origins=origins)
        origins = fixed.imposed(origins) if fixed else origins
    return origins


def octaves_of(photo: Image) -> Iterator[Image]:
    """The photo and its halvings, down to where the layout is decided; a patch fits into each."""
    lacking = [(0, max(0, PATCH - side)) for side in photo.shape[:2]]
    photo = np.pad(photo, [*lacking, (0, 0)], mode="edge")
    while True:
        yield photo
        if min(photo.shape[:2]) <= DECIDED:
            return
        photo = halved(photo)


def sizes_of(octaves: Sequence[Image], size: Size, wrap: Wrap) -> list[Size]:
    """The size of the result at each octave of the photo, starting with ``size``.

    Each is half the one before. Sides that do not wrap have room for a patch at every octave.
    """
    least = PATCH << (len(octaves) - 1)
    height, width = (
        side if around else max(side, least) for side, around in zip(size, wrap, strict=True)
    )
    sizes = [(height, width)]
    for _ in octaves[1:]:
        height, width = -(-height // 2), -(-width // 2)
        sizes.append((height, width))
    return sizes


def halved(image: Image) -> Image:
    """(ceil(H / 2), ceil(W / 2), C), the means of two by two pixels."""
    height, width = image.shape[:2]
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    rows = even[::2].astype(np.uint16) + even[1::2]
    return ((rows[:, ::2] + rows[:, 1::2] + 2) >> 2).astype(np.uint8)


def in_eight_bits(photo: NDArray[Any]) -> Image:
    """The same picture in 8 bits."""
    return photo if photo.dtype == np.uint8 else (photo >> 8).astype(np.uint8)
