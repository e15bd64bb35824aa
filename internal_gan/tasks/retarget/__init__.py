"""task=retarget: the photo in other sizes and shapes, with its own patches."""

from collections.abc import Iterator

from torch import Tensor

from internal_gan.config.task_options import RetargetOptions
from internal_gan.images.resize import resize, size_of
from internal_gan.models.abilities import Retargets
from internal_gan.models.base import Model
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Picture, Task, aside
from internal_gan.tasks.retarget.full_size import finished, in_outline
from internal_gan.tasks.retarget.targets import Target, photo_of, targets


class Retarget(Task[RetargetOptions]):
    """Draws ``retarget/300x800.png`` and so on; also plain resizing in ``compare/``."""

    result_name = "picture"

    def learnt(self, model: Model) -> Pixels:
        return photo_of(self.wanted, model, self.context)

    def check(self, model: Retargets) -> None:
        for _ in targets(self.wanted, model, self.context):
            pass

    def draw(self, model: Retargets, preview: bool = False) -> Iterator[Picture]:
        learnt = self.learnt(model)
        wanted = list(targets(self.wanted, model, self.context))
        if not preview:
            self.context.begin(len(wanted))
        for target in wanted:
            drawing, file = self._paint(model, learnt, target), f"retarget/{target.name}.png"
            if preview:
                yield aside(file, drawing, "result")
                continue
            drawn = finished(drawing, target)
            yield Picture(file, in_outline(drawn, target))
            if self.wanted.compare and target.mask is None and target.transform is None:
                photo = target.finisher.photo
                yield from _compared(target.name, model.family, drawn.pixels, photo)

    def _paint(self, model: Retargets, learnt: Tensor, target: Target) -> Tensor:
        """The network's output (1, 3, h, w) in [-1, 1], without outline."""
        return model.retarget(
            target.drawing_size,
            transform=target.transform,
            image=learnt,
            protect=target.protect,
        )


def _compared(name: str, family: str, image: Tensor, photo: Tensor) -> Iterator[Picture]:
    """The result, and plain resizing to the same size."""
    folder, size = f"compare/{name}", size_of(image)
    yield aside(f"{folder}/{family}.png", image, made=True)
    yield aside(f"{folder}/plain-resizing.png", resize(photo, size).clamp(-1, 1))


TASK = Retarget
