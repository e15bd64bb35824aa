"""A photo on a larger canvas."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.images.photo import Photo
from internal_gan.images.windows import Window
from internal_gan.shapes import Mask
from internal_gan.units import Size


class Margins(NamedTuple):
    """New pixels on each side of a photo."""

    top: int
    right: int
    bottom: int
    left: int

    def window(self, size: Size) -> Window:
        """Where a photo of ``size`` lies on its canvas."""
        return slice(self.top, self.top + size[0]), slice(self.left, self.left + size[1])

    def part(self, size: Size) -> Mask:
        """1 in the margins of a photo of ``size``, else 0."""
        return self.padded(torch.zeros(1, 1, *size), 1.0)

    def padded(self, image: Tensor, value: float) -> Tensor:
        """An image (1, C, H, W) with margins of one value."""
        return F.pad(image, (self.left, self.right, self.top, self.bottom), value=value)

    def around(self, photo: Photo) -> Photo:
        """The photo on its canvas, whose margins have its mean colour, so that they widen no range,
        and are transparent if it has alpha."""
        mean = photo.pixels.mean(dim=(2, 3), keepdim=True)
        return replace(
            photo,
            pixels=torch.where(self.part(photo.size) > 0, mean, self.padded(photo.pixels, 0.0)),
            alpha=None if photo.alpha is None else self.padded(photo.alpha, 0.0),
            raw=None if photo.raw is None else self.padded(photo.raw, -1.0),
            given=None,
        )


def margins_of(sides: list[int | str], size: Size) -> Margins:
    """The margins for ``[top, right, bottom, left]``, each in pixels or in per cent of the side.

    >>> margins_of([0, "10%", 5, "10%"], (100, 300))
    Margins(top=0, right=30, bottom=5, left=30)
    """
    return Margins(
        *(
            one if isinstance(one, int) else round(float(one.rstrip("%")) / 100 * side)
            for one, side in zip(sides, 2 * size, strict=True)
        )
    )


def margins_to(shape: Size | float, size: Size, anchor: tuple[float, float]) -> Margins:
    """The margins around a photo of ``size`` for a canvas of a larger (height, width), or for the
    smallest of width over height. ``anchor`` has the shares of the new rows above the photo, and of
    the new columns left of it.

    >>> margins_to(1.0, (100, 300), (0.0, 0.5))
    Margins(top=0, right=0, bottom=200, left=0)
    """
    height, width = size
    if isinstance(shape, float):
        shape = max(height, round(width / shape)), max(width, round(height * shape))
    rows, columns = shape[0] - height, shape[1] - width
    above, before = anchor
    top, left = round(rows * above), round(columns * before)
    return Margins(top, columns - left, rows - top, left)
