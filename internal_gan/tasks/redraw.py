"""What editing and harmonization share: a photo with a mask of what may change."""

import dataclasses
import functools
import logging
import math
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from internal_gan.config.task_options import MaskOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.images.composite import bring_back
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.models.singan import injection
from internal_gan.models.singan.injection import Change
from internal_gan.models.singan.model import SinGAN
from internal_gan.tasks.base import Picture, gray
from internal_gan.tasks.finishing import is_wanted
from internal_gan.tasks.from_image import FromImage
from internal_gan.tasks.inside import finish_inside

Wanted = TypeVar("Wanted", bound=RedrawOptions)

# The long side of a model, in pixels, for which the default lengths are meant; those of finished
# results grow and shrink with it.
REFERENCE = 250.0

_log = logging.getLogger(__name__)


class Redraw(FromImage[Wanted]):
    """Redraws a part of a photo, ``000.png`` and so on; beside them the photo, the mask and the
    result of each start scale.

    Attributes:
        dilate: how much the mask grows by default, in pixels at the model's size.
        needs_mask: whether a mask is required.
    """

    what = "the photo with its changes"
    dilate: ClassVar[float]
    needs_mask: ClassVar[bool]

    def draw(self, model: SinGAN, preview: bool = False) -> Iterator[Picture]:
        photo = self._read()
        finishes = not preview and is_wanted(self.context)
        lengths = self._lengths(model, finishes)
        mask = self._mask(photo)
        start = self._start_scale(model)
        used = None if mask is None else injection.soft_mask(model, mask, *lengths.values())
        if used is not None and used.min() > 0.0:
            _log.warning(
                "the mask reaches every pixel after it was grown by %g and softened by %g pixels, "
                "so that nothing is kept as it was; smaller mask.dilate and mask.feather keep more",
                *lengths.values(),
            )
        redraw = functools.partial(injection.redraw, model)
        own = self._keywords()
        keywords = {**lengths, **own}
        like = drawn_like(photo)[0]
        seeds = self.seeds(self.wanted.count)
        for index, seed in enumerate(seeds):
            if finishes:
                change = injection.redraw_small(model, photo.pixels, mask, start, seed=seed, **own)
                made = self._finished(photo, change, mask, used, model)
            else:
                made = redraw(photo.pixels, mask, start, seed=seed, **keywords)
            yield Picture(f"{self.task}/{index:03d}.png", made, like=photo)
            if finishes:
                yield Picture(f"{self.task}/drawn/{index:03d}.png", change.after, "aside", like)
        yield Picture(f"{self.task}/before.png", photo.pixels, "before", like=photo)
        if used is not None:
            yield gray(f"{self.task}/mask.png", used, "mask")
        small = resize(photo.pixels, injection.working_size(model, photo.size)).clamp(-1.0, 1.0)
        region = None if mask is None else injection.shrink_mask(model, mask)
        for scale in range(1, model.finished):
            made = redraw(small, region, scale, seed=seeds[0], **keywords)
            yield Picture(f"{self.task}/start-scale-{scale}.png", made, "aside", like)
        self._tell(start, model.finished - 1)

    def _finished(
        self,
        photo: Photo,
        change: Change,
        mask: Tensor | None,
        used: Tensor | None,
        model: SinGAN,
    ) -> Tensor:
        """The photo with a change at its own resolution, (1, 3, H, W) in [-1, 1].

        Args:
            mask, used: what may change, as given, and grown and softened; None: everything.
        """
        weight = torch.ones_like(photo.pixels[:, :1]) if used is None else used
        drawing = bring_back(photo.pixels, change.before, change.after, weight)
        trained = self.context.trained
        learnt = Photo(model.image.cpu()) if trained.is_gone() else trained.photo()
        # Its pixels become as large as those of the changed photo.
        ratio = math.sqrt(math.prod(photo.size) / math.prod(learnt.size))
        size = round(learnt.size[0] * ratio), round(learnt.size[1] * ratio)
        source = resize(learnt.pixels, size).clamp(-1, 1)
        part = (weight >= 0.5).float()
        scale = change.after.shape[-1] / photo.size[1]
        say = self.context.say
        done = finish_inside(
            photo, drawing, part, scale=scale, say=say, detailed=True, source=source
        )
        return done.pixels

    def _mask(self, photo: Photo) -> Tensor | None:
        option, options = f"{self.task}.mask", self.context.options.mask
        mask = self.context.given.read(option)
        if mask is not None:
            invert = options.invert
            return read_mask(
                mask, photo.size, invert=invert, option=option, invert_option="mask.invert"
            )
        if self.needs_mask:
            raise UserError(f"{option}=FILE is missing: white where the object is, black elsewhere")
        for key, default in dataclasses.asdict(MaskOptions()).items():
            if (value := getattr(options, key)) != default:
                raise UserError(f"mask.{key}={value}: there is no mask; {option}=FILE names one")
        return None

    def _keywords(self) -> dict[str, Any]:
        """Further arguments of the injection."""
        return {}

    def _lengths(self, model: SinGAN, finishes: bool) -> dict[str, float]:
        """By how much the mask grows and is softened, in pixels at the model's size."""
        options = self.context.options.mask
        dilate, feather = self._default_lengths(model, finishes)
        return {
            "dilate": dilate if options.dilate is None else options.dilate,
            "feather": feather if options.feather is None else options.feather,
        }

    def _default_lengths(self, model: SinGAN, finishes: bool) -> tuple[float, float]:
        ratio = max(model.sizes[-1]) / REFERENCE if finishes else 1.0
        return self.dilate * ratio, injection.FEATHER * ratio
