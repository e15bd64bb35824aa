"""task=edit: a photo with parts moved or painted over, made to look real again; and what painting
and harmonization share with it: an image injected into a model's pyramid."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from internal_gan.config.fields import AUTO
from internal_gan.config.options import EditOptions, PaintOptions
from internal_gan.errors import UserError
from internal_gan.finishing.around import lines_beside, with_rims
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
from internal_gan.tasks.base import Picture, Task, aside, gray

Injected = TypeVar("Injected", bound=PaintOptions | EditOptions)

# A share of an image that the photo has nothing like, above which it is said.
MUCH = 0.4
# Smaller differences from the training photo, of a range from -1 to 1, may be due to compression.
NOTICED = 0.12
# The default lengths are for a model with this long side, in pixels, and scale with its size.
REFERENCE = 250.0


class FromImage(Task[Injected]):
    """Redraws ``paint.image`` or ``edit.image``, ``what`` it is in words, from a start scale; auto
    injects it at a size of which ``injected_at`` is the root of the area, in pixels."""

    what: ClassVar[str]
    injected_at: ClassVar[float]

    def check(self, model: Injects) -> None:
        if self.context.options.trains:  # which takes minutes
            self._read()

    def _read(self, longest: int | None = None) -> Photo:
        """The image; ``longest`` as in :func:`internal_gan.images.files.image.read_image`."""
        option = f"{self.group}.image"
        photo = self.context.given.read(option, longest=longest)
        if photo is None:
            raise UserError(f"{option}=FILE is missing: {self.what}. See --help")
        like = self.context.given.trained.like
        given, photo = photo, in_profile(photo, like.icc_profile) if like else photo
        if photo is not given:
            self.context.say(f"{called(photo, option)}: brought into the photo's colour profile")
        if used_range(photo) != ALL:
            raise UserError(
                f"{called(photo, option)}: it uses less than an eighth of its levels; allowed is "
                "a picture that uses more of them, as the model has learnt it"
            )
        return photo

    def _start_scale(self, model: Injects) -> int:
        auto, wanted = start_scale_for(model, self.injected_at), self.wanted.start_scale
        if wanted == AUTO:
            return auto
        self.check_start_scale(model, int(wanted), 1, f", or {AUTO} (here {auto})")
        return int(wanted)

    def _tell_foreign(self, model: Injects, given: Photo, mask: Tensor | None = None) -> None:
        share, row, column = redrawing.foreign(model.image, given, mask)
        if share > MUCH:
            part = "image" if mask is None else "part"
            self.context.say(
                f"The photo has nothing like {share:.0%} of the {part}, such as around row {row}, "
                f"column {column}: what is drawn there is a guess; use the photo's own colours"
            )


class Edit(FromImage[EditOptions]):
    """Redraws ``edit.image`` where the mask is white, or all of it, and shows the mask, which grows
    by default by ``dilate`` pixels at the model's size. The photo has no patches like an object
    (``is_object``): it needs a mask, may first get the photo's colours, and stays as it is drawn,
    with its outline."""

    group, what, injected_at = "edit", "the photo with its changes", redrawing.EDIT
    memory, source_type = "edit.image", "compositeWithTrainedAlgorithmicMedia"
    dilate: ClassVar[float] = redrawing.EDIT_DILATE
    is_object: ClassVar[bool] = False

    def check(self, model: Injects) -> None:
        if self.context.options.trains:  # which takes minutes
            self._mask(self._read())

    def draw(self, model: Injects, preview: bool = False) -> Iterator[Picture]:
        given = photo = self._read()
        mask = marked = self._mask(photo)
        start = self._start_scale(model)
        learnt = self._learnt(photo, model) if self.context.rebuilds else None
        if mask is not None and learnt is not None and not self.is_object:
            mask = _narrowed(mask, photo, learnt)
        if mask is None:
            used = torch.ones(1, 1, *photo.size)
            self.context.say(
                "No mask: the whole photo is redrawn; mask=FILE, white where you changed it, keeps "
                "the rest"
            )
        else:
            used = redrawing.soft_mask(model, mask, *self._lengths(model))
        if learnt is not None and learnt.frame and learnt.uncut == photo.size:
            used = used * (1 - learnt.frame.part(learnt.size))
        shown, turn = used, None
        if mask is not None and learnt is not None and learnt.size == photo.size:
            turn = self.context.turn(photo, used)
        if turn is not None:
            photo, learnt = photo.each(turn), learnt and learnt.each(turn)
            marked, mask = (one if one is None else turn(one) for one in (marked, mask))
            used = turn(used)
        plain, thin, under = photo, None, list[Drawn]()
        if mask is not None and learnt is not None and not self.is_object:
            lines, thin = _beside(photo, used, [one for one in (marked, mask) if one is not None])
            used = used * (1 - lines)
            if thin.any():
                box = bounds(thin)
                under = [Drawn(box, fill_smoothly(photo.pixels, thin)[(..., *box)])]
                plain = photo.with_drawn(under, thin)
        part = (used >= 0.5).float()
        whole = part if thin is None else torch.maximum(part, thin)
        finisher = self.context.part_finisher(
            photo,
            whole,
            source=learnt,
            detailed=True,
            keeps=self.is_object,
            rim=None if thin is None else whole - part,
            option="edit.image",
        )
        redrawn = used
        if mask is not None and learnt is not None and not self.is_object:
            # Beside what was changed, the network's drawing is a haze of both sides.
            redrawn = used * ((used < 0.5) | (mask >= 0.5))
        match = self.is_object and bool(self.context.as_trained("harmonize.match"))
        for index, seed in enumerate(self.seeds(self.wanted.count)):
            change = redrawing.redraw(model, plain, mask, start, seed=seed, match=match)
            drawn = change if learnt is None else self._changed(change, mask)
            drawing = under + redrawing.bring_back(plain, drawn, redrawn)
            scale = change.after.shape[-1] / photo.size[1]
            done = finisher(drawing, scale, drawn=change.after)
            done = done if turn is None else turn.back(done)
            yield Picture(f"{self.name}/{index:03d}.png", done)
        copy = self.context.given.copy_of("edit.image")
        yield aside(f"{self.name}/before.png", given.colours, "before", given, given=copy)
        if mask is not None:
            yield gray(f"{self.name}/mask.png", shown, "mask")
        self.context.tell_new_colours(blends=self.is_object)
        if not self.is_object:
            back = None if turn is None else replace(turn, rows=-turn.rows, columns=-turn.columns)
            self._tell_foreign(model, given, mask if mask is None or back is None else back(mask))

    def _learnt(self, photo: Photo, model: Injects) -> Photo:
        """The training photo, shrunk to the scale of the changed photo if that is smaller."""
        learnt = self.context.learnt(model)
        ratio = math.sqrt(math.prod(photo.size) / math.prod(learnt.uncut))
        return learnt.shrunk_to(fit_size(learnt.size, max(1, round(max(learnt.size) * ratio))))

    def _changed(self, change: Change, mask: Tensor | None) -> Change:
        """What patches are looked for by: the given colours, not those of a rough drawing."""
        return Change(change.before, with_colours(*change, self.injected_at))

    def _mask(self, photo: Photo) -> Tensor | None:
        mask, grown = self.context.given.read("mask.file"), self.context.options.mask.dilate
        if mask is not None:
            return read_mask(mask, photo.size)
        if self.is_object:
            raise UserError("mask=FILE is missing: white where the object is, black elsewhere")
        if grown is not None:
            raise UserError(f"mask.dilate={grown:g}: there is no mask; give mask=FILE")
        return None

    def _lengths(self, model: Injects) -> tuple[float, float]:
        """By how much the mask is grown and feathered, in pixels at the model's size."""
        grown, ratio = self.context.options.mask.dilate, max(model.sizes[-1]) / REFERENCE
        if self.is_object and self.context.rebuilds:
            ratio = 0.0
        return self.dilate * ratio if grown is None else grown, redrawing.FEATHER * ratio


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
