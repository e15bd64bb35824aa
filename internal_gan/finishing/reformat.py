"""A photo in another format, by a plan: what is kept is the photo's own, bit for bit."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from internal_gan.finishing.filling import extend
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.origin import BLENDED, EXACT, MAX_SIDE, Origin
from internal_gan.finishing.plans import Plan, Values
from internal_gan.images.colours import in_kind_of
from internal_gan.images.frames import SMEARED, lines_of
from internal_gan.images.masks import FAINT
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.resize import nearest_pixels, resample_columns, resize, size_of
from internal_gan.images.windows import Window
from internal_gan.patches.origins import own_places
from internal_gan.reporting import SILENT, Report
from internal_gan.units import Size


@dataclass(frozen=True)
class Layout:
    """A plan in pixels.

    Attributes:
        photo: the size of the whole photo in it.
        window: what is kept of it.
        length: what that becomes, along the plan's axis.
        margins: new canvas around it.
        size: of the result.
    """

    photo: Size
    window: Window
    length: int
    margins: Margins
    size: Size


def layout(plan: Plan, photo: Size, shape: Size | float) -> Layout:
    """A plan in pixels, for a photo of a size: for a ratio, width to height, nothing is scaled; for
    a result of (height, width), the photo is shrunk if it is larger."""
    axis, other = plan.axis, 1 - plan.axis
    new = plan.before + plan.after
    side = photo[other]
    canvas = side + round(new * side)
    if isinstance(shape, float):
        length = max(1, round(canvas * shape if axis else canvas / shape))
    else:
        if shape[other] < canvas:
            canvas = shape[other]
            side = max(1, round(canvas / (1 + new)))
        length = max(1, round(shape[axis] * canvas / shape[other]))
    whole = max(1, round(photo[axis] * side / photo[other]))
    kept = round(plan.kept * whole) if plan.is_squeezed else length
    whole = max(whole, kept)
    start = min(round(plan.start * whole), whole - kept)
    before = round((canvas - side) * plan.before / (new or 1))
    along = slice(start, start + kept)
    beside = slice(0, side)
    after = canvas - side - before
    if axis:
        margins = Margins(before, 0, after, 0)
        return Layout((side, whole), (beside, along), length, margins, (canvas, length))
    margins = Margins(0, after, 0, before)
    return Layout((whole, side), (along, beside), length, margins, (length, canvas))


def reformat(
    photo: Photo,
    plan: Plan,
    shape: Size | float,
    *,
    rng: torch.Generator | None = None,
    option: str = "image",
    report: Report = SILENT,
) -> Finished:
    """The photo as a plan has it, see :func:`layout`; a result that is still larger is enlarged.

    Args:
        rng: of random new canvas; None for the one that fits best.
        option: the one to name in a UserError if memory does not suffice.
    """
    how = layout(plan, photo.size, shape)
    window, margins = _without_lines(photo, how)
    photo = replace(photo.shrunk_to(how.photo), of_few=photo.has_few_colours)
    kept = photo.crop(*window)
    places: Values = np.arange(how.length, dtype=np.float64)
    if how.length != window[plan.axis].stop - window[plan.axis].start:
        places = _squeezed(plan, how)
        kept = _taken_at(kept, plan.axis, places, photo.has_few_colours)
    made = Finished(kept.colours, alpha=kept.alpha, like=kept)
    if max(photo.size) <= MAX_SIDE:
        made = replace(made, origin=_origin(photo.size, window, plan.axis, places))
    if any(margins):
        closed = torch.zeros(1, 1, *kept.size)
        if kept.alpha is not None:
            closed = (kept.alpha <= FAINT).float()
        new = extend(kept, margins, closed, rng=rng, option=option, report=report)
        made = replace(new, origin=new.origin and made.origin and made.origin.of(new.origin))
    return made if isinstance(shape, float) else enlarged(made, shape, photo.has_few_colours)


def _without_lines(photo: Photo, how: Layout) -> tuple[Window, Margins]:
    """What is kept, and the margins, without the thin lines where there is new canvas."""
    if not any(how.margins):
        return how.window, how.margins
    ratio = max(how.photo) / max(photo.size)
    pairs = zip(lines_of(photo), how.margins, strict=True)
    lines = Margins(
        *(math.ceil((line + SMEARED) * ratio) if line and new else 0 for line, new in pairs)
    )
    rows, columns = how.window
    rows = slice(rows.start + lines.top, rows.stop - lines.bottom)
    columns = slice(columns.start + lines.left, columns.stop - lines.right)
    return (rows, columns), Margins(*map(sum, zip(how.margins, lines, strict=True)))


def _origin(photo: Size, window: Window, axis: int, along: Values) -> Origin:
    """The origin of what is kept in a window, with its rows or columns at some places there."""
    start = window[axis].start
    other = window[1 - axis]
    count = other.stop - other.start
    size = (count, len(along)) if axis else (len(along), count)
    places = own_places(size, (window[0].start, window[1].start))
    kinds = np.empty(size, np.uint8)
    nearest = along.round()
    where = np.s_[:] if axis else np.s_[:, None]
    places[..., axis] = (start + nearest).astype(np.int32)[where]
    kinds[:] = np.where(nearest == along, EXACT, BLENDED)[where]
    return Origin(places, kinds, photo)


def _squeezed(plan: Plan, how: Layout) -> Values:
    """Where each row or column comes from, in pixels of what is kept; what is not squeezed comes
    from whole numbers."""
    kept = how.window[plan.axis].stop - how.window[plan.axis].start
    after = np.append(0.0, np.cumsum(plan.factors))
    before = np.linspace(0, kept, len(after))
    centres = np.interp(np.arange(how.length) + 0.5, after * (how.length / after[-1]), before) - 0.5
    step = np.searchsorted(before, centres + 0.5) - 1
    whole = np.asarray(plan.factors)[step.clip(0, len(plan.factors) - 1)] == 1
    # A stretch that is not squeezed moves as one, by less than a pixel.
    for first in np.flatnonzero(whole & ~np.append(False, whole[:-1])):
        last = first + (int((~whole[first:]).argmax()) or how.length - first)
        centres[first:last] = round(centres[first]) + np.arange(last - first)
    found: Values = centres.clip(0, kept - 1)
    return found


def _taken_at(photo: Photo, axis: int, places: Values, nearest: bool) -> Photo:
    """Rows or columns of a photo at some places, or the ``nearest`` ones."""
    at = torch.from_numpy(places)
    if nearest:
        return photo.each(lambda layer: layer.index_select(2 + axis, at.round().long()))

    def along(layer: Tensor) -> Tensor:
        made = resample_columns(layer if axis else layer.mT, at)
        return (made if axis else made.mT).contiguous()

    colours = in_kind_of(photo.colours, along(photo.pixels).clamp(-1, 1))
    alpha = None if photo.alpha is None else along(photo.alpha).clamp(0, 1)
    return replace(photo, colours=colours, alpha=alpha, raw=None)


def enlarged(made: Finished, size: Size, nearest: bool) -> Finished:
    """A picture at a larger size, if it does not have it; ``nearest``: in its own colours."""
    if size_of(made.colours) == size:
        return made
    rows, columns = nearest_pixels(size_of(made.colours), size)
    origin = made.origin
    alpha = made.alpha
    if origin is not None:
        places, kinds = (part[rows, columns] for part in (origin.places, origin.kinds))
        if not nearest:
            kinds = np.maximum(kinds, np.uint8(BLENDED))
        origin = Origin(places, kinds, origin.photo_size)
    if nearest:
        colours = made.colours[..., rows, columns]
        alpha = None if alpha is None else alpha[..., rows, columns]
    else:
        colours = resize(made.pixels, size).clamp(-1, 1)
        alpha = None if alpha is None else resize(alpha, size).clamp(0, 1)
    return replace(made, colours=colours, origin=origin, alpha=alpha)
