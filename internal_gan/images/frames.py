"""Finds the frame around a picture: a print's white border, a slide's mount, the bars of a film."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from internal_gan.images.photo import Margins, Photo
from internal_gan.shapes import Mask

LEVEL = 2 / 255  # a level of 8 bits, in [-1, 1]
# A band's width is at least both of the first two, and at most the third.
LEAST = 2  # pixels
THINNEST = 1 / 500  # of the photo's long side
WIDEST = 0.25  # of the side that it takes from
# Nearly all pixels of a row of a band have about its colour.
NOISE = 12 * LEVEL  # the largest difference
FEW = 0.02  # the largest share of pixels that differ more
# A band ends in a step: within a few rows, pixels differ from its colour.
STEP = 20 * LEVEL  # by more than this
BLURRED = 6  # rows over which compression and scanning blur a step
NEARLY_ALL = 0.8  # the least share of a band's length that ends in a step
MOST = 0.75  # the least mean share, if all bands are equally wide and two have NEARLY_ALL
# A thin line along a border ends in a step, too.
THICKEST = 4  # pixels of the widest line
LINE = 0.5  # the least share of its length that does; the photo may be as dark or light elsewhere
AGAINST = 0.05  # the largest share of its length with a step the other way
SMEARED = 8  # JPEG smears a line's colour over blocks of this many pixels

Rows = NDArray[Any]  # as a photo has its colours


def frame_of(photo: Photo) -> Margins | None:
    """The frame of a picture; None if it has none, or if some of it is transparent.

    A frame is bands of one colour along all four sides, or along two opposite ones, that end in a
    step along nearly all of their inner side, unlike a thing on white, a night sky or a page.
    """
    if photo.alpha is not None and (photo.alpha < 1).any():
        return None
    sides = _inwards(np.moveaxis(photo.colours[0].numpy(), 0, -1))
    colours = [_colour(rows) for rows in sides]
    bands = [_band(rows) for rows in sides]
    for wanted in ((0, 1, 2, 3), (0, 2), (1, 3)):
        if np.ptp([colours[side] for side in wanted], axis=0).max() > NOISE:
            continue
        found = [bands[side] if side in wanted else 0 for side in range(4)]
        for ends in (found, [min(found)] * 4):
            if not all(ends[side] for side in wanted):
                continue
            steps = {side: _step(sides[side], ends, side) for side in wanted}
            shares = [share for share, _ in steps.values()]
            equal = len(set(ends)) == 1
            if min(shares) >= NEARLY_ALL or (
                equal and np.mean(shares) >= MOST and sorted(shares)[-2] >= NEARLY_ALL
            ):
                return Margins(*(steps.get(side, (0.0, 0))[1] for side in range(4)))
    return None


def _inwards(levels: Rows) -> list[Rows]:
    """Its rows from the top, right, bottom and left border on."""
    turned = levels.swapaxes(0, 1)
    return [levels, turned[::-1], levels[::-1], turned]


def _band(rows: Rows) -> int:
    """How many of the first rows have the colour of the first one; 0 if too few or too many."""
    colour = _colour(rows)
    widest = int(WIDEST * len(rows))
    start = 0
    least = max(LEAST, THINNEST * max(rows.shape[:2]))
    while start <= widest:
        stop = max(BLURRED, 2 * start)  # most pictures have no band at all
        off = np.abs(_floats(rows[start:stop]) - colour).max(axis=2)
        others = (off > NOISE).mean(axis=1) > FEW
        if others.any():
            band = start + int(others.argmax())
            return band if least <= band <= widest else 0
        start = stop
    return 0


def _colour(rows: Rows) -> NDArray[np.float32]:
    """Of most of the first row."""
    colour: NDArray[np.float32] = np.median(_floats(rows[0]), axis=0)
    return colour


def _floats(rows: Rows) -> NDArray[np.float32]:
    """Rows in [-1, 1]."""
    return rows.astype(np.float32) / np.float32(127.5) - 1 if rows.dtype == np.uint8 else rows


def _step(rows: Rows, bands: list[int], side: int) -> tuple[float, int]:
    """The share of a band, between its neighbours, that ends in a step, and where it does."""
    before, after = bands[3 if side % 2 == 0 else 0], bands[1 if side % 2 == 0 else 2]
    band = bands[side]
    colour = _colour(rows)
    inner = rows[band : band + BLURRED + 1, before : rows.shape[1] - after]
    off = np.abs(_floats(inner) - colour).max(axis=2)
    means = off.mean(axis=1)
    blurred = int((means >= 0.6 * means.max()).argmax())
    return float((off.max(axis=0) > STEP).mean()), band + blurred


def lines_of(photo: Photo, hole: Mask | None = None) -> Margins:
    """The widths, in pixels, of the thin lines of another brightness that some scans and
    screenshots have along their borders; 0 without one, if some of the photo is transparent, or if
    its colours are few. What lies in a hole does not count, unless that is all there is."""
    if photo.alpha is not None or photo.has_few_colours or min(photo.size) < 2 * THICKEST:
        return Margins(0, 0, 0, 0)
    levels = np.moveaxis(photo.colours[0].numpy(), 0, -1)
    found = []
    unknown = np.zeros(photo.size, np.bool_) if hole is None else hole[0, 0].numpy() > 0
    for rows, closed in zip(_inwards(levels), _inwards(unknown), strict=True):
        near = _floats(rows[: 2 * THICKEST]).mean(axis=2)
        known = ~closed[: 2 * THICKEST].any(axis=0)
        near = near[:, known] if known.sum() >= 2 * THICKEST else near
        steps = near[:-2] - near[2:]
        up, down = (steps > NOISE).mean(axis=1), (steps < -NOISE).mean(axis=1)
        same = (np.maximum(up, down) >= LINE) & (np.minimum(up, down) <= AGAINST)
        sizes = np.abs(steps.mean(axis=1))
        ends = same[:-2] & (sizes[:-2] > NOISE + 4 * sizes[2:])  # no step like it follows
        found.append(int(ends[:THICKEST].nonzero()[0].max(initial=-1)) + 1)
    return Margins(*found)
