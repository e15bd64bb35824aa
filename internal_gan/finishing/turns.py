"""Photos that wrap, moved around so that a hole at their border lies inside."""

from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from internal_gan.finishing.finisher import Finished
from internal_gan.images.periodic import Wrap, axes
from internal_gan.images.resize import size_of
from internal_gan.shapes import Mask


@dataclass(frozen=True)
class Turn:
    """A photo that wraps, moved around by some ``rows`` and ``columns``."""

    rows: int
    columns: int
    wrap: Wrap

    def __call__(self, layer: Tensor) -> Tensor:
        return layer.roll((self.rows, self.columns), (-2, -1))

    def back(self, done: Finished) -> Finished:
        """A result of the moved photo, as one of the photo itself."""
        size = size_of(done.colours)
        shift = (-self.rows, -self.columns)
        drawing = done.drawing
        origin = done.origin
        if drawing is not None:
            small = zip(shift, size_of(drawing), size, strict=True)
            drawing = drawing.roll([round(by * to / side) for by, to, side in small], (-2, -1))
        if origin is not None:
            places = np.roll(origin.places, shift, (0, 1)) + np.array(shift, np.int32)
            places = (places % np.array(origin.photo_size, np.int32)).astype(np.int32)
            kinds = np.roll(origin.kinds, shift, (0, 1))
            hiding = origin.hiding
            if hiding is not None:
                flags = (
                    f if f is None else np.roll(f, shift, (0, 1))
                    for f in (hiding.part, hiding.unknown)
                )
                part, unknown = flags
                hiding = replace(hiding, wrap=self.wrap, part=part, unknown=unknown)
            origin = replace(origin, places=places, kinds=kinds, hiding=hiding)
        colours = done.colours.roll(shift, (-2, -1))
        alpha = done.alpha
        alpha = None if alpha is None else alpha.roll(shift, (-2, -1))
        like = done.like and done.like.each(lambda layer: layer.roll(shift, (-2, -1)))
        return replace(
            done, colours=colours, drawing=drawing, origin=origin, alpha=alpha, like=like
        )


def turn_of(hole: Mask, wrap: Wrap) -> Turn | None:
    """How to move a photo that wraps so that its hole does not touch the borders that meet; None if
    it does not anyway. It touches them where it must, as little as possible."""
    moved = [0, 0]
    for axis in axes(wrap):
        filled = hole[0, 0].sum(dim=-3 - axis)
        side = len(filled)
        if not (filled[0] or filled[-1]):
            continue
        # The border moves into the middle of the longest stretch with least of the hole.
        free = (filled == filled.min()).repeat(2).int()
        runs, longest, end = 0, 0, 0
        for place, one in enumerate(free.tolist()):
            runs = (runs + 1) * one
            if runs > longest and runs <= side:
                longest, end = runs, place
        moved[axis + 2] = -(end - longest // 2) % side
    return Turn(moved[0], moved[1], wrap) if any(moved) else None
