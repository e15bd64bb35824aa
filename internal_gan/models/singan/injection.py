"""Paint-to-image, editing and harmonization: an image replaces the output of the pyramid's coarse
scales (Shaham et al. 2019, section 4)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.colours import match_colours
from internal_gan.images.composite import bring_back
from internal_gan.images.masks import FAINT, soften
from internal_gan.images.masks import dilate as dilated
from internal_gan.images.palette import nearest_colours
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.singan.model import SinGAN
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# The square root of the area at which an image is injected, in pixels. Chosen by eye from the
# results of all start scales.
PAINT, EDIT, HARMONIZE = 20.0, 20.0, 36.0
# In pixels at the model's size, from the authors' configuration.
EDIT_DILATE, HARMONIZE_DILATE, FEATHER = 20.0, 7.0, 5.0
# A mask that is dilated farther covers any image.
LONGEST = 1000.0


class Change(NamedTuple):
    """An image at the working size, on the CPU."""

    before: Pixels
    after: Pixels


def start_scale_for(model: SinGAN, side: float) -> int:
    """The start scale that injects an image at about ``side`` x ``side`` pixels.

    A generator's field of view is the same number of pixels in every pyramid, so the same side
    leaves the same structures to the model. Fewer than two finished scales are a UserError.
    """
    last = _last_start_scale(model)
    sides = [math.sqrt(h * w) for h, w in model.sizes[: last + 1]]

    def distance(start: int) -> float:
        return abs(math.log(sides[start - 1] / side))

    return min(range(1, last + 1), key=distance)


def working_size(model: SinGAN, size: Size) -> Size:
    """The size with the aspect ratio of ``size`` and the finest finished scale's pixel count."""
    height, width = model.sizes[model.finished - 1]
    factor = math.sqrt(height * width / (size[0] * size[1]))
    found = scaled(size, factor)
    is_photo = abs(found[0] - height) <= 1 and abs(found[1] - width) <= 1
    return (height, width) if is_photo else found


@torch.no_grad()
def inject(
    model: SinGAN,
    image: Pixels,
    start_scale: int,
    *,
    size: Size | None = None,
    seed: int = 0,
    palette: Tensor | None = None,
) -> Pixels:
    """Refine an image of any size with the scales from ``start_scale`` on; the result is on the
    CPU.

    Args:
        start_scale: 1 to the finest; higher values stay closer to the image.
        size: by default :func:`working_size`.
        palette: (K, 3) in [-1, 1], colours to which the image is reduced first.

    Raises:
        UserError: a start scale or a size out of range, or fewer than two finished scales.
    """
    last = _last_start_scale(model)
    model.ladder.check_scale(start_scale, first=1)
    sizes = model.ladder.sizes_for(size or working_size(model, size_of(image)), last)
    start = resize(image.to(model.device), sizes[start_scale - 1]).clamp(-1, 1)
    if palette is not None:
        start = nearest_colours(start, palette)
    drawn = model.synthesise(
        sizes,
        model.noise_from(torch.Generator().manual_seed(seed)),
        first=start_scale,
        image=start,
        # No scale was trained on values outside [-1, 1], which would grow.
        after=lambda scale, made: made.clamp(-1, 1),
    )
    return drawn.cpu()


def redraw(
    model: SinGAN,
    image: Pixels,
    mask: Mask | None,
    start_scale: int,
    *,
    dilate: float,
    feather: float,
    seed: int = 0,
    match: bool = False,
) -> Pixels:
    """Make an edited photo, or one with a pasted object, look like one photo again.

    The result, on the CPU, equals ``image``, bit for bit, where the :func:`soft_mask` is 0. For
    ``start_scale``, ``seed`` and errors see :func:`inject`.

    Args:
        image: of any size.
        mask: 1 where the image may change; None for everywhere.
        match: first give the masked region the photo's mean colour and contrast.
    """
    change = redraw_small(model, image, mask, start_scale, seed=seed, match=match)
    if mask is None:
        used = image.new_ones(1, 1, *size_of(image))
    else:
        used = soft_mask(model, mask, dilate, feather)
    return bring_back(image.cpu(), *change, used.cpu())


def redraw_small(
    model: SinGAN,
    image: Tensor,
    mask: Tensor | None,
    start_scale: int,
    *,
    seed: int = 0,
    match: bool = False,
) -> Change:
    """Like :func:`redraw`, but at the working size and on the whole image."""
    size = working_size(model, size_of(image))
    before = given = resize(image, size).clamp(-1, 1)
    if match and mask is not None:
        region = shrink_mask(model, mask).to(before)
        given = match_colours(before, region, model.image.to(before))
    return Change(before.cpu(), inject(model, given, start_scale, size=size, seed=seed))


def soft_mask(model: SinGAN, mask: Mask, dilate: float, feather: float) -> Mask:
    """A mask dilated by a radius and feathered by a standard deviation, in pixels of the model.

    It is 0 wherever it is black in 8 bits. A length below 0 or above ``LONGEST`` is a ValueError.
    """
    check_range(0, LONGEST, dilate=dilate, feather=feather)
    used = mask
    if dilate or feather:
        grown = soften(dilated(shrink_mask(model, mask), dilate), feather)
        used = resize(grown, size_of(mask)).clamp(0, 1)
    return torch.where(used > FAINT, used, 0.0)


def shrink_mask(model: SinGAN, mask: Mask) -> Mask:
    """A mask at the working size; thin strokes keep their full value."""
    at = working_size(model, size_of(mask))
    if at[0] > mask.shape[-2]:
        return resize(mask, at).clamp(0, 1)
    return F.adaptive_max_pool2d(mask, at)


def _last_start_scale(model: SinGAN) -> int:
    model.ladder.check_finished()
    if model.finished < 2:
        raise UserError(
            "this model has one finished scale; an image is injected between two, so train more"
        )
    return model.finished - 1
