"""Rebuilds a part of a picture from the picture's own patches, and keeps the rest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from internal_gan.finishing.drawing import LAYOUT_SIDE
from internal_gan.finishing.seams import HOLD, Hiding, changed, hide
from internal_gan.finishing.sizes import SHORTEST, halved, resized, scales, shrunk_flags
from internal_gan.finishing.walker import Fixed, Level, walk
from internal_gan.images.levels import ALL, Used, in_eight_bits
from internal_gan.images.periodic import NO_WRAP
from internal_gan.images.pyramid import scaled
from internal_gan.images.windows import Window, box_of
from internal_gan.patches.fast import PATCH, touching
from internal_gan.patches.origins import own_places, taken
from internal_gan.shapes import Flags, Image, Levels, Places


@dataclass(frozen=True)
class Filled:
    """The window of a picture that holds the rebuilt part; other pixels are unchanged.

    Attributes:
        origins: (h, w, 2), row and column of each pixel in the whole picture.
        exact: (h, w), whether a pixel is the one at its origin, not changed at a seam.
    """

    window: Window
    pixels: Levels
    origins: Places
    exact: Flags


@dataclass(frozen=True)
class _Picture:
    """A picture at one size, the part to rebuild, where no pixel is taken from, and a guide."""

    image: Image
    part: Flags
    excluded: Flags
    guide: Image | None

    def halved(self) -> "_Picture":
        guide = None if self.guide is None else halved(self.guide)
        # A pixel is flagged if any of the two by two pixels is.
        part, excluded = (halved(f * np.uint8(255)) > 0 for f in (self.part, self.excluded))
        return _Picture(halved(self.image), part, excluded, guide)

    def at(self, scale: float) -> "_Picture":
        """The same at a smaller scale, with the guide as a fourth channel of the image."""
        size = scaled(self.part.shape, scale)
        image = resized(self.image, size)
        if self.guide is not None:
            image = np.dstack([image, resized(self.guide, size)])
        flags = shrunk_flags(self.part, size), shrunk_flags(self.excluded, size)
        return _Picture(image, *flags, None)

    def level(self, scale: float, window: Window) -> Level:
        """The level that rebuilds a window; outside the part, each pixel is its own origin."""
        part = self.part[window]
        drawing = self.image[window]
        corner = window[0].start or 0, window[1].start or 0
        fixed = Fixed(~part, own_places(part.shape, corner))
        allowed = ~touching(self.excluded)
        return Level(scale, self.image, part.shape, NO_WRAP, drawing, fixed, part, allowed)


def finish_inside(  # noqa: PLR0913 (all but three have defaults)
    picture: Levels,
    part: Flags,
    excluded: Flags,
    *,
    guide: Image | None = None,
    shortest: float = SHORTEST,
    hold: float = HOLD,
    blends: bool = True,
    used: Used = ALL,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Filled | None:
    """Rebuild a part of a picture from pixels elsewhere in it; None if no patch may be taken.

    Args:
        picture: of 8 or 16 bits; inside the part, a drawing of what should go there.
        excluded: where no pixel is taken from: in the part at least.
        guide: (H, W) of 8 bits, such as lines; at the small sizes, where the drawing decides,
            patches should match it, too.
        shortest: the short side of the picture, in pixels, at the first size. A larger one gives a
            result closer to the drawing, in smaller pieces.
        hold: how strongly colours are held while seams are hidden.
        blends: whether seams may be hidden by colours that the picture does not have.
        used: the range of values, see :func:`internal_gan.images.levels.used_range`.
        on_progress: called now and then with the share of the work that is done, 0 to 1.
    """
    octaves = [_Picture(in_eight_bits(picture, used), part, excluded, guide)]
    while min(octaves[-1].part.shape) > LAYOUT_SIDE:
        octaves.append(octaves[-1].halved())
    small = octaves.pop()
    whole = slice(None), slice(None)
    levels = [small.at(scale).level(scale, whole) for scale in scales(small.part.shape, shortest)]
    if not np.any(levels[-1].allowed):
        return None
    *_, (_, origins) = walk(level for level in levels if np.any(level.allowed))
    window = _around(part, 2 ** len(octaves))
    origins = origins[_divided(window, 2 ** len(octaves))]
    for number in reversed(range(len(octaves))):
        # An octave takes four times as long as the one before; hiding seams is the other half.
        on_progress(4.0 ** -(number + 1) / 2)
        scale = 2.0 ** (len(octaves) - number)
        level = octaves[number].level(scale, _divided(window, 2**number))
        origins = level.rebuilt(origins, scale / 2)
    on_progress(0.5)
    pixels = taken(picture, origins)
    how = Hiding(hold / 2 ** len(octaves), part=part[window], unknown=part)
    added = hide(pixels, origins, picture, how) if blends else np.zeros(1, np.float32)
    made, exact = changed(pixels, added)
    return Filled(window, made, origins, exact)


def _around(part: Flags, step: int) -> Window:
    """The window of the part and a margin, at multiples of ``step``."""
    sides = []
    for span, side in zip(box_of(part), part.shape, strict=True):
        start = max(0, span.start // step - PATCH) * step
        stop = min(side, (-(-span.stop // step) + PATCH) * step)
        sides.append(slice(start, stop))
    return sides[0], sides[1]


def _divided(window: Window, by: int) -> Window:
    rows, columns = (slice(side.start // by, -(-side.stop // by)) for side in window)
    return rows, columns
