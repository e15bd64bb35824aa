"""The photo in other formats by plans of few large pieces: task=retarget without a model."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from internal_gan.config.arguments import written
from internal_gan.config.fields import AUTO
from internal_gan.config.options import RetargetOptions, shapes_in
from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import BYTES_PER_PIXEL, Finished, shown_side
from internal_gan.finishing.plans import Plan, is_texture, plans
from internal_gan.finishing.reformat import layout, reformat
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.models.base import Model
from internal_gan.reporting import Report
from internal_gan.shapes import Mask
from internal_gan.tasks.how import How
from internal_gan.units import Size, by, ratio_of

# The shapes by default.
FORMATS = ["1:1", "9:16", "21:9"]
# A result in per cent with at least this many times the photo's pixels shows more things.
MORE = 1.9
_MASKS = {"importance": "matters most", "protect": "is kept"}


@dataclass(frozen=True)
class Wishes:
    """What users say of a photo besides its shape.

    Attributes:
        outline: a picture whose white or opaque part is the shape, as ``retarget.mask``.
        protect, importance: pictures of what is kept and of what matters, white there.
    """

    outline: Photo | None = None
    protect: Photo | None = None
    importance: Photo | None = None


@dataclass(frozen=True)
class Format:
    """A photo in a shape, a (height, width) in pixels or a ratio of width to height, by the
    ``number``-th of its ``plans``, the cheapest first, counted on from the first again; then new
    canvas is drawn at random."""

    photo: Photo
    shape: Size | float
    plans: list[Plan]
    number: int = 0

    @property
    def plan(self) -> Plan:
        return self.plans[self.number % len(self.plans)]

    @property
    def size(self) -> Size:
        """(height, width) of the result in pixels."""
        if isinstance(self.shape, float):
            return layout(self.plan, self.photo.size, self.shape).size
        return self.shape

    @property
    def name(self) -> str:
        return by(self.size)

    def made(self, report: Report) -> Finished:
        """The result."""
        is_first = self.number < len(self.plans)
        rng = None if is_first else torch.Generator().manual_seed(self.number)
        option = f"retarget.shape={written(self.size)}"
        return reformat(self.photo, self.plan, self.shape, rng=rng, option=option, report=report)


def photo_of(model: Model, how: How) -> Photo:
    """The photo that formats are made of: as given, unless ``finish.resolution`` says otherwise."""
    photo = how.learnt(model)
    if how.resolution == AUTO:
        return photo
    side = shown_side(how.resolution, photo.size, size_of(model.image))
    return photo.shrunk_to(fit_size(photo.size, side))


def is_redrawn(photo: Photo, own: Size, shape: Any) -> bool:
    """Whether a photo of a size, of which ``photo`` may be a copy, is redrawn for one of the shapes
    of ``retarget.shape``, since that asks for more things than it has: per cents do, or a texture
    becomes larger."""
    if isinstance(shape, str):
        return False
    size = size_in(shape, own)
    if not is_in_pixels(shape):
        return math.prod(size) >= MORE * math.prod(own)
    return (size[0] > own[0] or size[1] > own[1]) and is_texture(photo)


def format_of(photo: Photo, full: Size, shape: Any, wishes: Wishes, how: How) -> Format:
    """A photo, which users have at the size ``full``, in one of the shapes of ``retarget.shape``; a
    UserError if the result is too large, or if what is protected does not fit."""
    masks = dict[str, Mask]()
    for name, white in _MASKS.items():
        if (given := getattr(wishes, name)) is not None:
            warn = name != "importance" and not how.warned  # which may be faint
            option = f"retarget.{name}"
            masks[name] = read_mask(given, full, option=option, white=white, warn=warn)
    ratio = ratio_of(shape) if isinstance(shape, str) else None
    wanted = ratio or size_in(shape, photo.size)
    width_to_height = wanted if isinstance(wanted, float) else wanted[1] / wanted[0]
    option = f"retarget.shape={written(shape)}"
    try:
        found = plans(photo, width_to_height, scales=ratio is None, **masks)
    except UserError as error:
        raise UserError(f"{option}: {error}") from error
    made = Format(photo, wanted, found, how.seed)
    if made.size != layout(made.plan, photo.size, wanted).size:
        check_memory(BYTES_PER_PIXEL * math.prod(made.size), torch.device("cpu"), option)
    how.check_size(made.size, option)
    return made


def plans_of(
    model: Model,
    wanted: RetargetOptions,
    mask: Photo | None,
    protect: Photo | None,
    importance: Photo | None,
    how: How,
) -> list[Plan]:
    """The plans for the first of the shapes in the options; none if it is redrawn."""
    if wanted.corners is not None or mask is not None or not how.rebuilds:
        return []
    photo, shape = photo_of(model, how), (shapes_in(wanted.shape) or FORMATS)[0]
    if is_redrawn(photo, photo.size, shape):
        return []
    wishes, full = Wishes(None, protect, importance), how.learnt(model).size
    return format_of(photo, full, shape, wishes, how).plans


def is_in_pixels(shape: Any) -> bool:
    """Whether a shape is no ratio, and has no per cent."""
    return not isinstance(shape, str) and not any(isinstance(side, str) for side in shape)


def size_in(shape: Any, own: Size) -> Size:
    """A shape in pixels: a ratio has the area of ``own``, of whose sides per cent are, and a null
    side keeps its aspect ratio."""
    if isinstance(shape, str):
        ratio = ratio_of(shape)
        assert ratio is not None
        height = math.sqrt(math.prod(own) / ratio)
        width = height * ratio
    else:
        height, width = (
            float(side[:-1]) / 100 * whole if isinstance(side, str) else side
            for side, whole in zip(shape, own, strict=True)
        )
        height = width * own[0] / own[1] if height is None else height
        width = height * own[1] / own[0] if width is None else width
    return max(1, round(height)), max(1, round(width))
