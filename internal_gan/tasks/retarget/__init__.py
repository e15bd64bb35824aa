"""task=retarget: the photo in other sizes and shapes, with its own patches."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from internal_gan.config.task_options import RetargetOptions
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.walker import Fixed
from internal_gan.images.protect import enlarged, protect
from internal_gan.images.resize import resize, size_of
from internal_gan.images.windows import bounds
from internal_gan.models.abilities import Retargets
from internal_gan.tasks.base import Picture, Task, aside
from internal_gan.tasks.retarget.targets import Target, targets


class Retarget(Task[RetargetOptions]):
    """Draws ``retarget/300x800.png`` and so on; also plain resizing in ``compare/``."""

    result_name = "picture"

    def check(self, model: Retargets) -> None:
        for _ in targets(self.wanted, model, self.context):
            pass

    def draw(self, model: Retargets, preview: bool = False) -> Iterator[Picture]:
        wanted = list(targets(self.wanted, model, self.context))
        if not preview:
            self.context.begin(len(wanted))
        for target in wanted:
            size, transform = target.drawing_size, target.transform
            drawing = model.retarget(size, transform=transform, protect=target.protect)
            file = f"retarget/{target.name}.png"
            if preview:
                yield aside(file, drawing, "result")
                continue
            drawn = finished(drawing, target)
            yield Picture(file, in_outline(drawn, target))
            if self.wanted.compare and target.mask is None and transform is None:
                folder, image = f"compare/{target.name}", drawn.pixels
                plain = resize(target.finisher.photo, size_of(image)).clamp(-1, 1)
                yield aside(f"{folder}/{model.family}.png", image, made=True)
                yield aside(f"{folder}/plain-resizing.png", plain)


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
    """A finished rectangle, cut by the target's outline and placed where that is."""
    if target.transform is not None:
        return _cut(drawn, target.transform.coverage(target.size))
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
    whole = replace(drawn, pixels=placed(drawn.pixels), alpha=alpha, origin=origin)
    return _cut(whole, target.mask)


def _cut(drawn: Finished, outline: Tensor) -> Finished:
    """A picture that is transparent outside an outline, (1, 1, height, width) in [0, 1]."""
    alpha = outline if drawn.alpha is None else outline.to(drawn.alpha) * drawn.alpha
    return replace(drawn, alpha=alpha)


TASK = Retarget
