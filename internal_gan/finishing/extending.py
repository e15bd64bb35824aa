"""New canvas around a photo, filled with the photo's own patches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.masked import Inside, Reporter, rebuilt_inside
from internal_gan.images.canvas import Margins
from internal_gan.images.photo import Photo
from internal_gan.patches.origins import taken
from internal_gan.shapes import Mask


def extended(
    photo: Photo,
    margins: Margins,
    excluded: Mask,
    *,
    rng: torch.Generator | None,
    reporter: Reporter,
) -> Inside:
    """The photo with new margins, first at its sides, then above and below.

    Args:
        excluded: of the photo's size, 1 where no pixel may be taken from.
        rng: see :func:`internal_gan.patches.completion.complete`.
    """
    places = np.moveaxis(np.indices(photo.size, np.int32), 0, -1)
    done = Inside(photo.pixels, places, np.ones(photo.size, np.bool_))
    for sides in (margins._replace(top=0, bottom=0), margins._replace(right=0, left=0)):
        if not any(sides):
            continue
        canvas, part = sides.around(photo), sides.part(photo.size)
        # Nothing is taken from what is new, so that all origins are in the photo.
        excluded = sides.padded(excluded, 1.0)
        frame = sides.window(photo.size)
        drawing, scale = draw_filling(canvas.pixels, part, excluded, rng, frame)
        made = rebuilt_inside(canvas, drawing, part, excluded, scale=scale, reporter=reporter)
        around = [(sides.top, sides.bottom), (sides.left, sides.right)]
        origins = taken(np.pad(done.origins, [*around, (0, 0)]), made.origins)
        known = taken(np.pad(done.known, around), made.origins) & made.known
        done, photo = Inside(made.pixels, origins, known), replace(canvas, pixels=made.pixels)
    return done
