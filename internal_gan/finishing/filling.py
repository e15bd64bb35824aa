"""Holes and margins filled, and borders joined, without a network.

A filling is drawn at a small size, from its border inwards, and rebuilt of the photo's own pixels.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from internal_gan.finishing import seams
from internal_gan.finishing.around import flat_around
from internal_gan.finishing.continuing import continued
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.part_finisher import PartFinisher, check_part
from internal_gan.finishing.pieces import pieces
from internal_gan.finishing.quilting import quilted
from internal_gan.finishing.sizes import small_copy
from internal_gan.finishing.subject import Subject
from internal_gan.images.colours import in_floats, in_kind_of
from internal_gan.images.edges import Canny
from internal_gan.images.frames import SMEARED, lines_of
from internal_gan.images.levels import ALL, gathered, spread, used_range
from internal_gan.images.periodic import NO_WRAP, Wrap, axes, border_band
from internal_gan.images.photo import Drawn, Margins, Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.images.smooth_fill import fill_nearest, fill_smoothly, fill_transparent
from internal_gan.images.windows import Part, Window, around, blocks, extent, hull, within
from internal_gan.patches.completion import Frame, complete, has_patches
from internal_gan.patches.origins import own_places, taken
from internal_gan.reporting import SILENT, Report
from internal_gan.shapes import Flags, Mask, Places
from internal_gan.units import Size

# A hole is filled in a small copy of its surroundings.
LONGEST_AROUND = 128  # the copy's long side, in pixels
MAX_ASPECT = 4  # its largest aspect ratio
AROUND = 16  # pixels around a hole, in addition to its own size on each side
# Thin pieces that cover more than this share of a window are filled with a membrane, whose result
# is a fifth closer to what was there. Single specks gain nothing from it.
DENSE = 1 / 32
# Finds the lines around a hole that lines inside it continue, as EdgeConnect's default does.
DETECTOR = Canny(2.0, 0.1, 0.2)
# How strongly colours are held while seams are hidden, as in seams.HOLD. Inside a hole, corrections
# may reach across, since the pixels around it hold the colours, too. If corrections faded early,
# the rim of the hole would show in a sky.
HOLD_INSIDE = 2e-5
# Around a photo, nothing holds the colours at the outer side: they would drift away from the
# photo's.
HOLD_AROUND = 5e-4
# What lies around a photo is filled in blocks.
LONGEST_BLOCK = 4  # the largest aspect ratio of a block
SHORT_BLOCK = 128  # pixels; a block may be this long whatever its aspect ratio
FADES = 2.0  # in a tile, corrections fall to 1/e this many times within the band
NO_MARGINS = Margins(0, 0, 0, 0)  # pixels
# Whether anything is left to take; tasks ask here, since they must not import the room of patches.
can_fill = has_patches


def extend(
    photo: Photo,
    margins: Margins,
    excluded: Mask,
    *,
    wrap: Wrap = NO_WRAP,
    rng: torch.Generator | None = None,
    option: str = "image",
    report: Report = SILENT,
) -> Finished:
    """The photo with new margins, first at its sides, then above and below; inside them it equals
    the photo, bit for bit.

    Args:
        margins: not all 0.
        excluded: of the photo's size, 1 where no pixel may be taken from.
        wrap: which borders meet, and still do; they have no margins.
        rng: of a random filling; None for the one that fits best.
        option: the one to name in a UserError if memory does not suffice.
    """
    size = margins.around_size(photo.size)
    check_part(photo, size, math.prod(size) - math.prod(photo.size), option)
    # A thin line along a border stays, but is not continued: its colour would spread.
    lines = Margins(
        *(one if side else 0 for one, side in zip(lines_of(photo), margins, strict=True))
    )
    inner = Margins(*(-line for line in lines)).around_size(photo.size)
    inside = lines.window(inner)
    closed = excluded[(..., *inside)]
    cut = photo.crop(*inside) if any(lines) else photo
    places = own_places(inner)
    known = np.ones(inner, np.bool_)
    canvas = _Canvas(cut, closed, closed, places, known, rng, report)
    wider = Margins(*map(sum, zip(margins, lines, strict=True)))
    for pair in (wider._replace(top=0, bottom=0), wider._replace(right=0, left=0)):
        for name, side in pair._asdict().items():
            if side and canvas.goes_on(NO_MARGINS._replace(**{name: side})):
                pair = pair._replace(**{name: 0})
        if any(pair):
            canvas.draw(pair)
    window = margins.window(photo.size)
    new = margins.part(photo.size)
    for axis in axes(wrap):
        canvas.join(axis, new)
    places = canvas.places
    known = canvas.known
    now = canvas.photo
    places += np.array([lines.top, lines.left], np.int32)
    places[window] = own_places(photo.size)
    known[window] = True
    now.colours[(..., *window)] = photo.colours
    alpha = None if now.alpha is None else torch.maximum(now.alpha, new)
    result = PartFinisher(now, new, alpha=alpha, source=photo)
    hiding = seams.Hiding(HOLD_AROUND, wrap, new[0, 0].numpy() > 0)
    return result.traced(now.colours, places, known, hiding=hiding)


@dataclass
class _Canvas:
    """A photo that gets margins, one after another.

    Attributes:
        photo: with the margins that it has so far.
        unknown: 1 where it shows nothing that counts.
        excluded: 1 where no pixel may be taken from: nothing is taken from what is new, so that all
            origins are in the photo.
        places, known: see :meth:`PartFinisher.rebuilt`, in the photo that was given.
    """

    photo: Photo
    unknown: Mask
    excluded: Mask
    places: Places
    known: Flags
    rng: torch.Generator | None
    report: Report

    def goes_on(self, sides: Margins) -> bool:
        """Add a margin at one side if the photo is smooth there; whether it is."""
        found = continued(self.photo, sides, self.unknown, self.excluded, self.rng)
        if found is None:
            return False
        canvas = sides.around(self.photo)
        part = sides.part(self.photo.size)
        canvas.colours.masked_scatter_(
            part > 0, in_kind_of(canvas.colours, in_floats(found.colours))
        )
        left = torch.zeros_like(part)
        left.masked_scatter_(part > 0, torch.from_numpy(found.left).float())
        at = own_places(canvas.size)
        known = np.ones(canvas.size, np.bool_)
        if found.left.any():
            closed = sides.padded(self.excluded, 1.0)
            drawn = draw_filling(canvas, left, closed, self.rng)
            canvas, at, known = self._rebuilt(canvas, left, sides, drawn)
        smooth = (part - left)[0, 0].numpy() > 0
        at -= np.array([sides.top, sides.left], np.int32)
        at[smooth] = found.places[~found.left]
        self._add(sides, canvas, at, known)
        return True

    def draw(self, sides: Margins) -> None:
        """Add margins, drawn around a small copy."""
        drawn = _drawn_around(self.photo, sides, self.excluded, self.rng)
        canvas = sides.around(self.photo)
        part = sides.part(self.photo.size)
        canvas, at, known = self._rebuilt(canvas, part, sides, drawn)
        at -= np.array([sides.top, sides.left], np.int32)  # places in the photo so far
        self._add(sides, canvas, at, known)

    def join(self, axis: int, part: Mask) -> None:
        """Draw the part anew along two borders that meet, so that it goes on across them."""
        side = self.photo.size[axis]
        depth = int(part.amin(dim=axis).sum())
        half = side // 2
        reach = min(depth, side // 4)
        self._roll(half, axis)
        hole = part.clone()
        hole.narrow(axis, 0, half - reach).zero_()
        hole.narrow(axis, half + reach, side - half - reach).zero_()
        drawn = draw_filling(self.photo, hole, self.excluded, self.rng)
        self._add(NO_MARGINS, *self._rebuilt(self.photo, hole, NO_MARGINS, drawn))
        self._roll(-half, axis)

    def _roll(self, by: int, axis: int) -> None:
        self.photo = self.photo.each(lambda layer: layer.roll(by, axis))
        self.unknown, self.excluded = (x.roll(by, axis) for x in (self.unknown, self.excluded))
        self.places = np.roll(self.places, by, axis + 2)
        self.known = np.roll(self.known, by, axis + 2)

    def _rebuilt(
        self, canvas: Photo, part: Mask, sides: Margins, drawn: tuple[list[Drawn], float]
    ) -> tuple[Photo, Places, Flags]:
        closed = sides.padded(self.excluded, 1.0)
        finisher = PartFinisher(canvas, part, excluded=closed, hold=HOLD_AROUND, report=self.report)
        colours, at, known = finisher.rebuilt(*drawn)
        return replace(canvas, colours=colours), at, known

    def _add(self, sides: Margins, canvas: Photo, at: Places, known: Flags) -> None:
        self.photo = canvas
        self.known = taken(self.known, at) & known
        self.places = taken(self.places, at)
        self.unknown = sides.padded(self.unknown, 0.0)
        self.excluded = sides.padded(self.excluded, 1.0)


def _drawn_around(
    photo: Photo, sides: Margins, excluded: Mask, rng: torch.Generator | None
) -> tuple[list[Drawn], float]:
    """Fill margins around a small copy of a photo, as :func:`draw_filling` does, so that a preview
    of it, which has the same copy, shows the same margins."""
    small = small_copy(photo)
    ratio = max(photo.size) / max(small.size)
    margins = Margins(*(side and max(1, round(side / ratio)) for side in sides))
    part = margins.part(small.size)
    frame = margins.window(small.size)
    closed = margins.padded(F.adaptive_max_pool2d(excluded, small.size), 1.0)
    canvas = margins.around(small)
    drawing, scale = draw_filling(canvas, part, closed, rng, frame)
    if small is photo:
        return drawing, scale
    whole = replace(canvas, colours=canvas.pixels).with_drawn(drawing, part)
    size = sides.around_size(photo.size)
    large = whole.resized(size)
    beside = _beside(size, sides.window(photo.size))
    return [Drawn(window, large[(..., *window)].clone()) for window in beside], scale / ratio


def make_tileable(
    photo: Photo, reach: tuple[float, float], wrap: Wrap, *, rng: torch.Generator | None = None
) -> Finished:
    """The photo with opposite borders that meet; beyond a band it equals the photo, bit for bit.

    Args:
        reach: how far from a border pixels may change, in pixels (rows, columns).
        wrap: whether bottom and top, and right and left, are to meet.
        rng: of a random choice; None for what fits best.
    """
    part = border_band(photo.size, reach, wrap)
    check_part(photo, photo.size, int(part.count_nonzero()))
    finisher = PartFinisher(photo, part)
    source = in_floats(photo.colours.permute(0, 2, 3, 1).contiguous())[0].numpy()
    own = own_places(photo.size)
    ends = lines_of(photo)
    for axis in range(2):
        # A thin line along a border never meets the other border: what lies further in replaces it.
        first, last = (
            min(line + SMEARED, int(reach[axis])) if line and wrap[axis] else 0
            for line in (ends[3 * axis], ends[2 - axis])
        )
        along = own.swapaxes(0, axis)
        along[:first, :, axis] += first
        along[len(along) - last :, :, axis] -= last
    made, places = quilted(taken(source, own), reach, wrap, rng)
    places = taken(own, places)
    narrow = min(band for band, wraps in zip(reach, wrap, strict=True) if wraps or not any(wrap))
    hold = min(seams.HOLD, (FADES / narrow) ** 2)
    hiding = seams.Hiding(hold, wrap, part[0, 0].numpy() > 0)
    if not photo.has_few_colours:
        made += hiding.added(made, places, source)
    pixels = torch.from_numpy(np.moveaxis(made, -1, 0)[None].copy()).clamp_(-1, 1)
    return finisher.traced(pixels, places, np.ones(photo.size, np.bool_), hiding=hiding)


def draw_filling(
    photo: Photo,
    hole: Mask,
    unknown: Mask | None,
    rng: torch.Generator | None,
    frame: Window | None = None,
    edges: Mask | None = None,
) -> tuple[list[Drawn], float]:
    """Fill each part of a hole at a small size, from its border inwards.

    ``unknown`` and ``rng`` are as for :func:`internal_gan.patches.completion.complete`; ``frame``
    is the window that holds the photo, if the hole is the rest of a larger canvas; ``edges`` are
    those inside the hole, which then continue those found around it.

    Returns:
        What was drawn, in a window that holds the hole, if there is one, and the smallest size at
        which a part was filled, relative to the photo's.
    """
    size = photo.size
    cut = pieces(hole, AROUND)
    if frame is not None:
        cut = ((one, False) for one in _blocks(size, frame))
    seen = [(*piece, is_thin, _seen(piece.window, is_thin, size)) for piece, is_thin in cut]
    if not seen:
        return [], 1.0
    area = hull(window for *_, window in seen)
    inner = (..., *area)
    even = spread(photo)
    left = hole[inner].clone()
    least = 1.0
    drawing = even.crop(*area).copied()
    closed = hole[inner] if unknown is None else torch.maximum(hole[inner], unknown[inner])
    subject = Subject(photo, hole, frame)
    for box, part, is_thin, window in seen:
        here = (..., *within(window, area))
        size = extent(window)
        flat = None
        if not is_thin and frame is None and edges is None:
            flat = flat_around(even, Part(box, part), window, closed[here])
        if flat is not None:
            filled = fill_smoothly(drawing[here], torch.from_numpy(~flat).float()[None, None])
        elif is_thin:
            if float(left[here].mean()) > DENSE:
                filled = fill_smoothly(drawing[here], left[here])
            else:
                filled = fill_transparent(drawing[here], 1 - left[here])
        else:
            smaller = fit_size(size, LONGEST_AROUND)
            # A small pixel that is partly in the hole is filled as a whole: what was there has no
            # influence.
            start = F.adaptive_avg_pool2d(drawing[here], smaller)
            masks = [F.adaptive_max_pool2d(mask[here], smaller) for mask in (left, closed)]
            place = None if frame is None else _fractions(frame, window, size)
            guides = [subject.guide(window, masks[0])]
            if edges is not None:
                given = F.adaptive_max_pool2d(edges[(..., *window)], smaller)
                lines = DETECTOR(fill_nearest(start, masks[0]))
                guides.append(torch.where(masks[0] > 0, given, lines))
            guide = torch.cat(guides, dim=1)
            made = complete(start, masks[0], masks[1], guide=guide, rng=rng, frame=place)
            filled = resize(made, size).clamp(-1, 1)
            least = min(least, max(smaller) / max(size))
        inside = (..., *within(box, area))
        filled = filled[(..., *within(box, window))]
        drawing[inside] = torch.where(part > 0, filled, drawing[inside])
        left[inside] = torch.where(part > 0, 0.0, left[inside])
    if (used := used_range(photo)) != ALL:  # the few values beyond it were cut off
        made = gathered(drawing, used)
        kept = photo.crop(*area).pixels
        drawing = torch.where(hole[inner] > 0, made, kept)
    return [Drawn(area, drawing)], least


def _seen(box: Window, is_thin: bool, size: Size) -> Window:
    """What a part is filled from: its box and its surroundings."""
    sides = [side * (1 if is_thin else 3) + 2 * AROUND for side in extent(box)]
    # Limit the aspect ratio, so that a long thin part keeps some height once shrunk.
    height, width = (max(side, max(sides) // MAX_ASPECT) for side in sides)
    return around(box, (height, width), size)


def _beside(size: Size, frame: Window) -> Iterator[Window]:
    """The boxes beside a photo on a canvas of a size, then those above and below it."""
    height, width = size
    rows, columns = frame
    beside = (rows, slice(0, columns.start)), (rows, slice(columns.stop, width))
    above, below = slice(0, rows.start), slice(rows.stop, height)
    for window in (*beside, (above, slice(0, width)), (below, slice(0, width))):
        if min(extent(window)):
            yield window


def _blocks(size: Size, frame: Window) -> Iterator[Part]:
    for window in _beside(size, frame):
        for block in blocks(window, max(LONGEST_BLOCK * min(extent(window)), SHORT_BLOCK)):
            yield Part(block, torch.ones(1, 1, *extent(block)))


def _fractions(frame: Window, window: Window, size: Size) -> Frame:
    ends = [[side.start, side.stop] for side in within(frame, window)]
    shares: Frame = (np.array(ends) / np.array(size)[:, None]).clip(0.0, 1.0)
    return shares
