"""Levels as floats, luminance, colour transfer, few colours, and a colour for every place."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# Pixel art, maps and diagrams have few colours and flat areas.
FEW_COLOURS = 256  # at most
FEW_GRAYS = 32  # at most, of a gray picture
FLAT = 0.8  # the least share of neighbours that are equal
# With a palette of at most this many colours, a picture is pixel art even without flat areas; the
# palettes of photos have more.
FEW_OF_PALETTE = 32
SEEN = 4096  # about this many pixels are enough to find more colours in most photos
_MIXED = torch.tensor([[1], [1_000_003], [1_000_003**2]])  # make one number of three
# Top left blue, top right red, bottom left green, bottom right yellow.
_CORNERS = ((-0.9, -0.3, 0.9), (0.9, -0.5, -0.5), (-0.7, 0.7, -0.6), (1.0, 0.7, -0.8))


def in_floats(colours: Tensor) -> Pixels:
    """8-bit levels (1, 3, H, W) as floats in [-1, 1]; floats as they are."""
    if colours.is_floating_point():
        return colours
    # Channels that are one in memory, as those of a gray photo, stay so.
    each = colours[:, :1] if colours.stride(1) == 0 else colours
    return each.float().div_(127.5).sub_(1.0).expand_as(colours)


def to_uint8(pixels: Tensor) -> Tensor:
    """Round [-1, 1] to ``uint8`` from 0 to 255; other values are clipped."""
    return (pixels.detach().float() + 1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def in_kind_of(colours: Tensor, pixels: Pixels) -> Tensor:
    """Pixels in [-1, 1] as what ``colours`` are: rounded to 8-bit levels, or floats as they are; a
    ValueError if they are not finite."""
    if not pixels.isfinite().all():
        raise ValueError(f"expected finite pixels, got {tuple(pixels.shape)}")
    return pixels if colours.is_floating_point() else to_uint8(pixels)


def luminance(image: Tensor) -> Tensor:
    """Gray values (N, 1, H, W) of (N, 3, H, W), in the same range (Rec. 601)."""
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:3]


def match_colours(pixels: Pixels, mask: Mask, reference: Pixels) -> Pixels:
    """Give the masked part of an image the mean colour of a reference, and at most its contrast.

    A channel's standard deviation is never raised, so a flat part stays flat. The mask must not be
    0 everywhere.

    Source: E. Reinhard et al., "Color transfer between images", 2001; here in RGB.
    """
    weights = mask / mask.sum()
    mean = (weights * pixels).sum(dim=(2, 3), keepdim=True)
    std = (weights * (pixels - mean).square()).sum(dim=(2, 3), keepdim=True).sqrt()
    wanted_mean = reference.mean(dim=(2, 3), keepdim=True)
    wanted_std = reference.std(dim=(2, 3), keepdim=True, correction=0)
    gain = (wanted_std / std.clamp_min(1e-6)).clamp(max=1.0)
    return pixels.lerp(((pixels - mean) * gain + wanted_mean).clamp(-1.0, 1.0), mask)


def colour_code(size: Size) -> Pixels:
    """A colour for every position of an image of ``size``, blended from its corners'."""
    corners = torch.tensor(_CORNERS).T.reshape(1, 3, 2, 2)
    return F.interpolate(corners, size, mode="bilinear", align_corners=True)


def has_few_colours(colours: Tensor, has_palette: bool = False) -> bool:
    """Whether a picture has at most ``FEW_COLOURS`` (or ``FEW_GRAYS``) in flat areas, or with a
    palette at most ``FEW_OF_PALETTE`` of it."""
    if has_palette and _are_few(colours, FEW_OF_PALETTE):
        return True
    step = max(1, math.isqrt(colours[0, 0].numel() // SEEN))
    if not _are_few(colours[..., ::step, ::step]):
        return False
    equal = [(colours.diff(dim=axis) == 0).all(dim=1).float().mean() for axis in (-2, -1)]
    return float(sum(equal)) / 2 >= FLAT and _are_few(colours)


def _are_few(colours: Tensor, most: int | None = None) -> bool:
    most = most or (FEW_GRAYS if (colours == colours[:, :1]).all() else FEW_COLOURS)
    found = torch.zeros(0, dtype=torch.int64)
    for some in torch.split(colours[0].flatten(1), 64 * SEEN, dim=1):
        bits = some.view(torch.int32) if some.is_floating_point() else some
        found = torch.unique(torch.cat([found, (bits.long() * _MIXED).sum(dim=0)]))
        if len(found) > most:
            return False
    return True
