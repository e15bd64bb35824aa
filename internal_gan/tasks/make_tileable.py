"""task=make_tileable: a photo that repeats without a seam, without any training."""

from collections.abc import Iterator
from typing import Any

import torch

from internal_gan.config.task_options import MakeTileableOptions
from internal_gan.errors import UserError
from internal_gan.evaluation.tiling import proof, proof_name, seams, seams_in_words
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.masked import check_inside, rebuilt_inside
from internal_gan.images.periodic import border_band, reach_of, wrap_of
from internal_gan.images.photo import output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.tasks.base import Picture, Task


class MakeTileable(Task[MakeTileableOptions]):
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after.

    The photo is moved by half a side, so that opposite borders meet, and the band where they do is
    filled like a hole.
    """

    result_name = "photo that tiles"

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, context = self.wanted, self.context
        tileable: Any = True if wanted.axes == "both" else wanted.axes
        photo = context.given.photo()
        wrap, like = wrap_of(tileable), output_format_of(photo)[0]
        layers = context.layers(photo.size)
        check_inside("image", photo.pixels[:, :1], wrap)
        try:
            reach = reach_of(wanted.band, photo.size, wrap)
        except UserError as error:
            raise UserError(f"make_tileable.{error}") from error
        part = (border_band(photo.size, reach, wrap) > 0).float()
        rng = None if wanted.seed is None else torch.Generator().manual_seed(wanted.seed)
        shifts = [side // 2 * wraps for side, wraps in zip(photo.size, wrap, strict=True)]
        moved, hole = (image.roll(shifts, (2, 3)) for image in (photo.pixels, part))
        filled, scale = draw_filling(moved, hole, None, rng)
        filled = filled.roll([-shift for shift in shifts], (2, 3))
        at = fit_size(photo.size, max(1, round(scale * max(photo.size))))
        drawing, scale = resize(filled, at).clamp(-1, 1), at[1] / photo.size[1]
        done = rebuilt_inside(photo, filled, part, scale=scale, reporter=context, wrap=wrap)
        result = done.finished(photo, part, drawing=drawing, layers=layers)
        yield Picture.of("make_tileable/000.png", result)
        for name, pixels in (("before", photo.pixels), ("after", done.pixels)):
            file = f"make_tileable/{proof_name(wrap)}-{name}.png"
            yield Picture(file, proof(pixels, wrap), "aside", like, made=True)
        before, after = seams(photo.pixels, wrap), seams(done.pixels, wrap)
        context.facts |= {"seams_before": before, "seams": after}
        context.say("Step across the border, as a multiple of the steps inside:")
        context.say(f"  before: {seams_in_words(before)}")
        context.say(f"  after:  {seams_in_words(after)}")


TASK = MakeTileable
