"""task=make_tileable: a photo that repeats without a seam, without any training."""

from collections.abc import Iterator
from typing import Any

from internal_gan.config.task_options import MakeTileableOptions
from internal_gan.errors import UserError
from internal_gan.finishing.filling import make_tileable
from internal_gan.images.periodic import reach_of, wrap_of
from internal_gan.images.photo import output_format_of
from internal_gan.judging.tiling import proof, proof_name, seams, seams_in_words
from internal_gan.tasks.base import Picture, Task, aside


class MakeTileable(Task[MakeTileableOptions]):
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after."""

    result_name = "photo that tiles"

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, context = self.wanted, self.context
        tileable: Any = True if wanted.axes == "both" else wanted.axes
        photo = context.given.photo()
        wrap, like = wrap_of(tileable), output_format_of(photo)[0]
        try:
            reach = reach_of(wanted.band, photo.size, wrap)
        except UserError as error:
            raise UserError(f"make_tileable.{error}") from error
        (rng,) = self.chances(1)
        done = make_tileable(photo, reach, wrap, rng=rng, reporter=context)
        yield Picture("make_tileable/000.png", done)
        for name, pixels in (("before", photo.pixels), ("after", done.pixels)):
            file = f"make_tileable/{proof_name(wrap)}-{name}.png"
            yield aside(file, proof(pixels, wrap), like=like, made=True)
        before, after = seams(photo.pixels, wrap), seams(done.pixels, wrap)
        context.facts |= {"seams_before": before, "seams": after}
        context.say("Step across the border, as a multiple of the steps inside:")
        context.say(f"  before: {seams_in_words(before)}")
        context.say(f"  after:  {seams_in_words(after)}")


TASK = MakeTileable
