"""task=edit: a photo with parts moved or painted over, made to look real again; and what painting
and harmonization share with it: an image injected into a model's pyramid."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from internal_gan.config.fields import AUTO
from internal_gan.config.options import EditOptions
from internal_gan.errors import UserError
from internal_gan.finishing.around import lines_beside, with_rims
from internal_gan.finishing.turns import Turn
from internal_gan.images.colours import in_floats
from internal_gan.images.files.profiles import in_profile
from internal_gan.images.levels import ALL, spread, used_range
from internal_gan.images.masks import called, read_mask
from internal_gan.images.photo import Drawn, Margins, Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.images.windows import bounds, overlap, within
from internal_gan.models import redrawing
from internal_gan.models.abilities import Injects
from internal_gan.models.redrawing import Change, start_scale_for, with_colours
from internal_gan.shapes import Mask
from internal_gan.tasks.how import How, check_start_scale
from internal_gan.tasks.items import Picture, aside, gray

# The user is warned if the photo has nothing like more than this share of an image.
MUCH = 0.4
# Smaller differences from the training photo, of a range from -1 to 1, may be due to compression.
NOTICED = 0.12
# The default lengths are for a model with this long side, in pixels, and scale with its size.
REFERENCE = 250.0
# What the options are to name.
_WHAT = {
    "edit.image": "the photo with its changes",
    "paint.image": "the painting or clip-art",
}


def image_of(option: str, given: Photo | None, like: Photo | None, how: How) -> Photo:
    """The image to redraw that an option gave, in the colour profile of the photo that it is to be
    ``like``; a UserError if there is none, or it cannot be redrawn."""
    if given is None:
        raise UserError(f"{option}=FILE is missing: {_WHAT[option]}. See --help")
    photo = in_profile(given, like.icc_profile) if like else given
    if photo is not given:
        how.report.say(f"{called(photo, option)}: brought into the photo's colour profile")
    if used_range(photo) != ALL:
        raise UserError(
            f"{called(photo, option)}: it uses less than an eighth of its levels; allowed is "
            "a picture that uses more of them, as the model has learnt it"
        )
    return photo


def start_scale_of(model: Injects, group: str, wanted: str | int, injected_at: float) -> int:
    """The scale to inject an image at; auto injects it at a size of which ``injected_at`` is the
    root of the area, in pixels. A UserError if the model has no such scale."""
    auto = start_scale_for(model, injected_at)
    if wanted == AUTO:
        return auto
    scale, others = int(wanted), f", or {AUTO} (here {auto})"
    check_start_scale(model, f"{group}.start_scale", scale, 1, others)
    return scale


def tell_foreign(model: Injects, given: Photo, how: How, mask: Tensor | None = None) -> None:
    """Say if the photo has nothing like much of an image, or of the part in a mask."""
    share, row, column = redrawing.foreign(model.image, given, mask)
    if share > MUCH:
        part = "image" if mask is None else "part"
        how.report.say(
            f"The photo has nothing like {share:.0%} of the {part}, such as around row {row}, "
            f"column {column}: what is drawn there is a guess; use the photo's own colours"
        )


@dataclass(frozen=True)
class Kind:
    """How what was changed is redrawn; by default an edited photo.

    Attributes:
        task: whose pictures are drawn.
        injected_at: see :func:`start_scale_of`.
        dilate: by how much the mask grows by default, in pixels at the model's size.
        is_object: whether it is an object, which the photo has no patches like: it needs a mask,
            and stays as it is drawn, with its outline.
        match: whether an object first gets the photo's colours.
        searched: what patches are looked for by, of a change and the mask; None: the given
            colours, not those of a rough drawing.
    """

    task: str = "edit"
    injected_at: float = redrawing.EDIT
    dilate: float = redrawing.EDIT_DILATE
    is_object: bool = False
    match: bool = False
    searched: Callable[[Change, Mask], Change] | None = None


@dataclass(frozen=True)
class _Changed:
    """A changed photo.

    Attributes:
        learnt: the training photo at its scale, if results are made of its pixels.
        marked: the user's mask; None: all of it.
        mask: ``marked`` without what is as in the training photo.
        used: how far the change reaches, with a soft rim, (1, 1, H, W) in [0, 1].
        turn: how the photo was moved around, if its borders meet there.
    """

    photo: Photo
    learnt: Photo | None
    marked: Mask | None
    mask: Mask | None
    used: Mask
    turn: Turn | None = None

    def turned(self, turn: Turn) -> "_Changed":
        marked, mask = (one if one is None else turn(one) for one in (self.marked, self.mask))
        learnt = self.learnt and self.learnt.each(turn)
        return _Changed(self.photo.each(turn), learnt, marked, mask, turn(self.used), turn)


@dataclass(frozen=True)
class Given:
    """What a user gave to edit: an ``image``, as ``edit.image``, and the mask of what changed in
    it, which grows by ``dilate`` pixels, or by as much as is usual. ``like``: see
    :mod:`internal_gan.tasks.bind`."""

    image: Photo | None
    mask: Photo | None = None
    dilate: float | None = None
    like: Photo | None = None


def edit(
    model: Injects,
    image: Photo | None,
    mask: Photo | None,
    dilate: float | None,
    like: Photo | None,
    wanted: EditOptions,
    how: How,
) -> Iterator[Picture]:
    """Redraws ``edit.image`` where the mask is white, or all of it: ``edit/000.png`` and so on;
    also shows what was given. The mask grows by default, by some pixels at the model's size."""
    return redrawn(model, Given(image, mask, dilate, like), wanted, how, Kind())


def redrawn(
    model: Injects, given: Given, wanted: EditOptions, how: How, kind: Kind
) -> Iterator[Picture]:
    """A changed photo, or an object in it, redrawn."""
    image = image_of("edit.image", given.image, given.like, how)
    mask = _mask_of(given, image, kind)
    if not model.finished:  # before a training, which takes minutes, its end is only checked
        return iter(())
    start = start_scale_of(model, "edit", wanted.start_scale, kind.injected_at)
    changed = _changed(model, image, mask, given.dilate, how, kind)
    shown = changed.used
    touches = mask is not None and changed.learnt is not None
    if touches and changed.learnt is not None and changed.learnt.size == image.size:
        turn = how.turn(image, shown)
        changed = changed if turn is None else changed.turned(turn)
    is_blended = touches and not kind.is_object
    thin, under, used = None, list[Drawn](), changed.used
    plain = photo = changed.photo
    if is_blended:
        masks = [one for one in (changed.marked, changed.mask) if one is not None]
        lines, thin = _beside(photo, used, masks)
        used = used * (1 - lines)
        if thin.any():
            box = bounds(thin)
            under = [Drawn(box, fill_smoothly(photo.pixels, thin)[(..., *box)])]
            plain = photo.with_drawn(under, thin)
    part = (used >= 0.5).float()
    whole = part if thin is None else torch.maximum(part, thin)
    finisher = how.part_finisher(
        photo,
        whole,
        source=changed.learnt,
        detailed=True,
        keeps=kind.is_object,
        rim=None if thin is None else whole - part,
        option="edit.image",
    )
    drawn_in = used
    if is_blended:
        assert changed.mask is not None
        # Beside what was changed, the network's drawing is a haze of both sides.
        drawn_in = used * ((used < 0.5) | (changed.mask >= 0.5))

    def draw() -> Iterator[Picture]:
        for index, seed in enumerate(how.seeds(wanted.count)):
            change = redrawing.redraw(
                model, plain, changed.mask, start, seed=seed, match=kind.match
            )
            drawn = change if changed.learnt is None else _searched(change, changed.mask, kind)
            drawing = under + redrawing.bring_back(plain, drawn, drawn_in)
            scale = change.after.shape[-1] / photo.size[1]
            done = finisher(drawing, scale, drawn=change.after)
            done = done if changed.turn is None else changed.turn.back(done)
            yield Picture(f"{kind.task}/{index:03d}.png", done)
        before = f"{kind.task}/before.png"
        yield aside(before, image.colours, "before", image, shows="edit.image")
        if changed.mask is not None:
            yield gray(f"{kind.task}/mask.png", shown, "mask")
        how.tell_new_colours(blends=kind.is_object)
        if not kind.is_object:
            tell_foreign(model, image, how, _as_given(changed))

    return draw()


def _changed(
    model: Injects, photo: Photo, marked: Mask | None, dilate: float | None, how: How, kind: Kind
) -> _Changed:
    """A changed photo, and how far the change reaches."""
    learnt = _learnt(photo, model, how) if how.rebuilds else None
    mask = marked
    if mask is None:
        used = torch.ones(1, 1, *photo.size)
        how.report.say(
            "No mask: the whole photo is redrawn; mask=FILE, white where you changed it, keeps "
            "the rest"
        )
    else:
        if learnt is not None and not kind.is_object:
            mask = _narrowed(mask, photo, learnt)
        ratio = max(model.sizes[-1]) / REFERENCE
        if kind.is_object and how.rebuilds:
            ratio = 0.0
        grown = kind.dilate * ratio if dilate is None else dilate
        used = redrawing.soft_mask(model, mask, grown, redrawing.FEATHER * ratio)
    if learnt is not None and learnt.frame and learnt.uncut == photo.size:
        used = used * (1 - learnt.frame.part(learnt.size))
    return _Changed(photo, learnt, marked, mask, used)


def _mask_of(given: Given, photo: Photo, kind: Kind) -> Mask | None:
    """The mask of a changed photo, if any."""
    if given.mask is not None:
        return read_mask(given.mask, photo.size)
    if kind.is_object:
        raise UserError("mask=FILE is missing: white where the object is, black elsewhere")
    if given.dilate is not None:
        raise UserError(f"mask.dilate={given.dilate:g}: there is no mask; give mask=FILE")
    return None


def _as_given(changed: _Changed) -> Mask | None:
    """The mask of a changed photo, as that was given."""
    mask, turn = changed.mask, changed.turn
    if mask is None or turn is None:
        return mask
    return replace(turn, rows=-turn.rows, columns=-turn.columns)(mask)


def _learnt(photo: Photo, model: Injects, how: How) -> Photo:
    """The training photo, shrunk to the scale of the changed photo if that is smaller."""
    learnt = how.learnt(model)
    ratio = math.sqrt(math.prod(photo.size) / math.prod(learnt.uncut))
    return learnt.shrunk_to(fit_size(learnt.size, max(1, round(max(learnt.size) * ratio))))


def _searched(change: Change, mask: Mask | None, kind: Kind) -> Change:
    if kind.searched is None or mask is None:
        return Change(change.before, with_colours(*change, kind.injected_at))
    return kind.searched(change, mask)


def _beside(photo: Photo, used: Mask, masks: Sequence[Mask]) -> tuple[Mask, Mask]:
    """The thin lines along borders that a change comes near, which stay; and those with the rims of
    what was there, which do not. Neither tints what is new."""
    even, changed = spread(photo), [(mask >= 0.5).float() for mask in masks]
    lines = lines_beside(even, (used >= 0.5).float()) * (1 - changed[0])
    rims = [with_rims(even, one) - one for one in changed]
    return lines, torch.stack([lines, *rims]).amax(dim=0)


def _narrowed(mask: Tensor, photo: Photo, learnt: Photo) -> Tensor:
    """A mask without what is as in the training photo, so that the rim of a change is near it; the
    mask itself if all or nothing inside differs, or the sizes do."""
    if photo.size != learnt.uncut or not mask.any():
        return mask
    inside = (learnt.frame or Margins(0, 0, 0, 0)).window(learnt.size)
    box = overlap(bounds(mask), inside)
    here, there = (..., *box), (..., *within(box, inside))
    pairs = in_floats(photo.colours[here]), in_floats(learnt.colours[there])
    changed = (pairs[0] - pairs[1]).abs().amax(dim=1, keepdim=True) > NOTICED
    narrow = torch.zeros_like(mask)
    narrow[here] = mask[here] * changed
    return narrow if narrow.any() else mask
