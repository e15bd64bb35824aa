"""Windows that cover a large image, for what is computed piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil, isqrt

from internal_gan.units import Size


def tiles(size: Size, most: int) -> Iterator[tuple[slice, slice]]:
    """Cut an image into windows (rows, columns) of at most ``most`` pixels, about square.

    >>> [(rows.start, rows.stop) for rows, _ in tiles((5, 2), 4)]
    [(0, 1), (1, 3), (3, 5)]
    """
    side = isqrt(most)
    for rows in _spans(size[0], side):
        for columns in _spans(size[1], side):
            yield rows, columns


def widened(window: tuple[slice, slice], margin: int) -> tuple[slice, slice]:
    """The window in an image that was padded by ``margin``, with that margin around it."""
    rows, columns = window
    return (
        slice(rows.start, rows.stop + 2 * margin),
        slice(columns.start, columns.stop + 2 * margin),
    )


def _spans(length: int, most: int) -> list[slice]:
    """Cut a length into spans that differ by one at most."""
    count = ceil(length / most)
    ends = [length * k // count for k in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]
