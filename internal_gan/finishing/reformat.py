"""A photo in another format, by a plan: what is kept is the photo's own, bit for bit."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from internal_gan.finishing.filling import extend
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.origin import BLENDED, EXACT, MAX_SIDE, Origin
from internal_gan.finishing.part_finisher import SILENT, Reporter
from internal_gan.finishing.plans import Plan, Values
from internal_gan.images.colours import in_kind_of
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.resize import nearest_pixels, resample_columns, resize
from internal_gan.patches.origins import own_places
from internal_gan.units import Size


@dataclass(frozen=True)
class Layout:
    """A plan in pixels.

    Attributes:
        photo: the size of the whole photo in it.
        start, kept: the rows or columns that are kept, along the plan's axis.
        length: what they become.
        margins: new canvas around them.
    """

    photo: Size
    start: int
    kept: int
    length: int
    margins: Margins

    def size(self, axis: int) -> Size:
        """The size of the result."""
        own = list(self.photo)
        own[axis] = self.length
        return self.margins.around_size((own[0], own[1]))


def layout(plan: Plan, size: Size, ratio: float, wanted: Size | None = None) -> Layout:
    """A plan for a photo of ``size`` in pixels: of a ``ratio``, width to height, with nothing
    scaled, or for a result of ``wanted`` pixels, for which the photo is shrunk if it is larger."""
    axis, other = plan.axis, 1 - plan.axis
    side = size[other]
    canvas = side + round(plan.before * side) + round(plan.after * side)
    if wanted is not None and wanted[other] < canvas:
        canvas = wanted[other]
        side = max(1, round(canvas / (1 + plan.before + plan.after)))
    share = plan.before / ((plan.before + plan.after) or 1)
    before = round((canvas - side) * share)
    length = max(1, round(canvas * ratio if axis else canvas / ratio))
    if wanted is not None and wanted[other] == canvas:
        length = wanted[axis]
    whole = max(1, round(size[axis] * side / size[other]))
    kept = round(plan.kept * whole) if plan.is_squeezed else length
    whole = max(whole, kept)
    start = min(round(plan.start * whole), whole - kept)
    beside = (before, canvas - side - before)
    margins = Margins(beside[0], 0, beside[1], 0) if axis else Margins(0, beside[1], 0, beside[0])
    return Layout((side, whole) if axis else (whole, side), start, kept, length, margins)


def reformat(
    photo: Photo,
    plan: Plan,
    ratio: float,
    wanted: Size | None = None,
    *,
    rng: torch.Generator | None = None,
    option: str = "image",
    reporter: Reporter = SILENT,
) -> Finished:
    """The photo as a plan has it, see :func:`layout`; a result that is larger than that is enlarged
    evenly.

    Args:
        rng: of random new canvas; None for the one that fits best.
        option: the one to name in a UserError if memory does not suffice.
    """
    how = layout(plan, photo.size, ratio, wanted)
    photo = photo.shrunk_to(how.photo)
    window = [slice(None), slice(None)]
    window[plan.axis] = slice(how.start, how.start + how.kept)
    kept = photo.crop(window[0], window[1])
    columns: Values = np.arange(how.length, dtype=np.float64)
    if how.kept != how.length:
        columns = _squeezed(plan, how)
        kept = _taken_at(kept, plan.axis, columns)
    made = Finished(kept.colours, alpha=kept.alpha, like=kept)
    if max(photo.size) <= MAX_SIDE:
        made = replace(made, origin=_origin(photo.size, kept.size, plan.axis, how.start + columns))
    if any(how.margins):
        closed = torch.zeros(1, 1, *kept.size)
        if kept.alpha is not None:
            closed = (kept.alpha <= FAINT).float()
        new = extend(kept, how.margins, closed, rng=rng, option=option, reporter=reporter)
        made = replace(new, origin=new.origin and made.origin and made.origin.of(new.origin))
    return made if wanted is None else enlarged(made, wanted)


def _origin(photo: Size, size: Size, axis: int, columns: Values) -> Origin:
    """The origin of a picture whose rows or columns are at some places of the photo's."""
    nearest = columns.round()
    places, kinds = own_places(size), np.empty(size, np.uint8)
    along = np.s_[:] if axis else np.s_[:, None]
    places[..., axis] = nearest.astype(np.int32)[along]
    kinds[:] = np.where(nearest == columns, EXACT, BLENDED)[along]
    return Origin(places, kinds, photo)


def _squeezed(plan: Plan, how: Layout) -> Values:
    """Where each row or column comes from, in pixels of what is kept; what is not squeezed comes
    from whole numbers."""
    after = np.append(0.0, np.cumsum(plan.factors))
    before = np.linspace(0, how.kept, len(after))
    scale = how.length / after[-1]
    centres = np.interp(np.arange(how.length) + 0.5, after * scale, before) - 0.5
    step = np.minimum(np.searchsorted(before, centres + 0.5) - 1, len(plan.factors) - 1)
    whole = np.asarray(plan.factors)[step] == 1
    # A stretch of them moves as one, by less than a pixel.
    for first in np.flatnonzero(whole & ~np.append(False, whole[:-1])):
        last = first + (~whole[first:]).argmax() if not whole[first:].all() else how.length
        centres[first:last] = round(centres[first]) + np.arange(last - first)
    found: Values = centres.clip(0, how.kept - 1)
    return found


def _taken_at(photo: Photo, axis: int, places: Values) -> Photo:
    """Rows or columns of a photo at some places; colours are those nearest if they are few."""
    at = torch.from_numpy(places)
    if photo.has_few_colours:
        return photo.each(lambda layer: layer.index_select(2 + axis, at.round().long()))

    def along(layer: Tensor) -> Tensor:
        made = resample_columns(layer if axis else layer.mT, at)
        return (made if axis else made.mT).contiguous()

    colours = in_kind_of(photo.colours, along(photo.pixels).clamp(-1, 1))
    alpha = None if photo.alpha is None else along(photo.alpha).clamp(0, 1)
    return replace(photo, colours=colours, alpha=alpha, raw=None)


def enlarged(made: Finished, size: Size) -> Finished:
    """A picture at a larger size, if it does not have it."""
    if made.colours.shape[-2:] == size:
        return made
    origin = made.origin
    if origin is not None:
        rows, columns = (index.numpy() for index in nearest_pixels(origin.kinds.shape, size))
        kinds = np.maximum(origin.kinds[rows, columns], np.uint8(BLENDED))
        origin = Origin(origin.places[rows, columns], kinds, origin.photo_size)
    alpha = None if made.alpha is None else resize(made.alpha, size).clamp(0, 1)
    return replace(made, colours=resize(made.pixels, size).clamp(-1, 1), origin=origin, alpha=alpha)
