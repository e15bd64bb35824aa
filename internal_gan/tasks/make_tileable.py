"""task=make_tileable: a photo that repeats without a seam."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.fields import AUTO
from internal_gan.config.task_options import MakeTileableOptions
from internal_gan.errors import UserError
from internal_gan.evaluation.seams import proof, proof_name, seams, seams_in_words
from internal_gan.finishing.filling import completed
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.masked import check_inside, rebuilt_inside
from internal_gan.images.periodic import border_band, reach_of, wrap_of
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.models.abilities import Redraws
from internal_gan.models.redrawing import working_size
from internal_gan.tasks.base import Picture, Task
from internal_gan.units import Size


class MakeTileable(Task[MakeTileableOptions]):
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after."""

    def draw(self, model: Redraws | None, preview: bool = False) -> Iterator[Picture]:
        wanted, context = self.wanted, self.context
        tileable: Any = True if wanted.axes == "both" else wanted.axes
        photo, what = self._photo()
        wrap, like = wrap_of(tileable), output_format_of(photo)[0]
        learnt = context.given.read("make_tileable.image") is None
        layers = context.layers(photo.size, learnt=learnt)
        if context.uses_photo_pixels:
            check_inside(self.memory, photo.pixels[:, :1], wrap)
        try:
            reach = reach_of(wanted.band, photo.size, wrap)
            part = (border_band(photo.size, reach, wrap) > 0).float()
            made, at = self._band(model, photo, part, tileable)
        except UserError as error:
            raise UserError(f"make_tileable.{error}") from error
        result = Finished(made, like=photo)
        if context.uses_photo_pixels:
            drawing, scale = resize(made, at).clamp(-1, 1), at[1] / photo.size[1]
            done = rebuilt_inside(
                photo,
                made,
                part,
                scale=scale,
                reporter=context,
                detailed=model is not None,
                wrap=wrap,
            )
            made = done.pixels
            result = done.finished(photo, part, drawing=drawing, layers=layers)
        yield Picture.of("make_tileable/000.png", result)
        for name, pixels in (("before", photo.pixels), ("after", made)):
            file = f"make_tileable/{proof_name(wrap)}-{name}.png"
            yield Picture(file, proof(pixels, wrap), "aside", like, made=True)
        before, after = seams(photo.pixels, wrap), seams(made, wrap)
        context.facts |= {"seams_before": before, "seams": after}
        context.say(what)
        context.say("Step across the border, as a multiple of the steps inside:")
        context.say(f"  before: {seams_in_words(before)}")
        context.say(f"  after:  {seams_in_words(after)}")

    @property
    def memory(self) -> str:
        alone = self.context.given is self.context.trained
        return "image" if alone else "make_tileable.image"

    def _band(
        self, model: Redraws | None, photo: Photo, part: Tensor, tileable: Any
    ) -> tuple[Tensor, Size]:
        """The photo with another band along its borders, and the size at which that was drawn.

        Without a model, the photo is moved by half a side, so that opposite borders meet, and the
        band is filled like a hole.
        """
        wanted = self.wanted
        if model is None:
            rng = None
            if wanted.seed is not None:
                rng = torch.Generator().manual_seed(wanted.seed)
            shifts = [
                side // 2 * wraps for side, wraps in zip(photo.size, wrap_of(tileable), strict=True)
            ]
            moved, hole = (image.roll(shifts, (2, 3)) for image in (photo.pixels, part))
            drawn, scale = completed(moved, hole, None, rng)
            longest = max(1, round(scale * max(photo.size)))
            return drawn.roll([-shift for shift in shifts], (2, 3)), fit_size(photo.size, longest)
        drawn = model.make_tileable(
            photo.pixels,
            tileable,
            band=wanted.band,
            start_scale=None if wanted.start_scale == AUTO else int(wanted.start_scale),
            seed=self.seed,
        )
        return drawn, working_size(model, photo.size)

    def _photo(self) -> tuple[Photo, str]:
        """The photo to change, and a line to print about it."""
        source, what = self.context.trained, "make_tileable.image"
        photo = self.context.given.read("make_tileable.image")
        called = "from memory" if photo is None or photo.path is None else str(photo.path)
        if photo is None:
            try:
                photo, called, what = source.photo(), source.called(), "the training photo"
                if source is self.context.given:
                    what = "the photo"
                elif source.original() is None:
                    what = "the training's copy of its photo"
            except UserError as error:
                raise UserError(f"{self.memory}={error}") from error
        return photo, f"Photo {called}, {photo.size[0]} x {photo.size[1]} pixels: {what}"


TASK = MakeTileable
