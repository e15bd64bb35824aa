"""task=inpaint: a hole in a photo filled with what the model learnt around it."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from internal_gan.config.task_options import InpaintOptions
from internal_gan.finishing.masked import PartFinisher
from internal_gan.images.composite import blend_weight
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.images.windows import around, bounds, extent, parts
from internal_gan.models.abilities import Fills
from internal_gan.tasks.base import Context, Picture, Task, aside, gray
from internal_gan.tasks.inpaint.holes import Case, holes_of, without

_log = logging.getLogger(__name__)

# Brightness of the edges outside the hole, while those inside are white.
KNOWN_EDGES = 0.4
# Least long side, in pixels, at which the network's output is shown.
MIN_DRAWN = 16


class Inpaint(Task[InpaintOptions]):
    """Fills the hole of a photo, ``inpaint/000.png`` and so on; also shows the photo, the hole and
    the edges."""

    result_name = "filled photo"

    def __init__(self, name: str, context: Context) -> None:
        super().__init__(name, context)
        self._holes = holes_of(context)

    def training_crop(
        self, photo: Photo, number: int, max_size: int | None
    ) -> tuple[Photo, list[str]]:
        """The photo with its unknown part, or its window around the hole, ``max_size`` a side.

        If the hole is larger than half of that, the window has twice its size and is shrunk.
        """
        holes = self._holes
        if number:
            hole = holes.further(number, photo)
        else:
            hole = holes.read(photo, warn=True) if holes.is_named else None
        nothing = torch.zeros_like(photo.pixels[:, :1])
        self.context.part_finisher(photo, nothing if hole is None else hole)
        photo = replace(photo, unknown=holes.unknown(photo, hole, number))
        if number == 0:
            holes.edges(photo)
        if hole is None:
            note = "No mask=FILE: trains on the whole photo and fills a random hole as an example"
            return photo, [note]
        photo = without(photo, hole)
        words = [f"The hole is {100 * float(hole.mean()):.1f} % of the photo"]
        if max_size is None or fit_size(photo.size, max_size) == photo.size:
            return photo, words
        rows, columns = _window(hole, max_size)
        words.append(
            f"Trains on a window around the hole, rows {rows.start} to {rows.stop} and columns "
            f"{columns.start} to {columns.stop}; model.max_size=null trains on all of the photo"
        )
        return photo.crop(rows, columns), words

    def draw(self, model: Fills, preview: bool = False) -> Iterator[Picture]:
        if preview:
            # Training itself shows the hole at the model's size; filling a large photo takes long.
            return
        holes, photo = self._holes, self._holes.photo(self.context.source)
        ends_training = self.context.given is self.context.trained
        if ends_training and not holes.is_named and photo.unknown is None:
            case = holes.example(photo, self.context.options.seed)
        else:
            case = holes.case(photo, warn=not ends_training)
        yield from self._filled(model, case)

    def _filled(self, model: Fills, case: Case) -> Iterator[Picture]:
        photo, finisher = case.photo, self._finisher(case)
        first, drawn, hole = photo.pixels, finisher.reach, finisher.reach
        longest = max(MIN_DRAWN, round(max(photo.size) * model.scale))
        for index, seed in enumerate(self.seeds(self.wanted.count)):
            best = seed == 0 or (index == 0 and self.context.options.trains)
            chance = None if best else seed
            filled, edges = model.fill(
                photo.pixels, hole, edges=case.edges, excluded=case.unknown, seed=chance
            )
            done = finisher(
                filled,
                model.scale,
                drawn=resize(filled, fit_size(photo.size, longest)).clamp(-1, 1),
                lines=model.lines_to_finish(
                    photo.pixels, hole, edges, case.unknown, given=case.edges is not None
                ),
            )
            if index == 1 and torch.equal(done.pixels, first):
                _log.warning(
                    "the results are identical, because this model fills without randomness; train "
                    "with a larger model.noise to vary them"
                )
            if index == 0:
                first, drawn = done.pixels, torch.where(hole > 0, edges, KNOWN_EDGES * edges)
            yield Picture(f"inpaint/{index:03d}.png", done)
        yield aside("inpaint/before.png", photo.pixels, "before", photo)
        yield gray("inpaint/mask.png", blend_weight(case.hole, self._feather), "mask")
        emptied = torch.where(case.hole > 0, torch.zeros_like(photo.pixels), photo.pixels)
        yield aside("inpaint/hole.png", emptied, like=photo)
        yield gray("inpaint/edges.png", drawn, "aside")

    def _finisher(self, case: Case) -> PartFinisher:
        alpha = case.photo.alpha
        if alpha is not None and (alpha[case.hole > 0] <= FAINT).any():
            # Make the filling of a transparent hole opaque, without a ring at its feathered rim.
            alpha = torch.maximum(alpha, blend_weight(case.hole, self._feather))
        return self.context.part_finisher(
            case.photo,
            case.hole,
            feather=self._feather,
            alpha=alpha,
            excluded=case.unknown,
        )

    @property
    def _feather(self) -> float:
        return self._holes.mask.feather or 0.0


def _window(hole: Tensor, limit: int) -> tuple[slice, slice]:
    """The window around the hole or, if the hole is too large, around its largest part."""
    size = (hole.shape[-2], hole.shape[-1])
    box = bounds(hole)
    if 2 * max(extent(box)) > limit:
        boxes = (bounds(part) for part in parts(hole, max(limit // 8, 1)))
        box = max(boxes, key=lambda one: max(extent(one)))
    side = max(limit, 2 * max(extent(box)))
    return around(box, (side, side), size)


TASK = Inpaint
