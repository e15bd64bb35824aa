"""task=make_tileable: a photo that repeats without a seam."""

from collections.abc import Iterator
from typing import Any

from internal_gan.config.fields import AUTO
from internal_gan.config.task_options import MakeTileableOptions
from internal_gan.errors import UserError
from internal_gan.evaluation.origin import compared
from internal_gan.evaluation.seams import seams, seams_in_words
from internal_gan.images.files.image import as_written
from internal_gan.images.layers import Layer
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.models.singan.injection import working_size
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.sampling import wrap_of
from internal_gan.models.singan.tiling import band_of, make_tileable
from internal_gan.tasks.base import Picture, Work
from internal_gan.tasks.finishing import is_wanted
from internal_gan.tasks.inside import check_inside, rebuilt_inside
from internal_gan.tasks.layers import read_layers, refuse_layers
from internal_gan.tasks.proof import proof, proof_name


class MakeTileable(Work[MakeTileableOptions]):
    """Draws ``make_tileable/000.png``, a photo that tiles, and copies side by side of the photo
    before and after."""

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture]:
        wanted, context = self.wanted, self.context
        tileable: Any = True if wanted.axes == "both" else wanted.axes
        photo, what = self._photo()
        finishes = is_wanted(context)
        layers = self._layers(photo, finishes)
        if finishes:
            check_inside("make_tileable.image", photo.pixels[:, :1], wrap_of(tileable))
        try:
            made = make_tileable(
                model,
                photo.pixels,
                tileable,
                band=wanted.band,
                start_scale=None if wanted.start_scale == AUTO else int(wanted.start_scale),
                seed=self.seed,
            )
        except UserError as error:
            raise UserError(f"make_tileable.{error}") from error
        wrap, like = wrap_of(tileable), drawn_like(photo)[0]
        drawing = origin = alpha = None
        if finishes:
            at = working_size(model, photo.size)
            drawing = resize(made, at).clamp(-1, 1)
            part = (band_of(photo.size, tileable, wanted.band) > 0).float()
            scale = at[1] / photo.size[1]
            done = rebuilt_inside(
                photo, made, part, scale=scale, context=context, detailed=True, wrap=wrap
            )
            made = done.pixels
            alpha = None if photo.alpha is None else done.along(photo.alpha)
            origin = compared(as_written(made, photo, alpha), photo, done.origins, done.known)
        yield Picture("make_tileable/000.png", made, "result", photo, alpha, origin, layers)
        if drawing is not None:
            yield Picture("make_tileable/drawn/000.png", drawing, "aside", like, made=True)
        for name, pixels in (("before", photo.pixels), ("after", made)):
            file = f"make_tileable/{proof_name(wrap)}-{name}.png"
            yield Picture(file, proof(pixels, wrap), "aside", like, made=True)
        before, after = seams(photo.pixels, wrap), seams(made, wrap)
        context.facts |= {"seams_before": before, "seams": after}
        context.say(what)
        context.say("Step across the border, as a multiple of the steps inside:")
        context.say(f"  before: {seams_in_words(before)}")
        context.say(f"  after:  {seams_in_words(after)}")

    def _layers(self, photo: Photo, finishes: bool) -> list[Layer]:
        given = self.context.given
        if not finishes:
            refuse_layers(given, "finish.detail=network", "finish.detail=patches")
            return []
        learnt = given.read("make_tileable.image") is None
        return read_layers(self.context, photo.size, learnt=learnt)

    def _photo(self) -> tuple[Photo, str]:
        """The photo to change, and a line to print about it."""
        source, what = self.context.trained, "make_tileable.image"
        photo = self.context.given.read("make_tileable.image")
        called = "from memory" if photo is None or photo.path is None else str(photo.path)
        if photo is None:
            try:
                photo, called, what = source.photo(), source.called(), "the training photo"
                if source.original() is None:
                    what = "the training's copy of its photo"
            except UserError as error:
                raise UserError(f"make_tileable.image={error}") from error
        return photo, f"Photo {called}, {photo.size[0]} x {photo.size[1]} pixels: {what}"


WORK = MakeTileable
