"""What editing and harmonization share: a photo with a mask of what may change."""

import dataclasses
import functools
import logging
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

from torch import Tensor

from internal_gan.config.task_options import MaskOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, drawn_like
from internal_gan.images.resize import resize
from internal_gan.models.singan import injection
from internal_gan.models.singan.model import SinGAN
from internal_gan.tasks.base import Picture, gray
from internal_gan.tasks.from_image import FromImage

Wanted = TypeVar("Wanted", bound=RedrawOptions)

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
        photo, lengths = self._read(), self._lengths
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
        keywords = {**lengths, **self._keywords()}
        seeds = self.seeds(self.wanted.count)
        for index, seed in enumerate(seeds):
            made = redraw(photo.pixels, mask, start, seed=seed, **keywords)
            yield Picture(f"{self.task}/{index:03d}.png", made, like=photo)
        yield Picture(f"{self.task}/before.png", photo.pixels, "before", like=photo)
        if used is not None:
            yield gray(f"{self.task}/mask.png", used, "mask")
        small = resize(photo.pixels, injection.working_size(model, photo.size)).clamp(-1.0, 1.0)
        region = None if mask is None else injection.shrink_mask(model, mask)
        like = drawn_like(photo)[0]
        for scale in range(1, model.finished):
            made = redraw(small, region, scale, seed=seeds[0], **keywords)
            yield Picture(f"{self.task}/start-scale-{scale}.png", made, "aside", like)
        self._tell(start, model.finished - 1)

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

    @property
    def _lengths(self) -> dict[str, float]:
        options = self.context.options.mask
        return {
            "dilate": self.dilate if options.dilate is None else options.dilate,
            "feather": injection.FEATHER if options.feather is None else options.feather,
        }
