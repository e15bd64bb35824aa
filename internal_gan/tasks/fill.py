"""task=fill: a hole in a photo filled with the photo's own patches, without any training."""

from collections.abc import Iterator

import torch

from internal_gan.config.task_options import FillOptions
from internal_gan.finishing.filling import draw_filling
from internal_gan.finishing.masked import check_inside, rebuilt_inside
from internal_gan.tasks.base import Picture, Task, gray
from internal_gan.tasks.inpaint.holes import holes_of


class Fill(Task[FillOptions]):
    """Draws ``fill/000.png`` and so on: the photo with its hole filled. Results after the first are
    random."""

    result_name = "filled photo"

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        context = self.context
        case = holes_of(context).case(0, context.given.photo(), "", warn=True)
        photo, hole, unknown = case.photo, case.hole, case.unknown
        check_inside("image", hole)
        layers = context.layers(photo.size)
        for number, seed in enumerate(self.seeds(self.wanted.count)):
            is_best = number == 0 and self.wanted.seed is None
            rng = None if is_best else torch.Generator().manual_seed(seed)
            drawing, scale = draw_filling(photo.pixels, hole, unknown, rng)
            done = rebuilt_inside(photo, drawing, hole, unknown, scale=scale, reporter=context)
            yield Picture.of(f"fill/{number:03d}.png", done.finished(photo, hole, layers=layers))
        yield Picture("fill/before.png", photo.pixels, "before", photo)
        yield gray("fill/mask.png", hole, "mask")


TASK = Fill
