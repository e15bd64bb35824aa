"""Periodic images, whose opposite borders meet."""

import math
from typing import Literal

import torch
from torch import Tensor

from internal_gan.images.resize import gaussian_blur, resize
from internal_gan.shapes import Mask
from internal_gan.units import Size

# Whether the top meets the bottom, and whether the left side meets the right one.
Wrap = tuple[bool, bool]
NO_WRAP: Wrap = (False, False)
# The same in options: True for both, ``x`` for left and right, ``y`` for top and bottom.
Tileable = bool | Literal["x", "y"]
# The width of the band in which borders are joined.
DETAIL_BAND = 2.0  # of details, in pixels
COLOUR_BAND = 0.15  # of colours, as a fraction of the sides


def wrap_of(tileable: bool | str) -> Wrap:
    """Which borders meet: (top and bottom, left and right)."""
    return tileable in (True, "y"), tileable in (True, "x")


def axes(wrap: Wrap) -> list[int]:
    """The axes along which an image wraps: -2, -1, both or none."""
    return [axis for axis, wraps in ((-2, wrap[0]), (-1, wrap[1])) if wraps]


def pad_periodic(x: Tensor, border: int, axis: int) -> Tensor:
    """Continue ``x`` periodically by any number of elements at both ends of an axis."""
    if not border:
        return x
    side = x.shape[axis]
    return x.index_select(axis, torch.arange(-border, side + border, device=x.device) % side)


def resize_periodic(x: Tensor, size: Size, wrap: Wrap) -> Tensor:
    """:func:`internal_gan.images.resize.resize` for images that wrap; the result wraps, too."""
    if not any(wrap):
        return resize(x, size)
    for axis in (-2, -1):
        side = x.shape[axis]
        wanted = size[axis]
        # The border must cover the kernel; a multiple of `step` is resized to whole pixels.
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
    """Make (N, C, H, W) equal on both sides of each border by blending in its mirror image there.

    Pixels outside the ``band`` (rows, columns), above 0 and in pixels, keep their values, bit for
    bit. With ``keep_contrast`` the squares of the weights sum to 1, which suits details around 0,
    otherwise the weights themselves, which suits colours.
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


def join_borders(x: Tensor, wrap: Wrap) -> Tensor:
    """:func:`cross_fade` without ghosts: colours are mixed over a broad band, details over a narrow
    one (Burt, Adelson, "A multiresolution spline with application to image mosaics", 1983).
    """
    if not any(wrap):
        return x
    band = COLOUR_BAND * x.shape[-2], COLOUR_BAND * x.shape[-1]
    colours = gaussian_blur(x, max(band[axis] for axis in axes(wrap)) / 2)
    details = x - colours
    joined = cross_fade(details, (DETAIL_BAND, DETAIL_BAND), wrap, keep_contrast=True)
    return x + (cross_fade(colours, band, wrap) - colours) + (joined - details)


class Moves:
    """Random shifts of a periodic image, size after size, that can be undone.

    Without them the border, where the pixel grids of all sizes meet, would stay in one place.
    """

    def __init__(self, wrap: Wrap, rng: torch.Generator) -> None:
        self._axes = axes(wrap)
        self._rng = rng
        self._moved = dict.fromkeys(self._axes, 0.0)

    def on(self, x: Tensor) -> Tensor:
        """Shift (N, C, H, W) across its borders by random amounts."""
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


def border_band(size: Size, band: tuple[float, float], wrap: Wrap) -> Mask:
    """1 in bands, ``band`` pixels (rows, columns) wide, along the borders that wrap, else 0."""
    mask = torch.zeros(1, 1, *size)
    for axis in axes(wrap):
        places = torch.arange(size[axis]) + 0.5
        mask.movedim(axis, -1)[..., torch.minimum(places, places.flip(0)) < band[axis]] = 1
    return mask
