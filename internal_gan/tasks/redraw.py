"""What editing and harmonization share: a photo with a mask of what may change."""

import logging
import math
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from internal_gan.config.task_options import MaskOptions, RedrawOptions
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.layers import Layer
from internal_gan.finishing.masked import Inside, check_inside, rebuilt_inside
from internal_gan.finishing.verification import same_pixels
from internal_gan.images.composite import bring_back
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, output_format_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.models import redrawing
from internal_gan.models.abilities import Redraws
from internal_gan.models.redrawing import Change
from internal_gan.tasks.base import Picture, gray
from internal_gan.tasks.from_image import FromImage

Wanted = TypeVar("Wanted", bound=RedrawOptions)

_log = logging.getLogger(__name__)


class Redraw(FromImage[Wanted]):
    """Redraws a part of a photo, ``000.png`` and so on; also shows the photo, the mask and the
    result of each start scale.

    Attributes:
        dilate: how much the mask grows by default, in pixels at the model's size.
        reference: for finished results, the default lengths are for a model with this long side, in
            pixels, and scale with the model's size.
        needs_mask: whether a mask is required.
    """

    what = "the photo with its changes"
    dilate: ClassVar[float]
    reference: ClassVar[float] = 250.0
    needs_mask: ClassVar[bool]

    def draw(self, model: Redraws, preview: bool = False) -> Iterator[Picture]:
        photo = self._read()
        dilate, feather = self._lengths(model)
        mask = self._mask(photo)
        start = self._start_scale(model)
        used = None if mask is None else redrawing.soft_mask(model, mask, dilate, feather)
        if used is not None and used.min() > 0.0:
            _log.warning(
                "the mask reaches every pixel once grown by %g and feathered by %g pixels, so "
                "nothing is kept unchanged; a smaller mask.dilate or mask.feather keeps more",
                *(dilate, feather),
            )
        redraw = partial(redrawing.redraw, model, dilate=dilate, feather=feather, match=self._match)
        seeds = self.seeds(self.wanted.count)
        if self.context.uses_photo_pixels:
            results = self._finished_results(model, photo, mask, used, start)
        else:
            self.context.refuse_layers()
            made = (redraw(photo.pixels, mask, start, seed=seed) for seed in seeds)
            results = (Finished(pixels, like=photo) for pixels in made)
        for index, result in enumerate(results):
            yield Picture.of(f"{self.name}/{index:03d}.png", result)
        yield Picture(f"{self.name}/before.png", photo.pixels, "before", like=photo)
        if used is not None:
            yield gray(f"{self.name}/mask.png", used, "mask")
        like = output_format_of(photo)[0]
        small = resize(photo.pixels, redrawing.working_size(model, photo.size)).clamp(-1.0, 1.0)
        region = None if mask is None else redrawing.shrink_mask(model, mask)
        for scale in range(1, model.finished):
            aside = redraw(small, region, scale, seed=seeds[0])
            yield Picture(f"{self.name}/start-scale-{scale}.png", aside, "aside", like, made=True)
        self._tell(start, model.finished - 1)

    def _finished_results(
        self, model: Redraws, photo: Photo, mask: Tensor | None, used: Tensor | None, start: int
    ) -> Iterator[Finished]:
        """The results at the photo's own resolution.

        Args:
            mask, used: what may change, as given, and once grown and feathered; None: everything.
        """
        # The part to redraw.
        part = (torch.ones_like(photo.pixels[:, :1]) if used is None else used >= 0.5).float()
        check_inside(f"{self.name}.image", part)
        learnt = self._learnt(photo, model)
        layers = [layer.shrunk_to(learnt.size) for layer in self._layers(photo, learnt)]
        for seed in self.seeds(self.wanted.count):
            change = redrawing.redraw_small(
                model, photo.pixels, mask, start, seed=seed, match=self._match
            )
            weight = part if used is None else used
            done = self._finished(photo, change, mask, weight, part, learnt)
            yield done.finished(photo, part, source=learnt, drawing=change.after, layers=layers)

    def _learnt(self, photo: Photo, model: Redraws) -> Photo:
        """The training photo, shrunk to the scale of the changed photo if that is smaller."""
        trained = self.context.trained
        learnt = Photo(model.image.cpu()) if trained.is_gone() else trained.photo()
        longest = max(1, round(max(learnt.size) * _ratio(photo, learnt)))
        return learnt.shrunk_to(fit_size(learnt.size, longest))

    def _layers(self, photo: Photo, learnt: Photo) -> list[Layer]:
        layers = self.context.layers(learnt.full_size)
        if not layers or photo.size == learnt.full_size:
            return layers
        if not self.context.given_layers:
            return []  # the training's do not fit this photo
        sizes = [f"{height}x{width}" for height, width in (photo.size, learnt.full_size)]
        raise UserError(
            f"{self.name}.image: {sizes[0]} pixels; layers= needs the training photo's size, "
            f"{sizes[1]}"
        )

    def _finished(
        self,
        photo: Photo,
        change: Change,
        mask: Tensor | None,
        weight: Tensor,
        part: Tensor,
        learnt: Photo,
    ) -> Inside:
        """The photo with a change, at its own resolution; origins are in the training photo.

        Args:
            mask, weight: what may change, as given, and once grown and feathered.
            part: where ``weight`` is at least 0.5.
            learnt: from :meth:`_learnt`.
        """
        drawing = bring_back(photo.pixels, change.before, change.after, weight)
        ratio = max(1.0, _ratio(photo, learnt))
        size = round(learnt.size[0] * ratio), round(learnt.size[1] * ratio)
        done = rebuilt_inside(
            photo,
            drawing,
            part,
            scale=change.after.shape[-1] / photo.size[1],
            reporter=self.context,
            detailed=True,
            source=resize(learnt.pixels, size).clamp(-1, 1),
        )
        inside = part[0, 0].numpy() > 0
        here = done.origins * learnt.size // size
        origins = np.where(inside[..., None], here, done.origins).astype(np.int32)
        known = np.where(inside, done.known, same_pixels(photo, learnt))
        return Inside(done.pixels, origins, known)

    def _mask(self, photo: Photo) -> Tensor | None:
        option, options = f"{self.name}.mask", self.context.options.mask
        mask = self.context.given.read(option)
        if mask is not None:
            invert = options.invert
            return read_mask(
                mask, photo.size, invert=invert, option=option, invert_option="mask.invert"
            )
        if self.needs_mask:
            raise UserError(f"{option}=FILE is missing: white where the object is, black elsewhere")
        for key, default in asdict(MaskOptions()).items():
            if (value := getattr(options, key)) != default:
                raise UserError(f"mask.{key}={value}: there is no mask; give {option}=FILE")
        return None

    @property
    def _match(self) -> bool:
        """Whether the part's colours are matched to the training photo's first."""
        return False

    def _lengths(self, model: Redraws) -> tuple[float, float]:
        """By how much the mask is grown and feathered, in pixels at the model's size."""
        options, ratio = self.context.options.mask, 1.0
        if self.context.uses_photo_pixels:
            ratio = max(model.sizes[-1]) / self.reference
        dilate = self.dilate * ratio if options.dilate is None else options.dilate
        feather = redrawing.FEATHER * ratio if options.feather is None else options.feather
        return dilate, feather


def _ratio(photo: Photo, learnt: Photo) -> float:
    """How much larger a photo is than the training photo, along each side."""
    return math.sqrt(math.prod(photo.size) / math.prod(learnt.size))
