"""task=fill: a hole in a photo filled, from the photo's own patches or as a model learnt it."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from internal_gan.config.options import FillOptions
from internal_gan.finishing.around import lines_beside, with_rims
from internal_gan.finishing.finisher import Finished
from internal_gan.images.levels import spread
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.images.windows import around, bounds, extent, parts
from internal_gan.models.abilities import Fills
from internal_gan.tasks.base import Picture, Task, aside, gray
from internal_gan.tasks.holes import Holes, without

# Brightness of the edges outside the hole, while those inside are white.
KNOWN_EDGES = 0.4
# Least long side, in pixels, at which the network's output is shown.
MIN_DRAWN = 16
# The folder for the window of a photo that is too large to be filled as a whole.
WINDOW = "fill/window"


class Fill(Task[FillOptions]):
    """Draws ``fill/000.png`` and so on; also shows the photo, the hole and, if drawn, the edges."""

    source_type = "compositeWithTrainedAlgorithmicMedia"

    def training_crop(self, photo: Photo, max_size: int | None) -> tuple[Photo, list[str]]:
        """The photo with its unknown part, or its window around the hole, ``max_size`` a side or,
        if the hole is larger than half of that, twice the hole's size, to be shrunk."""
        holes = Holes(self.context)
        hole = holes.found(photo, warn=True)
        self.context.part_finisher(photo, torch.zeros(1, 1, *photo.size) if hole is None else hole)
        photo = replace(photo, unknown=holes.unknown(photo, hole))
        holes.edges(photo)
        if hole is None:
            note = "No mask=FILE: trains on the whole photo and fills a random hole as an example"
            return photo, [note]
        photo = without(photo, hole)
        words = [f"The hole is {100 * float(hole.mean()):.1f} % of the photo"]
        if max_size is None or fit_size(photo.size, max_size) == photo.size:
            return photo, words
        rows, columns = _window(hole, max_size)
        which = "" if hole[..., rows, columns].sum() == hole.sum() else "largest "
        words.append(
            f"Trains on a window around the {which}hole, rows {rows.start} to {rows.stop} and "
            f"columns {columns.start} to {columns.stop}; model.max_size=null trains on all of the "
            f"photo"
        )
        return photo.crop(rows, columns), words

    def draw(self, model: Fills, preview: bool = False) -> Iterator[Picture]:
        if preview:
            # Training itself shows the hole at the model's size; filling a large photo takes long.
            return
        options = self.context.options
        example = options.seed if options.trains else None
        given = Holes(self.context).case(example)
        photo, hole, unknown, own_edges = given
        turn = None if photo.whole is not None else self.context.turn(photo, hole)
        if turn is not None:
            photo, hole, unknown = photo.each(turn), turn(hole), turn(unknown)
            own_edges = None if own_edges is None else turn(own_edges)
        alpha = photo.alpha
        if alpha is not None and (alpha[hole > 0] <= FAINT).any():
            alpha = torch.maximum(alpha, hole)  # the filling of a transparent hole is opaque
        even = spread(photo)
        wide = torch.maximum(with_rims(even, hole), lines_beside(even, hole))
        if has_rim := bool((wide != hole).any()):
            unknown = torch.maximum(unknown, wide)
        finisher = self.context.part_finisher(
            photo,
            wide,
            alpha=alpha,
            excluded=unknown,
            hold=model.hold,
            goes_on=own_edges is None,
            rim=wide - hole if has_rim else None,
        )
        lines = None
        for index, seed in enumerate(self.seeds(self.wanted.count)):
            best = seed == 0 or (index == 0 and options.trains)
            chance = None if best else seed
            filled, lines, scale, guiding = model.fill(
                photo, wide, edges=own_edges, excluded=unknown, seed=chance
            )
            longest = max(MIN_DRAWN, round(max(photo.size) * scale))
            small = photo.with_drawn(filled, hole).resized(fit_size(photo.size, longest))
            done = finisher(filled, scale, drawn=small, lines=guiding)
            done = done if turn is None else turn.back(done)
            yield from self._result(f"{index:03d}.png", done)
        self.context.tell_new_colours()
        photo, hole = given[:2]
        if lines is not None and turn is not None:
            lines = lines.roll((-turn.rows, -turn.columns), (-2, -1))
        room, copy = "fill", self.context.given.worked_on.copy_of("image")
        if photo.whole is not None:
            room, copy, photo = WINDOW, None, replace(photo, whole=None)
        yield aside(f"{room}/before.png", photo.colours, "before", photo, given=copy)
        yield gray(f"{room}/mask.png", hole, "mask")
        if lines is not None and lines.any():
            emptied = torch.where(hole > 0, 0.0, photo.pixels)
            yield aside(f"{room}/hole.png", emptied, like=photo)
            drawn = torch.where(hole > 0, lines, KNOWN_EDGES * lines)
            yield gray(f"{room}/edges.png", drawn, "aside")

    def _result(self, name: str, done: Finished) -> Iterator[Picture]:
        """A filled photo; if only a window of it was filled, all of it, then the window."""
        photo = done.like
        if photo is None or photo.whole is None:
            yield Picture(f"fill/{name}", done)
            return
        rows, columns = photo.whole.window
        yield Picture(f"fill/{name}", replace(done, drawing=None, origin=None))
        self.context.say(
            f"Filled in a window of the photo, rows {rows.start} to {rows.stop} and columns "
            f"{columns.start} to {columns.stop}"
        )
        window = replace(done, like=replace(photo, whole=None))
        yield Picture(f"{WINDOW}/{name}", window, "aside", made=True)


def _window(hole: Tensor, limit: int) -> tuple[slice, slice]:
    """The window around the hole or, if the hole is too large, around its largest part."""
    box = bounds(hole)
    if 2 * max(extent(box)) > limit:
        boxes = (part.window for part in parts(hole, max(limit // 8, 1)))
        box = max(boxes, key=lambda one: max(extent(one)))
    side = max(limit, 2 * max(extent(box)))
    return around(box, (side, side), size_of(hole))
