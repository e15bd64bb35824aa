"""What editing and harmonization share: a photo with a mask of what may change."""

import dataclasses
import functools
import logging
import math
from collections.abc import Iterator
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from internal_gan.config.task_options import MaskOptions, RedrawOptions
from internal_gan.errors import UserError
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
from internal_gan.tasks.layers import FILES

Wanted = TypeVar("Wanted", bound=RedrawOptions)

# The default lengths are for a model with this long side, in pixels. For finished results they
# scale with the model's size.
REFERENCE = 250.0

_log = logging.getLogger(__name__)


class Redraw(FromImage[Wanted]):
    """Redraws a part of a photo, ``000.png`` and so on; also shows the photo, the mask and the
    result of each start scale.

    Attributes:
        dilate: how much the mask grows by default, in pixels at the model's size.
        needs_mask: whether a mask is required.
    """

    what = "the photo with its changes"
    dilate: ClassVar[float]
    needs_mask: ClassVar[bool]

    def draw(self, model: Redraws, preview: bool = False) -> Iterator[Picture]:
        photo = self._read()
        finishes = not preview and self.context.uses_photo_pixels
        lengths = self._lengths(model, finishes)
        mask = self._mask(photo)
        start = self._start_scale(model)
        used = None if mask is None else redrawing.soft_mask(model, mask, *lengths.values())
        if used is not None and used.min() > 0.0:
            _log.warning(
                "the mask reaches every pixel once grown by %g and feathered by %g pixels, so "
                "nothing is kept unchanged; a smaller mask.dilate or mask.feather keeps more",
                *lengths.values(),
            )
        if finishes:
            check_inside(f"{self.task}.image", _part(photo, used))
        redraw = functools.partial(redrawing.redraw, model)
        own, learnt, layers = self._keywords(), photo, list[Layer]()
        if finishes:
            learnt = self._learnt(photo, model)
            layers = [layer.shrunk_to(learnt.size) for layer in self._layers(photo, learnt)]
        else:
            self.context.refuse_layers()
        keywords = {**lengths, **own}
        like = output_format_of(photo)[0]
        seeds = self.seeds(self.wanted.count)
        for index, seed in enumerate(seeds):
            file = f"{self.task}/{index:03d}.png"
            if not finishes:
                made = redraw(photo.pixels, mask, start, seed=seed, **keywords)
                yield Picture(file, made, like=photo)
                continue
            change = redrawing.redraw_small(model, photo.pixels, mask, start, seed=seed, **own)
            done = self._finished(photo, change, mask, used, learnt)
            part = _part(photo, used)
            yield Picture.of(
                file,
                done.finished(photo, part, source=learnt, drawing=change.after, layers=layers),
            )
        yield Picture(f"{self.task}/before.png", photo.pixels, "before", like=photo)
        if used is not None:
            yield gray(f"{self.task}/mask.png", used, "mask")
        small = resize(photo.pixels, redrawing.working_size(model, photo.size)).clamp(-1.0, 1.0)
        region = None if mask is None else redrawing.shrink_mask(model, mask)
        for scale in range(1, model.finished):
            made = redraw(small, region, scale, seed=seeds[0], **keywords)
            yield Picture(f"{self.task}/start-scale-{scale}.png", made, "aside", like, made=True)
        self._tell(start, model.finished - 1)

    def _learnt(self, photo: Photo, model: Redraws) -> Photo:
        """The training photo, shrunk to the scale of the changed photo if that is smaller."""
        trained = self.context.trained
        learnt = Photo(model.image.cpu()) if trained.is_gone() else trained.photo()
        longest = max(1, round(max(learnt.size) * _ratio(photo, learnt)))
        return learnt.shrunk_to(fit_size(learnt.size, longest))

    def _layers(self, photo: Photo, learnt: Photo) -> list[Layer]:
        layers = self.context.layers(learnt.full_size)
        if layers and photo.size != learnt.full_size:
            sizes = [f"{height}x{width}" for height, width in (photo.size, learnt.full_size)]
            if not self.context.given.files(FILES):
                return []  # the training's do not fit this photo
            raise UserError(
                f"{self.task}.image: {sizes[0]} pixels; layers= needs the training photo's size, "
                f"{sizes[1]}"
            )
        return layers

    def _finished(
        self,
        photo: Photo,
        change: Change,
        mask: Tensor | None,
        used: Tensor | None,
        learnt: Photo,
    ) -> Inside:
        """The photo with a change, at its own resolution; origins are in the training photo.

        Args:
            mask, used: what may change, as given, and once grown and feathered; None: everything.
            learnt: from :meth:`_learnt`.
        """
        part = _part(photo, used)
        weight = torch.ones_like(part) if used is None else used
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
        return Inside(
            done.pixels, origins, np.where(inside, done.known, same_pixels(photo, learnt))
        )

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
                raise UserError(f"mask.{key}={value}: there is no mask; give {option}=FILE")
        return None

    def _keywords(self) -> dict[str, Any]:
        """Further arguments of the redrawing."""
        return {}

    def _lengths(self, model: Redraws, finishes: bool) -> dict[str, float]:
        """By how much the mask is grown and feathered, in pixels at the model's size."""
        options = self.context.options.mask
        dilate, feather = self._default_lengths(model, finishes)
        return {
            "dilate": dilate if options.dilate is None else options.dilate,
            "feather": feather if options.feather is None else options.feather,
        }

    def _default_lengths(self, model: Redraws, finishes: bool) -> tuple[float, float]:
        ratio = max(model.sizes[-1]) / REFERENCE if finishes else 1.0
        return self.dilate * ratio, redrawing.FEATHER * ratio


def _part(photo: Photo, used: Tensor | None) -> Tensor:
    """The part of a photo to redraw, where its mask is at least 0.5, (1, 1, H, W)."""
    return (torch.ones_like(photo.pixels[:, :1]) if used is None else used >= 0.5).float()


def _ratio(photo: Photo, learnt: Photo) -> float:
    """How much larger a photo is than the training photo, along each side."""
    return math.sqrt(math.prod(photo.size) / math.prod(learnt.size))
