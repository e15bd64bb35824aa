"""Images that go on from the other side beyond their borders."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from internal_gan.images.blur import gaussian_blur
from internal_gan.images.resize import resize
from internal_gan.units import Size

# Whether the top meets the bottom, and whether the left side meets the right one.
Wrap = tuple[bool, bool]
# In pixels; chosen by looking, at the sizes where a model goes on from it.
JOINT = 2.0


def axes(wrap: Wrap) -> list[int]:
    """The axes of (N, C, H, W) along which an image wraps, counted from the end."""
    return [axis for axis, wraps in ((-2, wrap[0]), (-1, wrap[1])) if wraps]


def pad_periodic(x: Tensor, border: int, axis: int) -> Tensor:
    """Repeat ``x`` beyond both ends of an axis by ``border`` elements, any number of them."""
    if not border:
        return x
    side = x.shape[axis]
    return x.index_select(axis, torch.arange(-border, side + border, device=x.device) % side)


def resize_periodic(x: Tensor, size: Size, wrap: Wrap) -> Tensor:
    """As :func:`internal_gan.images.resize.resize`, of images that wrap.

    Args:
        x: (N, C, H, W), floating point.
        size: (height, width) of the result, in pixels.
        wrap: the borders that meet.

    Returns:
        (N, C, height, width) of the dtype of ``x``; it tiles where ``x`` does.
    """
    if not any(wrap):
        return resize(x, size)
    for axis in (-2, -1):
        side, wanted = x.shape[axis], size[axis]
        # A border of so many pixels becomes a whole number of them, and holds the kernel.
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
    """Make an image wrap: towards a border, mix in the mirror image of what lies beyond it.

    Args:
        x: (N, C, H, W), floating point.
        band: how far from the border (rows, columns) it begins, in pixels, above 0. What is
            farther away stays as it is, bit for bit.
        wrap: the borders that are to meet.
        keep_contrast: mix by weights whose squares add up to 1, right for fine details around
            zero, rather than by weights that add up to 1, right for colours.

    Returns:
        (N, C, H, W); both sides of a border that wraps are equal there.
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

    Colours are mixed over the band and details over ``JOINT`` pixels, the two bands of a blend of
    many (Burt and Adelson, "A multiresolution spline with application to image mosaics", 1983).

    Args:
        x: (N, C, H, W), floating point.
        band: as for :func:`cross_fade`.
        wrap: the borders that are to meet.

    Returns:
        (N, C, H, W); what is beyond the band, and beyond ``JOINT``, stays as it is.
    """
    if not any(wrap):
        return x
    colours = gaussian_blur(x, max(band[axis] for axis in axes(wrap)) / 2)
    details = x - colours
    joined = cross_fade(details, (JOINT, JOINT), wrap, keep_contrast=True)
    return x + (cross_fade(colours, band, wrap) - colours) + (joined - details)


class Moves:
    """Random moves of an image that wraps, each at another size, and the way back.

    Where the pixel grids of all sizes of a pyramid meet, steps from pixel to pixel are larger
    than elsewhere, and without moves all of them meet at the border.
    """

    def __init__(self, wrap: Wrap, rng: torch.Generator) -> None:
        self._axes = axes(wrap)
        self._rng = rng
        self._moved = dict.fromkeys(self._axes, 0.0)

    def on(self, x: Tensor) -> Tensor:
        """Move (N, C, H, W) over its borders."""
        for axis in self._axes:
            side = x.shape[axis]
            step = int(torch.randint(side, (), device=self._rng.device, generator=self._rng))
            self._moved[axis] += step / side
            x = x.roll(step, axis)
        return x

    def back(self, x: Tensor) -> Tensor:
        """Move it to where it would be without, to the nearest pixel."""
        for axis in self._axes:
            x = x.roll(-round(self._moved[axis] * x.shape[axis]), axis)
        return x


def border_band(size: Size, band: tuple[float, float], wrap: Wrap) -> Tensor:
    """A soft mask of what lies along the borders that wrap.

    Args:
        size: (height, width) in pixels.
        band: how far it reaches (rows, columns), in pixels, above 0.
        wrap: the borders that are to meet.

    Returns:
        (1, 1, height, width): 1 in the outer third of the band, 0 beyond it.
    """
    mask = torch.zeros(1, 1, *size)
    for axis in axes(wrap):
        places = torch.arange(size[axis]) + 0.5
        depth = torch.minimum(places, places.flip(0)) / band[axis]
        inside = ((3 * depth - 1) / 2).clamp(0, 1)
        outer = 1 - inside * inside * (3 - 2 * inside)
        mask = torch.maximum(mask, outer.view(-1, *[1] * (-1 - axis)))
    return mask
