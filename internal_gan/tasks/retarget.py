"""task=retarget: the photo in other sizes and shapes, with its own patches."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.options import RetargetOptions, shapes_in
from internal_gan.device import check_memory
from internal_gan.errors import UserError, refusing
from internal_gan.finishing.finisher import AsDrawn, Finished
from internal_gan.finishing.walker import Fixed
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.protect import enlarged, protect
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Homography, Transform
from internal_gan.images.windows import bounds, extent
from internal_gan.models.abilities import Retargets
from internal_gan.tasks.formats import (
    FORMATS,
    Format,
    Wishes,
    format_of,
    is_in_pixels,
    is_redrawn,
    photo_of,
    size_in,
)
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture
from internal_gan.units import Size, by

# The shapes by default that a model redraws.
EXAMPLES = [["100%", "200%"], ["100%", "50%"], ["200%", "200%"]]
# A pixel of a shrunk mask is protected if more than this share of it was white.
THIN = 0.1


@dataclass(frozen=True)
class Target:
    """A picture to generate, as ``NAME.png``: a rectangle that the ``finisher`` finishes, or what
    of it is inside a ``transform``; it fills the bounds of a ``mask``, (1, 1, *size) in [0, 1].
    What keeps its shape is ``protect``, (1, 1, h, w) at the training image's size, and
    ``protected`` at the size in which it was given."""

    name: str
    size: Size
    finisher: AsDrawn
    transform: Transform | None = None
    mask: Tensor | None = None
    protect: Tensor | None = None
    protected: Tensor | None = None

    @property
    def drawing_size(self) -> Size:
        assert self.finisher.drawing_size is not None
        return self.finisher.drawing_size


def retarget(
    model: Retargets,
    wanted: RetargetOptions,
    mask: Photo | None,
    protect: Photo | None,
    importance: Photo | None,
    how: How,
) -> Iterator[Picture]:
    """Draws ``retarget/300x800.png`` and so on."""
    if how.seed and not how.ends_training and not model.is_random:
        raise UserError(
            f"seed={how.seed}: a model of {model.family} draws one picture of each size; "
            "leave it out, or train with another seed"
        )
    wishes = Wishes(mask, protect, importance)
    return _drawn(model, list(wanted_of(model, wanted, wishes, how)), how)


def wanted_of(
    model: Retargets, wanted: RetargetOptions, wishes: Wishes, how: How
) -> Iterator["Format | Target"]:
    """The results that the options ask for; a UserError if the options contradict each other, or do
    not fit the model or the memory."""
    shapes = shapes_in(wanted.shape)
    has_outline = wanted.corners is not None or wishes.outline is not None
    if model.is_trained or has_outline or not how.rebuilds:
        _refuse_importance(wishes)
        yield from targets(model, wanted, shapes, wishes, how)
        return
    photo, full = photo_of(model, how), how.learnt(model).size
    for shape in shapes or FORMATS:
        if is_redrawn(photo, photo.size, shape):
            _refuse_importance(wishes)
            yield from targets(model, wanted, [shape], wishes, how)
        else:
            yield format_of(photo, full, shape, wishes, how)
        how = replace(how, warned=True)  # masks are read for each shape


def _refuse_importance(wishes: Wishes) -> None:
    if wishes.importance is not None:
        raise UserError(
            "retarget.importance: only where the photo is cropped or extended; a trained model, an "
            "outline, finish.detail=network, more than the photo has in per cent, and a larger "
            "texture are redrawn; leave it out"
        )


def targets(
    model: Retargets, wanted: RetargetOptions, shapes: list[Any], wishes: Wishes, how: How
) -> Iterator[Target]:
    """What is redrawn in some shapes of ``retarget.shape``, by default examples, and in the outline
    of the options; raises as :func:`wanted_of`."""
    image = model.image
    kept = mask = _protected(image, wanted, wishes, how)
    if mask is not None and size_of(mask) != size_of(image):
        # Protect partly protected pixels entirely, or thin objects would be lost.
        kept = (resize(mask, size_of(image)) > THIN).float()
    finisher = partial(how.finisher, image, same_area=True)
    for target in _targets(finisher, wanted, shapes, wishes.outline, how):
        at, (height, width) = target.drawing_size, target.size
        option = f"retarget.shape=[{height},{width}]"
        check_memory(round(math.prod(at) * model.bytes_per_pixel), model.device, option)
        target.finisher.check(option)
        how.check_size(target.size, option)
        if kept is not None:
            try:
                protect(kept, at)
            except UserError as error:
                drawn = f" is drawn at {by(at)} pixels:" if at != target.size else ":"
                raise UserError(f"{option}{drawn} {error}") from error
        yield replace(target, protect=kept, protected=mask)


def _protected(image: Tensor, wanted: RetargetOptions, wishes: Wishes, how: How) -> Tensor | None:
    """The mask of ``retarget.protect``, at the size of the photo or of its training image."""
    if wishes.protect is not None and (wanted.corners or wishes.outline is not None):
        raise UserError(
            "retarget.protect keeps a shape, while retarget.corners and mask change it; use one of "
            "them"
        )
    if wishes.protect is None:
        return None
    size = size_of(image)
    if wishes.protect.size != size and how.read is not None:
        size = how.read(max(size)).full_size
    option, warn = "retarget.protect", not how.warned
    return read_mask(wishes.protect, size, option=option, white="is kept", warn=warn)


def _targets(
    finisher: Callable[..., AsDrawn],
    wanted: RetargetOptions,
    shapes: list[Any],
    outline: Photo | None,
    how: How,
) -> Iterator[Target]:
    """The targets without what they protect; ``finisher`` makes one for a size in pixels."""
    photo = finisher()
    own, transform = photo.photo_size, None
    if wanted.corners is not None:
        with refusing(f"retarget.corners={wanted.corners}", "retarget.corners"):
            transform = Homography.to_corners([(2 * x - 1, 2 * y - 1) for y, x in wanted.corners])
    usual: list[Any] = EXAMPLES if transform is None else [["100%", "100%"]]
    # Pairs: the size of a result, and what makes the finisher of a part of it.
    aimed = list[tuple[Size, Callable[[Size], AsDrawn]]]()
    for shape in shapes or (usual if outline is None else []):
        # A ratio and per cent are of the photo as it is in results.
        aimed.append((size_in(shape, own), finisher if is_in_pixels(shape) else photo.at))
    if outline is None:
        yield from (Target(by(size), size, part(size), transform) for size, part in aimed)
        return
    if transform is not None:
        raise UserError("retarget.mask and retarget.corners both give an outline; use one of them")
    option, warn = "retarget.mask", not how.warned
    mask = read_mask(outline, outline.size, option=option, white="is the shape", warn=warn)
    for size, part in aimed or [(outline.size, finisher)]:
        name = f"{by(size)}-{Path(str(wanted.mask)).stem}"
        resized = resize(mask, size).clamp(0, 1)
        yield Target(name, size, part(extent(bounds(resized))), None, resized)


def _drawn(model: Retargets, wanted: Sequence[Format | Target], how: How) -> Iterator[Picture]:
    if not how.preview:
        how.report.expect(len(wanted))
    names = Counter[str]()
    for one in wanted:
        names[one.name] += 1
        again = f"-{names[one.name]}" if names[one.name] > 1 else ""
        file, caption = f"retarget/{one.name}{again}.png", ""
        if isinstance(one, Format):
            caption = f"{one.name}: {one.plan.in_words()}"
            how.report.say(caption)
            image = one.made(how.report)
        else:
            drawing = model.retarget(
                one.drawing_size, transform=one.transform, protect=one.protect, seed=how.seed
            )
            image = Finished(drawing) if how.preview else in_outline(finished(drawing, one), one)
        yield Picture(file, image, caption=caption)
    if not how.preview:
        how.tell_new_colours()


def finished(drawing: Tensor, target: Target) -> Finished:
    """The finished rectangle of a drawing (1, 3, h, w) in [-1, 1], of the target's drawing size."""
    finisher, protected = target.finisher, target.protected
    if target.protect is None or protected is None:
        return finisher(drawing)
    mask = resize(protected, finisher.photo_size).clamp(0, 1)
    small = protect(target.protect, target.drawing_size)
    kept = enlarged(small, size_of(target.protect), mask, target.size)
    places = torch.stack(torch.meshgrid(kept.rows, kept.columns, indexing="ij"), dim=-1).int()
    return finisher(drawing, fixed=Fixed((kept.weight[0, 0] > 0.5).numpy(), places.numpy()))


def in_outline(drawn: Finished, target: Target) -> Finished:
    """A finished rectangle placed where the target's outline is, and transparent outside it."""
    if target.transform is not None:
        outline = target.transform.coverage(target.size)
    elif target.mask is not None:
        outline, (rows, columns), (height, width) = target.mask, bounds(target.mask), target.size
        beside = Margins(rows.start, width - columns.stop, height - rows.stop, columns.start)
        drawn = replace(
            drawn,
            colours=beside.padded(drawn.pixels, 0.0),
            alpha=None if drawn.alpha is None else beside.padded(drawn.alpha, 0.0),
            origin=drawn.origin and drawn.origin.placed(target.size, rows, columns),
        )
    else:
        return drawn
    alpha = outline if drawn.alpha is None else outline.to(drawn.alpha) * drawn.alpha
    return replace(drawn, colours=drawn.pixels, alpha=alpha)
