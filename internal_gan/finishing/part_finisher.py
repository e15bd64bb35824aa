"""Finishes a part of a photo: rebuilds a drawing there from pixels elsewhere in the photo."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from internal_gan.device import check_memory
from internal_gan.finishing.drawing import LAYOUT_SIDE, compile_loops
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.ground import Begun, Ground, Rebuilt
from internal_gan.finishing.layers import is_normal_map
from internal_gan.finishing.origin import BLENDED, EXACT, MAX_SIDE, OTHER, Origin, differences
from internal_gan.finishing.part import finish_inside
from internal_gan.finishing.pieces import pieces
from internal_gan.finishing.seams import HOLD, Hiding
from internal_gan.images.colours import in_floats, in_kind_of
from internal_gan.images.files.image import as_written
from internal_gan.images.photo import Drawn, Margins, Photo
from internal_gan.images.windows import Part, Window, extent, parts
from internal_gan.patches.origins import own_places
from internal_gan.reporting import SILENT, Report
from internal_gan.shapes import Flags, Image, Mask, Pixels, Places
from internal_gan.units import Size, by

# Memory for each pixel of a result, and the same again for each new pixel. It is for colours stored
# as levels of 8 bits; floats take twice as much.
PART_BYTES_PER_PIXEL = 75
# Parts farther apart than this share of the photo's long side are rebuilt one after another.
PARTS_APART = 1 / 32
MOST_PARTS = 4  # if pixels come from another photo, more parts than this are rebuilt together
# Rebuilding begins at a small size, at which the drawing decides the layout.
DECIDES = 0.75  # that size, relative to the one at which the drawing was made
THIN_DECIDES = 0.25  # that size, relative to the window's, for what is thin or of one colour
# At that size, the shorter side of a part with a detailed drawing has at least this many pixels.
DETAILED_SIDE = 50
# A vector of a normal map is corrected if its length differs more from 1: levels are rounded.
LENGTH_OFF = 0.01
# An extra or missing line counts like a difference of this many colour levels.
LINE_LEVELS = 200


def check_part(photo: Photo, size: Size, made: int, option: str = "image") -> None:
    """Raise a UserError that names ``option`` if a result of ``size`` with as many ``made`` pixels
    does not fit into memory."""
    each = PART_BYTES_PER_PIXEL * (1 + photo.colours.is_floating_point())
    needed = each * (math.prod(size) + made)
    check_memory(needed, torch.device("cpu"), f"{option} of {by(size)} pixels")


@dataclass(frozen=True)
class PartFinisher:
    """Rebuilds a drawn part of a photo from pixels elsewhere in the photo, or in another one.

    Where no patch may be taken, the drawing stays.

    Attributes:
        photo: kept outside the part; its format is the result's.
        part: (1, 1, H, W), 1 in the part, else 0.
        detail: ``finish.detail``; with ``network`` results stay as they are drawn.
        alpha: of the result outside the part; by default the photo's.
        excluded: 1 where no pixel may be taken from, in addition to the part.
        source: the photo to take pixels from in place of this one; it is enlarged if it is smaller.
        detailed: whether drawings have details finer than the size at which they were drawn, which
            also decide.
        hold: how strongly colours are held while seams are hidden, so that what the drawing shows
            is not lost. A filling of the photo's own patches needs none of it.
        goes_on: whether a part with one colour all around takes pixels of that colour alone.
        rim: 1 in what is rebuilt with the part, but stays as it is.
        keeps: whether the drawing stays, and only what lies outside the part is the source's.
    """

    photo: Photo
    part: Mask
    detail: str = "patches"
    alpha: Mask | None = None
    excluded: Mask | None = None
    source: Photo | None = None
    detailed: bool = False
    hold: float = HOLD
    goes_on: bool = False
    rim: Mask | None = None
    keeps: bool = False
    report: Report = SILENT

    @property
    def _apart(self) -> int:
        return max(1, round(PARTS_APART * max(self.photo.size)))

    def __call__(
        self,
        drawing: Sequence[Drawn],
        scale: float,
        drawn: Pixels | None = None,
        lines: Callable[[Window], Mask] | None = None,
    ) -> Finished:
        """Finish a photo with a drawing in its part.

        Args:
            drawing: what was drawn in the part and, if it is soft, beside it.
            scale: size at which it was drawn, relative to the photo's.
            drawn: the network's output, to show; None if there is no other.
            lines: takes a window of the photo and returns the lines that its patches must follow;
                not for use with a ``source``.
        """
        if self.detail == "network":
            alpha = self.photo.alpha if self.alpha is None else self.alpha
            whole = replace(self.photo, colours=self.photo.pixels)  # not rounded
            colours = whole.with_drawn(drawing).colours
            if self.rim is not None:
                colours = torch.where(self.rim > 0, whole.colours, colours)
            return Finished(colours, alpha=alpha, like=self.photo)
        if self.keeps:
            colours = self.photo.with_drawn(drawing).colours
            places = own_places(self.photo.size)
            known = np.zeros(self.photo.size, np.bool_)
        else:
            colours, places, known = self.rebuilt(drawing, scale, lines)
        outside = self.part[0, 0].numpy() == 0
        if self.rim is not None:
            rim = self.rim[0, 0].numpy() > 0
            colours = torch.where(self.rim > 0, self.photo.colours, colours)
            places[rim] = own_places(self.photo.size)[rim]
            known[rim] = True
            outside |= rim
        if self.source is not None:
            kept = np.zeros(self.photo.size, np.bool_)
            if self.source.uncut == self.photo.size:
                frame = self.source.frame or Margins(0, 0, 0, 0)
                inside = frame.window(self.source.size)
                kept[inside] = differences(self.photo.crop(*inside), self.source)[1] == 0
                places[outside] -= np.array([frame.top, frame.left], np.int32)
            known = np.where(outside, kept, known)
        return self.traced(colours, places, known, drawn)

    def rebuilt(
        self, drawing: Sequence[Drawn], scale: float, lines: Callable[[Window], Mask] | None = None
    ) -> tuple[Tensor, Places, Flags]:
        """The photo's colours with its rebuilt part, outside unchanged bit for bit; (H, W, 2), row
        and column of each pixel in the photo or source; and (H, W), whether it comes from there
        rather than from the drawing."""
        compile_loops(self.report.say)
        photo = self.photo
        part = self.part
        closed = part[0, 0].numpy() > 0
        if self.excluded is not None:
            closed = closed | (self.excluded[0, 0].numpy() > 0)
        source = None if self.source is None else self._enlarged(self.source)
        ground = Ground(photo, photo.with_drawn(drawing, part).colours, closed, source)
        whole = float(part.sum())
        done = 0.0
        made = list[Rebuilt]()
        with self.report.share("filling with the photo's own pixels") as show:
            for piece, is_thin in self._pieces(part):
                share = float(piece.mask.sum()) / whole
                begun = ground.begun(piece, is_thin=is_thin, goes_on=self.goes_on)
                if begun is None:
                    continue

                def shown(part: float, done: float = done, share: float = share) -> None:
                    show(done + share * part)

                filled = finish_inside(
                    begun.canvas,
                    begun.inside,
                    begun.shut,
                    guide=None if lines is None else guide_of(lines(begun.window)),
                    shortest=self._decided(begun, scale) * min(begun.inside.shape),
                    hold=self.hold,
                    blends=not photo.has_few_colours,
                    used=ground.used,
                    on_progress=shown,
                )
                done += share
                if filled is not None:
                    made.append(ground.rebuilt(begun, filled))
        origins, known = ground.written(made, part)
        if self.source is not None and source is not None and source.size != self.source.size:
            in_part = part[0, 0].numpy() > 0
            origins[in_part] = origins[in_part] * self.source.size // source.size
        return ground.colours, origins, known

    def _decided(self, begun: Begun, scale: float) -> float:
        """At which share of its size the drawing of a piece decides the layout; it was drawn at a
        ``scale``, relative to the photo's size."""
        if begun.is_smooth:
            return THIN_DECIDES
        detail = DETAILED_SIDE * self.detailed / min(extent(begun.piece.window))
        return min(1.0, max(DECIDES * scale, detail))

    def _pieces(self, part: Mask) -> Iterator[tuple[Part, bool]]:
        """What is rebuilt at a time, and whether it is thin; many parts together if each takes a
        search of another photo."""
        if self.source is None:
            yield from pieces(part, self._apart)
            return
        found = list(parts(part, self._apart))
        found = [Part.of(part)] if len(found) > MOST_PARTS else found
        yield from ((one, False) for one in found)

    def traced(
        self,
        colours: Tensor,
        places: Places,
        known: Flags,
        drawing: Pixels | None = None,
        hiding: Hiding | None = None,
    ) -> Finished:
        """A picture with its origin, if the photo has at most ``MAX_SIDE`` pixels a side; exact
        copies are found by comparison.

        Args:
            places, known: see :meth:`rebuilt`.
            drawing: see :class:`Finished`.
            hiding: how seams were hidden; by default as in a part, unless a source was enlarged:
                then pixels are repeated, and it has no steps to compare with.
        """
        photo = self.photo
        source = self.source or self.photo
        if is_normal_map(source):
            colours = _of_length_1(colours, self.part)
        if hiding is None and math.prod(source.uncut) >= math.prod(photo.size):
            hold = self.hold * LAYOUT_SIDE / min(photo.size)
            part = self.part[0, 0].numpy() > 0
            unknown = part if self.source is None else None
            if self.rim is not None:
                part = part & (self.rim[0, 0].numpy() == 0)
            hiding = Hiding(min(self.hold, hold), part=part, unknown=unknown)
        alpha = photo.alpha if self.alpha is None else self.alpha
        if alpha is not None and source.alpha is not None:
            # Other places may lie outside a smaller source.
            moved = (self.part > 0) & torch.from_numpy(known)
            rows, columns = torch.from_numpy(places)[moved[0, 0]].long().unbind(dim=-1)
            alpha = alpha.masked_scatter(moved, source.alpha[..., rows, columns])
        origin = None
        if max(source.size) <= MAX_SIDE:
            places[~known] = 0
            kinds = np.where(known, np.uint8(EXACT), np.uint8(OTHER))
            for box, _ in parts(self.part, self._apart):  # nothing else has changed
                here = (..., *box)
                made = colours[here], photo.crop(*box), None if alpha is None else alpha[here]
                _, off = differences(as_written(*made), source, places[box])
                kinds[box][known[box] & (off != 0)] = BLENDED
            origin = Origin(places, kinds, source.size, hiding)
        return Finished(colours, drawing, origin, alpha, photo)

    def _enlarged(self, source: Photo) -> Photo:
        """A source, enlarged to about the photo's area if it is smaller."""
        ratio = max(1.0, math.sqrt(math.prod(self.photo.size) / math.prod(source.uncut)))
        size = round(source.size[0] * ratio), round(source.size[1] * ratio)
        if size == source.size:
            return source
        return replace(source, colours=source.resized(size))


def _of_length_1(colours: Tensor, part: Mask) -> Tensor:
    """The colours of a normal map, whose vectors have length 1 in a part, too."""
    vectors = in_floats(colours)
    length = vectors.norm(dim=1, keepdim=True)
    off = ((length - 1).abs() > LENGTH_OFF) & (part > 0)
    return torch.where(off, in_kind_of(colours, vectors / length.clamp_min(1e-6)), colours)


def guide_of(lines: Mask) -> Image:
    """Lines as a guide of :func:`internal_gan.finishing.part.finish_inside`, (H, W)."""
    return lines[0, 0].mul(LINE_LEVELS).round().byte().numpy()
