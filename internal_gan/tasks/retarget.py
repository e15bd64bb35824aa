"""task=retarget: the photo in other sizes and shapes, with its own patches."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
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
from internal_gan.images.photo import Margins
from internal_gan.images.protect import enlarged, protect
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Homography, Transform
from internal_gan.images.windows import bounds, extent
from internal_gan.models.abilities import Retargets
from internal_gan.tasks.base import Picture, Task
from internal_gan.tasks.context import Context
from internal_gan.tasks.formats import (
    FORMATS,
    Format,
    format_of,
    is_in_pixels,
    is_redrawn,
    photo_of,
    size_in,
)
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


def wanted_of(model: Retargets, context: Context) -> Iterator["Format | Target"]:
    """The results that the options ask for, one by one, so that only one mask is in memory; a
    UserError if the options contradict each other, or do not fit the model or the memory."""
    wanted, read = context.options.retarget, context.given.read
    shapes = shapes_in(wanted.shape)
    has_outline = wanted.corners is not None or read("retarget.mask") is not None
    if model.is_trained or has_outline or not context.rebuilds:
        _refuse_importance(context)
        yield from targets(model, context, shapes)
        return
    photo = photo_of(context, model)
    for shape in shapes or FORMATS:
        if is_redrawn(photo, photo.size, shape):
            _refuse_importance(context)
            yield from targets(model, context, [shape])
        else:
            yield format_of(context, photo, shape)


def _refuse_importance(context: Context) -> None:
    if context.given.read("retarget.importance") is not None:
        raise UserError(
            "retarget.importance: only where the photo is cropped or extended; a trained model, an "
            "outline, finish.detail=network, more than the photo has in per cent, and a larger "
            "texture are redrawn; leave it out"
        )


def targets(model: Retargets, context: Context, shapes: list[Any]) -> Iterator[Target]:
    """What is redrawn in some shapes of ``retarget.shape``, by default examples, and in the outline
    of the options; raises as :func:`wanted_of`."""
    image = model.image
    kept = mask = _protected(image, context)
    if mask is not None and size_of(mask) != size_of(image):
        # Protect partly protected pixels entirely, or thin objects would be lost.
        kept = (resize(mask, size_of(image)) > THIN).float()
    finisher = partial(context.finisher, image, same_area=True)
    for target in _targets(finisher, context, shapes):
        at, (height, width) = target.drawing_size, target.size
        option = f"retarget.shape=[{height},{width}]"
        check_memory(round(math.prod(at) * model.bytes_per_pixel), model.device, option)
        target.finisher.check(option)
        context.check_size(target.size, option)
        if kept is not None:
            try:
                protect(kept, at)
            except UserError as error:
                drawn = f" is drawn at {by(at)} pixels:" if at != target.size else ":"
                raise UserError(f"{option}{drawn} {error}") from error
        yield replace(target, protect=kept, protected=mask)


def _protected(image: Tensor, context: Context) -> Tensor | None:
    """The mask of ``retarget.protect``, at the size of the photo or of its training image."""
    wanted = context.options.retarget
    if wanted.protect and (wanted.corners or wanted.mask):
        raise UserError(
            "retarget.protect keeps a shape, while retarget.corners and mask change it; use one of "
            "them"
        )
    given, size = context.given.read("retarget.protect"), size_of(image)
    trained = context.given.trained
    if given is None:
        return None
    if given.size != size and not trained.is_gone:
        size = trained.photo(longest=max(size)).full_size
    option = "retarget.protect"
    is_first = context.given.is_first(option)
    return read_mask(given, size, option=option, white="is kept", warn=is_first)


def _targets(
    finisher: Callable[..., AsDrawn], context: Context, shapes: list[Any]
) -> Iterator[Target]:
    """The targets without what they protect; ``finisher`` makes one for a size in pixels."""
    wanted, photo = context.options.retarget, finisher()
    own, transform = photo.photo_size, None
    if wanted.corners is not None:
        with refusing(f"retarget.corners={wanted.corners}"):
            transform = Homography.to_corners([(2 * x - 1, 2 * y - 1) for y, x in wanted.corners])
    outline = context.given.read("retarget.mask")
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
    option = "retarget.mask"
    is_first = context.given.is_first(option)
    mask = read_mask(outline, outline.size, option=option, white="is the shape", warn=is_first)
    for size, part in aimed or [(outline.size, finisher)]:
        name = f"{by(size)}-{Path(str(wanted.mask)).stem}"
        resized = resize(mask, size).clamp(0, 1)
        yield Target(name, size, part(extent(bounds(resized))), None, resized)


class Retarget(Task[RetargetOptions]):
    """Draws ``retarget/300x800.png`` and so on."""

    memory = "retarget.shape"

    def check(self, model: Retargets) -> None:
        options = self.context.options
        if options.seed and not options.trains and not model.is_random:
            raise UserError(
                f"seed={options.seed}: a model of {model.family} draws one picture of each size; "
                "leave it out, or train with another seed"
            )
        for _ in wanted_of(model, self.context):
            pass

    def draw(self, model: Retargets, preview: bool = False) -> Iterator[Picture]:
        context = self.context
        wanted = list(wanted_of(model, context))
        if not preview:
            context.expected = len(wanted)
        names = Counter[str]()
        for one in wanted:
            names[one.name] += 1
            again = f"-{names[one.name]}" if names[one.name] > 1 else ""
            file, caption = f"retarget/{one.name}{again}.png", ""
            if isinstance(one, Format):
                caption = f"{one.name}: {one.plan.in_words()}"
                context.say(caption)
                image = one.made(context)
            else:
                drawing = model.retarget(
                    one.drawing_size,
                    transform=one.transform,
                    protect=one.protect,
                    seed=context.options.seed,
                )
                image = Finished(drawing) if preview else in_outline(finished(drawing, one), one)
            yield Picture(file, image, caption=caption)
        if not preview:
            context.tell_new_colours()


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
