"""From decoded levels to a photo, and the size at which a very large picture is read."""

from torch import Tensor

from internal_gan.images.fill import fill_transparent
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.units import Size

# Files of more pixels are reduced to this many times the side needed. Shrinking them from there
# gives nearly the same as shrinking the whole picture.
WHOLE_PIXELS = 25_000_000
GAP = 8


def photo_of(
    levels: Tensor, mode: str, bit_depth: int, size: Size, icc_profile: bytes | None = None
) -> Photo:
    """The photo of a picture of ``size`` from levels (C, H, W) in [0, 1], gray or RGB, with or
    without alpha, which are overwritten."""
    has_alpha = len(levels) in (2, 4)
    colours = levels[:-1] if has_alpha else levels
    alpha = levels[None, -1:] if has_alpha else None
    raw = colours.expand(3, -1, -1).contiguous()[None].mul_(2.0).sub_(1.0)
    pixels = raw if alpha is None else fill_transparent(raw, alpha)
    return Photo(
        pixels,
        alpha,
        mode=mode,
        bit_depth=bit_depth,
        icc_profile=icc_profile,
        raw=None if pixels is raw else raw,
        given=None if levels.shape[1:] == size else size,
    )


def reduced_size(size: Size, longest: int | None) -> Size:
    """The size at which to read a picture of which only ``longest`` pixels a side are needed; its
    own if less would not save much memory.

    >>> reduced_size((10900, 10920), 250)
    (1996, 2000)
    >>> reduced_size((1000, 120000), 60)
    (60, 7200)
    >>> reduced_size((4000, 6000), 250)
    (4000, 6000)
    """
    if longest is None or size[0] * size[1] <= WHOLE_PIXELS or max(size) <= GAP * longest:
        return size
    # A long photo may be trained on at more than its longest side: keep its short one.
    factor = max(GAP * longest / max(size), longest / min(size))
    return scaled(size, factor) if factor < 1 else size
