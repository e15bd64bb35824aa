"""Painting, editing and harmonization: an image is drawn anew (Shaham et al. 2019, section 4)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError
from internal_gan.images.colours import match_colours
from internal_gan.images.masks import FAINT, soften
from internal_gan.images.masks import dilate as dilated
from internal_gan.images.photo import Drawn, Photo
from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.resize import gaussian_blur, resize, resize_part, size_of
from internal_gan.images.windows import bounds
from internal_gan.models.abilities import Injects
from internal_gan.models.base import Model
from internal_gan.patches.exact import lattice, nearest, patches_at
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

# The square root of the area, in pixels, at which each task injects an image; chosen by eye.
PAINT = 20.0
EDIT = 20.0
HARMONIZE = 36.0
# How masks are softened, in pixels at the model's size, from the authors' configuration.
EDIT_DILATE = 20.0  # the radius by which an edit's mask grows
HARMONIZE_DILATE = 7.0  # the same of a pasted object's mask
FEATHER = 5.0  # the sigma of the blur after that

DETAIL_SIGMA = 1.0  # details are what this blur removes, in pixels
VARIANCE_SIGMA = 2.0  # their variance is averaged by this blur, in pixels
# About the square of an 8-bit step, in [-1, 1].
QUANTISATION_VARIANCE = 1e-4

# Patches of an image are compared with the photo's in small copies.
FOREIGN_SIDE = 40  # their long side, in pixels
FOREIGN = 0.12  # above this root mean squared error (0 to 1), a patch is nothing like the photo


class Change(NamedTuple):
    """An image at the working size before and after the change, (1, 3, h, w) on the CPU."""

    before: Tensor
    after: Tensor


def start_scale_for(model: Model, side: float) -> int:
    """The start scale that injects an image at about ``side`` x ``side`` pixels; a UserError if
    fewer than two scales are finished.

    A generator changes what its field of view covers, and that is the same number of pixels in
    every pyramid; so the same side leaves the same structures to the model.
    """
    last = last_start_scale(model)
    off = [abs(math.log(math.sqrt(h * w) / side)) for h, w in model.sizes[:last]]
    return 1 + off.index(min(off))


def working_size(model: Model, size: Size) -> Size:
    """The size with the aspect ratio of ``size`` and the finest finished scale's pixel count."""
    height, width = model.sizes[model.finished - 1]
    factor = math.sqrt(height * width / (size[0] * size[1]))
    found = scaled(size, factor)
    is_photo = abs(found[0] - height) <= 1 and abs(found[1] - width) <= 1
    return (height, width) if is_photo else found


def redraw(
    model: Injects, photo: Photo, mask: Tensor | None, start_scale: int, *, seed: int, match: bool
) -> Change:
    """Make an edited photo, or one with a pasted object, look like one photo again: all of it, at
    the working size, to be brought back where it may change.

    Args:
        photo: the edited one.
        mask: (1, 1, H, W) in [0, 1], 1 where it was changed; None for everywhere.
        start_scale, seed: see :meth:`internal_gan.models.abilities.Injects.inject`.
        match: first give the masked region the photo's mean colour, and at most its contrast.
    """
    size = working_size(model, photo.size)
    before = given = photo.resized(size)
    if match and mask is not None:
        region = shrink_mask(model, mask).to(before)
        given = match_colours(before, region, model.image.to(before))
    return Change(before.cpu(), model.inject(given, start_scale, seed=seed))


def with_colours(given: Tensor, drawn: Tensor, side: float) -> Tensor:
    """What a model drew from an image, in the colours that were given: it decides only what is
    smaller than a pixel of a copy of ``side`` x ``side`` pixels."""
    sigma = math.sqrt(math.prod(size_of(given))) / side
    return (drawn + gaussian_blur(given - drawn, sigma)).clamp(-1, 1)


def bring_back(photo: Photo, change: Change, mask: Mask) -> list[Drawn]:
    """What a change that was made to a copy of a photo, of any size, makes of the photo itself, in
    the window of the mask, if there is any.

    Inside the mask, the result is the resampled copy plus the photo's finer details, scaled by the
    share of local variance that survived the change: textures stay sharp, and an edge that was
    smoothed away does not return. Where the mask is 0 the result is the photo, bit for bit.
    """
    if not mask.any():
        return []
    box = bounds(mask)
    size = photo.size
    given = photo.crop(*box).pixels
    changed = resize_part(change.after, *box, size)
    if size_of(change.after) != size:
        kept = (_variance(change.after) / _variance(change.before)).clamp(0.0, 1.0)
        details = given - resize_part(change.before, *box, size)
        changed += resize_part(kept, *box, size) * details
    return [Drawn(box, torch.lerp(given, changed.clamp(-1.0, 1.0), mask[(..., *box)]))]


def _variance(pixels: Pixels) -> Tensor:
    """Local variance of the details, (1, 1, H, W)."""
    details = (pixels - gaussian_blur(pixels, DETAIL_SIGMA)).square().mean(dim=1, keepdim=True)
    return gaussian_blur(details, VARIANCE_SIGMA) + QUANTISATION_VARIANCE


def foreign(photo: Tensor, given: Photo, mask: Tensor | None = None) -> tuple[float, int, int]:
    """The share of a given image, where a mask is white, whose colours the photo has nowhere, and
    the row and column that are farthest from it."""
    size = fit_size(given.size, FOREIGN_SIDE)
    small = given.resized(size)
    known = resize(photo, fit_size(size_of(photo), FOREIGN_SIDE))
    rows, others = (patches_at(x, lattice(x, 3), 3) for x in (small.cpu(), known.cpu()))
    off = (rows - others[nearest(rows, others)]).square().mean(dim=1).sqrt() / 2
    inside = torch.ones(1, 1, *size) if mask is None else F.adaptive_max_pool2d(mask, size).cpu()
    part = inside[0, 0, 1:-1, 1:-1].flatten() > 0.5
    if not part.any():
        return 0.0, 0, 0
    share = float((off[part] > FOREIGN).float().mean())
    worst = int((off * part).argmax())
    row, column = divmod(worst, size[1] - 2)
    height, width = given.size
    return share, (row + 1) * height // size[0], (column + 1) * width // size[1]


def soft_mask(model: Model, mask: Tensor, dilate: float, feather: float) -> Tensor:
    """A mask (1, 1, H, W) in [0, 1], dilated by a radius and feathered by a Gaussian's standard
    deviation, in pixels at the model's size; 0 wherever it is black in 8 bits."""
    used = mask
    if dilate or feather:
        grown = soften(dilated(shrink_mask(model, mask), dilate), feather)
        used = resize(grown, size_of(mask)).clamp(0, 1)
    return torch.where(used > FAINT, used, 0.0)


def shrink_mask(model: Model, mask: Tensor) -> Tensor:
    """A mask (1, 1, H, W) at the working size; thin strokes keep their full value."""
    at = working_size(model, size_of(mask))
    if at[0] > mask.shape[-2]:
        return resize(mask, at).clamp(0, 1)
    return F.adaptive_max_pool2d(mask, at)


def last_start_scale(model: Model) -> int:
    """The finest start scale, or a UserError if fewer than two scales are finished."""
    if model.finished < 2:
        count = "one" if model.finished else "no"
        more = "train more" if model.is_trained else "use a larger photo"
        raise UserError(f"this model has {count} finished scale; injecting needs two: {more}")
    return model.finished - 1
