"""Periodic images, which continue beyond a border with the opposite side."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from internal_gan.images.blur import gaussian_blur
from internal_gan.images.resize import resize
from internal_gan.units import Size

# Whether the top meets the bottom, and whether the left side meets the right one.
Wrap = tuple[bool, bool]
# The band over which details are mixed, in pixels of the sizes at which a model continues.
JOINT = 2.0


def axes(wrap: Wrap) -> list[int]:
    """The axes of (N, C, H, W) along which an image wraps: -2, -1, both or none."""
    return [axis for axis, wraps in ((-2, wrap[0]), (-1, wrap[1])) if wraps]


def pad_periodic(x: Tensor, border: int, axis: int) -> Tensor:
    """Continue ``x`` periodically by ``border`` elements, any number, at both ends of an axis."""
    if not border:
        return x
    side = x.shape[axis]
    return x.index_select(axis, torch.arange(-border, side + border, device=x.device) % side)


def resize_periodic(x: Tensor, size: Size, wrap: Wrap) -> Tensor:
    """Resample periodic images by :func:`internal_gan.images.resize.resize`.

    Args:
        x: (N, C, H, W), floating point.
        size: (height, width) of the result in pixels.
        wrap: the borders that meet.

    Returns:
        (N, C, height, width) of the dtype of ``x``; it wraps where ``x`` does.
    """
    if not any(wrap):
        return resize(x, size)
    for axis in (-2, -1):
        side, wanted = x.shape[axis], size[axis]
        # A border of a multiple of `step` becomes whole pixels; it must also hold the kernel.
        step = side // math.gcd(side, wanted)
        border = step * math.ceil(4 * max(1.0, side / wanted) / step) if wrap[axis] else 0
        new = border * wanted // side
        shape = list(x.shape[-2:])
        shape[axis] = wanted + 2 * new
        x = resize(pad_periodic(x, border, axis), (shape[0], shape[1])).narrow(axis, new, wanted)
    return x


def cross_fade(
    x: Tensor, band: tuple[float, float], wrap: Wrap, *, keep_contrast: bool = False
) -> Tensor:
    """Make an image wrap: towards each border, mix in the mirror image of the opposite side.

    Args:
        x: (N, C, H, W), floating point.
        band: width (rows, columns) of the mixed band in pixels, above 0. Pixels outside it keep
            their values, bit for bit.
        wrap: the borders that should meet.
        keep_contrast: mix with weights whose squares sum to 1, as suits details around 0, instead
            of weights that sum to 1, as suits colours.

    Returns:
        (N, C, H, W), with equal pixels on both sides of each border that wraps.
    """
    for axis in axes(wrap):
        side = x.shape[axis]
        places = torch.arange(side, device=x.device, dtype=x.dtype)
        depth = (torch.minimum(places, places.flip(0)) / band[axis]).clamp(0, 1)
        inside = (depth * depth * (3 - 2 * depth)).view(-1, *[1] * (-1 - axis))
        angle = (1 + inside) * (math.pi / 4)
        own, other = (
            (angle.sin(), angle.cos()) if keep_contrast else ((1 + inside) / 2, (1 - inside) / 2)
        )
        x = torch.where(inside < 1, own * x + other * x.flip(axis), x)
    return x


def join_borders(x: Tensor, band: tuple[float, float], wrap: Wrap) -> Tensor:
    """Make an image wrap without a ghost of one border over the other.

    Colours are mixed over the band, details over ``JOINT`` pixels: a multiresolution blend of two
    levels (Burt and Adelson, "A multiresolution spline with application to image mosaics", 1983).

    Args:
        x: (N, C, H, W), floating point.
        band: as for :func:`cross_fade`.
        wrap: the borders that should meet.

    Returns:
        (N, C, H, W); pixels outside both bands keep their values.
    """
    if not any(wrap):
        return x
    colours = gaussian_blur(x, max(band[axis] for axis in axes(wrap)) / 2)
    details = x - colours
    joined = cross_fade(details, (JOINT, JOINT), wrap, keep_contrast=True)
    return x + (cross_fade(colours, band, wrap) - colours) + (joined - details)


class Moves:
    """Random shifts of a periodic image, each at another size, and the way back.

    Pixels differ more where the pixel grids of all sizes of a pyramid meet, which without shifts is
    always at the border.
    """

    def __init__(self, wrap: Wrap, rng: torch.Generator) -> None:
        self._axes = axes(wrap)
        self._rng = rng
        self._moved = dict.fromkeys(self._axes, 0.0)

    def on(self, x: Tensor) -> Tensor:
        """Shift (N, C, H, W) across its borders, along both axes by random amounts."""
        for axis in self._axes:
            side = x.shape[axis]
            step = int(torch.randint(side, (), device=self._rng.device, generator=self._rng))
            self._moved[axis] += step / side
            x = x.roll(step, axis)
        return x

    def back(self, x: Tensor) -> Tensor:
        """Undo all shifts, to the nearest pixel."""
        for axis in self._axes:
            x = x.roll(-round(self._moved[axis] * x.shape[axis]), axis)
        return x


def border_band(size: Size, band: tuple[float, float], wrap: Wrap) -> Tensor:
    """A soft mask of bands along the borders that wrap.

    Args:
        size: (height, width) in pixels.
        band: width (rows, columns) of the bands in pixels, above 0.
        wrap: the borders that meet.

    Returns:
        (1, 1, height, width): 1 in the outer third of a band, 0 outside the bands.
    """
    mask = torch.zeros(1, 1, *size)
    for axis in axes(wrap):
        places = torch.arange(size[axis]) + 0.5
        depth = torch.minimum(places, places.flip(0)) / band[axis]
        inside = ((3 * depth - 1) / 2).clamp(0, 1)
        outer = 1 - inside * inside * (3 - 2 * inside)
        mask = torch.maximum(mask, outer.view(-1, *[1] * (-1 - axis)))
    return mask
