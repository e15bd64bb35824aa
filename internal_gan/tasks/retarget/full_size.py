"""The network's output at the size of the result: finished, with the protected part put back and
the outline cut."""

from dataclasses import replace

import torch
from torch import Tensor

from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.walker import Fixed
from internal_gan.images.protect import enlarged, protect
from internal_gan.images.resize import resize, size_of
from internal_gan.images.windows import bounds
from internal_gan.tasks.retarget.targets import Target


def finished(drawing: Tensor, target: Target) -> Finished:
    """The finished rectangle of a drawing (1, 3, h, w) in [-1, 1], of the target's drawing size."""
    finisher, protected = target.finisher, target.protected
    if not finisher.on or target.protect is None or protected is None:
        return finisher(drawing)
    mask = resize(protected, finisher.photo_size).clamp(0, 1)
    small = protect(target.protect, target.drawing_size)
    kept = enlarged(small, size_of(target.protect), mask, target.size)
    rows, columns = torch.meshgrid(kept.rows, kept.columns, indexing="ij")
    places = torch.stack([rows, columns], dim=-1).int()
    where = kept.weight[0, 0] > 0.5
    drawn = finisher(drawing, fixed=Fixed(where.numpy(), places.numpy()))
    # Put back the exact pixels, without the changes that hide seams.
    return finisher.changed(drawn, kept.put_back(drawn.pixels, finisher.photo))


def outline(target: Target) -> Tensor | None:
    """The alpha channel of a target, (1, 1, height, width) in [0, 1]; None for a rectangle."""
    if target.mask is not None:
        return target.mask
    return None if target.transform is None else target.transform.coverage(target.size)


def on_canvas(drawn: Finished, target: Target) -> Finished:
    """A finished rectangle, placed where the target's outline is."""
    if target.mask is None:
        return drawn
    window = bounds(target.mask)
    inside = (..., *window)

    def placed(image: Tensor) -> Tensor:
        canvas = image.new_zeros(*image.shape[:-2], *target.size)
        canvas[inside] = image
        return canvas

    alpha = None if drawn.alpha is None else placed(drawn.alpha)
    origin = None if drawn.origin is None else drawn.origin.placed(target.size, *window)
    return replace(drawn, pixels=placed(drawn.pixels), alpha=alpha, origin=origin)
