"""The part of a photo that a training learns, if the photo has a hole."""

from dataclasses import replace

import torch
from torch import Tensor

from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.images.windows import around, bounds, extent, parts
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import how_of
from internal_gan.tasks.holes import Holes, without


def around_holes(given: Source, photo: Photo, max_size: int | None) -> tuple[Photo, list[str]]:
    """The photo with its unknown part, or its window around the hole, ``max_size`` a side or,
    if the hole is larger than half of that, twice the hole's size, to be shrunk; and lines to print
    about it. A UserError if a mask or the like is not usable."""
    holes = Holes(given)
    hole = holes.found(photo, warn=True)
    how_of(given).part_finisher(photo, torch.zeros(1, 1, *photo.size) if hole is None else hole)
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


def _window(hole: Tensor, limit: int) -> tuple[slice, slice]:
    """The window around the hole or, if the hole is too large, around its largest part."""
    box = bounds(hole)
    if 2 * max(extent(box)) > limit:
        boxes = (part.window for part in parts(hole, max(limit // 8, 1)))
        box = max(boxes, key=lambda one: max(extent(one)))
    side = max(limit, 2 * max(extent(box)))
    return around(box, (side, side), size_of(hole))
