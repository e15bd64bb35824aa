"""Finishes a drawing, of the size a network was trained at, with the photo's own pixels."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from internal_gan.finishing.origin import BLENDED, EXACT, Origin
from internal_gan.finishing.seams import COARSEST, HOLD, Hiding, changed, largest_piece, solved
from internal_gan.finishing.sizes import SHORTEST, halved, resized, scales
from internal_gan.finishing.walker import Fixed, Level, walk
from internal_gan.images.levels import ALL, Used, in_eight_bits
from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.pyramid import scaled
from internal_gan.patches import kernels
from internal_gan.patches.fast import PATCH, search
from internal_gan.patches.origins import taken, vote
from internal_gan.shapes import Image, Levels
from internal_gan.units import Size

# The layout is decided where the photo's short side has at most this many pixels.
LAYOUT_SIDE = 320
# If one piece of the photo covers too much of the result, the layout is decided again, beginning at
# a larger size, where the drawing decides more. From size to size, pieces hardly grow or shrink.
LARGEST_PIECE = 0.25  # the largest share of the result
CAREFUL = 48  # the photo's short side at that larger size, in pixels
# What is given must not be repeated: a match between a given pixel and another one counts like a
# difference of this many colour levels.
GIVEN_LEVELS = 128
# Compiling the other loops takes this many times as long as compiling the search.
OTHERS = 5.5


@dataclass(frozen=True)
class Rebuilt:
    """A finished picture, of the photo's dtype, and its largest piece's share of it."""

    pixels: Levels
    origin: Origin
    largest_piece: float


class Octaves:
    """A photo at the sizes at which its patches are searched; padded, if a patch does not fit.

    Args:
        photo: of 8 or 16 bits.
        used: the range of its values, see :func:`internal_gan.images.levels.used_range`.
        blends: whether seams may be hidden by colours that the photo does not have.

    Attributes:
        least: the smallest change of a pixel that shows.
        images: of 8 bits, from the full size to that at which the layout is decided, each half as
            large as the one before.
    """

    def __init__(self, photo: Levels, used: Used = ALL, blends: bool = True) -> None:
        self.photo = photo
        self.blends = blends
        # Changes too small for 8 bits are dropped, so that 16-bit pixels stay the photo's own.
        self.least = np.iinfo(photo.dtype).max * (used[1] - used[0]) / 2 / 510
        lacking = [(0, max(0, PATCH - side)) for side in photo.shape[:2]]
        self.images = [np.pad(in_eight_bits(photo, used), [*lacking, (0, 0)], mode="edge")]
        while min(self.images[-1].shape[:2]) > LAYOUT_SIDE:
            self.images.append(halved(self.images[-1]))


def compile_loops(say: Callable[[str], None]) -> None:
    """Compile the loops, and report that in one line, or read them from numba's cache."""
    if kernels.measure.signatures:
        return
    tiny = np.zeros((PATCH, PATCH, 3), np.uint8)
    start = np.zeros((1, 1, 2), np.int32)
    started = time.perf_counter()
    search(tiny, tiny, start=start, sweeps=0)
    spent = time.perf_counter() - started
    if not kernels.measure.stats.cache_hits:
        lost = "each time, as numba has no cache folder; NUMBA_CACHE_DIR sets one"
        again = "only the first time" if kernels.KEPT else lost
        say(f"Compiling the search for patches: about {OTHERS * spent:.0f} s, {again}")
        # Once in the cache, the other loops are loaded when they are needed.
        side = 2 * COARSEST
        solved(np.zeros((side, side, 3), np.float32), np.ones((side, side), np.bool_), HOLD)
    vote(search(tiny, tiny).places, (PATCH, PATCH))


def finish(
    drawing: Image,
    octaves: Octaves,
    size: Size,
    *,
    wrap: Wrap = NO_WRAP,
    fixed: Fixed | None = None,
) -> Rebuilt:
    """Rebuild a drawing from a photo's pixels.

    Args:
        drawing: of any size.
        octaves: of the photo, with pixels of the same size as the result's.
        size: of the result.
        fixed: pixels of the result that are given, and not changed at seams.
    """
    photo = octaves.photo
    first, *larger = _levels(octaves, size, wrap, fixed)
    for shortest, most in ((SHORTEST, LARGEST_PIECE), (CAREFUL, 1.0)):
        for level, origins in walk(up_to(first, drawing, shortest)):
            largest = largest_piece(origins, level.fixed and level.fixed.where)
            if largest > most:
                break
        else:
            break
    for level in larger:
        origins = level.rebuilt(origins, level.scale / 2)
    # Without the padding of a result or photo that is too small for a patch.
    last = np.array(photo.shape[:2], np.int32) - 1
    origins = origins[: size[0], : size[1]].clip(0, last)
    pixels = taken(photo, origins)
    hiding = Hiding(HOLD / 2 ** len(larger), wrap, None if fixed is None else ~fixed.where)
    added = hiding.added(pixels, origins, photo)
    added[np.abs(added) < (octaves.least if octaves.blends else np.inf)] = 0
    hidden, exact = changed(pixels, added)
    kinds = np.where(exact, EXACT, BLENDED).astype(np.uint8)
    return Rebuilt(hidden, Origin(origins, kinds, photo.shape[:2], hiding), largest)


def _levels(octaves: Octaves, size: Size, wrap: Wrap, fixed: Fixed | None) -> list[Level]:
    """The level at which the layout is decided, and those up to a result's size, each twice as
    large as the one before.

    A small result is padded, so that a patch fits into each.
    """
    last = len(octaves.images) - 1
    height, width = (
        side if wraps else max(side, PATCH << last) for side, wraps in zip(size, wrap, strict=True)
    )
    levels = list[Level]()
    for number, image in enumerate(octaves.images):
        given = fixed and fixed.resized(0.5**number, (height, width), image.shape[:2])
        levels.append(Level(2.0 ** (last - number), image, (height, width), wrap, fixed=given))
        height, width = -(-height // 2), -(-width // 2)
    return levels[::-1]


def up_to(last: Level, drawing: Image, shortest: int) -> Iterator[Level]:
    """The levels up to the ``last`` one at which a drawing of any size decides.

    At the first, the photo's short side is ``shortest``. A larger one gives a result closer to the
    drawing, in smaller pieces.
    """
    whole = last.photo.shape[:2]
    for scale in scales(whole, shortest, min(last.size)):
        size = scaled(last.size, scale)
        photo = resized(last.photo, scaled(whole, scale))
        given = resized(drawing, size)
        fixed = last.fixed
        if fixed is not None:
            # A channel that guides the search, so that what is given is found nowhere else.
            fixed = fixed.resized(scale, size, photo.shape[:2])
            source = np.zeros(photo.shape[:2], np.uint8)
            source[tuple(fixed.origins[fixed.where].T)] = GIVEN_LEVELS
            photo = np.dstack([photo, source])
            given = np.dstack([given, np.uint8(GIVEN_LEVELS) * fixed.where])
        yield replace(last, scale=scale, photo=photo, size=size, drawing=given, fixed=fixed)
