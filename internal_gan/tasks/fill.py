"""task=fill: a hole in a photo filled, from the photo's own patches or as a model learnt it."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from internal_gan.config.options import FillOptions
from internal_gan.finishing.around import lines_beside, with_rims
from internal_gan.finishing.finisher import Finished
from internal_gan.images.levels import spread
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.models.abilities import Fills
from internal_gan.shapes import Mask
from internal_gan.tasks.holes import Case
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture, aside, gray

# Brightness of the edges outside the hole, while those inside are white.
KNOWN_EDGES = 0.4
# Least long side, in pixels, at which the network's output is shown.
MIN_DRAWN = 16
# The folder for the window of a photo that is too large to be filled as a whole.
WINDOW = "fill/window"


def fill(model: Fills, case: Case, wanted: FillOptions, how: How) -> Iterator[Picture]:
    """Draws ``fill/000.png`` and so on; also shows the photo, the hole and, if drawn, the edges."""
    photo, hole, unknown, own_edges = case
    turn = None if photo.whole is not None else how.turn(photo, hole)
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
    finisher = how.part_finisher(
        photo,
        wide,
        alpha=alpha,
        excluded=unknown,
        hold=model.hold,
        goes_on=own_edges is None,
        rim=wide - hole if has_rim else None,
    )

    def draw() -> Iterator[Picture]:
        lines = None
        for index, seed in enumerate(how.seeds(wanted.count)):
            best = seed == 0 or (index == 0 and how.ends_training)
            drawn, lines, scale, guiding = model.fill(
                photo, wide, edges=own_edges, excluded=unknown, seed=None if best else seed
            )
            longest = max(MIN_DRAWN, round(max(photo.size) * scale))
            small = photo.with_drawn(drawn, hole).resized(fit_size(photo.size, longest))
            done = finisher(drawn, scale, drawn=small, lines=guiding)
            done = done if turn is None else turn.back(done)
            yield from _result(f"{index:03d}.png", done, how)
        how.tell_new_colours(case.photo)
        if lines is not None and turn is not None:
            lines = lines.roll((-turn.rows, -turn.columns), (-2, -1))
        yield from _shown(case.photo, case.hole, lines)

    return draw()


def _result(name: str, done: Finished, how: How) -> Iterator[Picture]:
    """A filled photo; if only a window of it was filled, all of it, then the window."""
    photo = done.like
    if photo is None or photo.whole is None:
        yield Picture(f"fill/{name}", done)
        return
    rows, columns = photo.whole.window
    yield Picture(f"fill/{name}", replace(done, drawing=None, origin=None))
    how.report.say(
        f"Filled in a window of the photo, rows {rows.start} to {rows.stop} and columns "
        f"{columns.start} to {columns.stop}"
    )
    window = replace(done, like=replace(photo, whole=None))
    yield Picture(f"{WINDOW}/{name}", window, "aside", made=True)


def _shown(photo: Photo, hole: Mask, lines: Mask | None) -> Iterator[Picture]:
    """The photo, its hole and the lines that guided the filling, if any."""
    room, shows = "fill", "image"
    if photo.whole is not None:
        room, shows, photo = WINDOW, "", replace(photo, whole=None)
    yield aside(f"{room}/before.png", photo.colours, "before", photo, shows=shows)
    yield gray(f"{room}/mask.png", hole, "mask")
    if lines is not None and lines.any():
        emptied = torch.where(hole > 0, 0.0, photo.pixels)
        yield aside(f"{room}/hole.png", emptied, like=photo)
        drawn = torch.where(hole > 0, lines, KNOWN_EDGES * lines)
        yield gray(f"{room}/edges.png", drawn, "aside")
