"""task=fill: a hole in a photo filled with the photo's own patches, without any training."""

from collections.abc import Iterator

from internal_gan.config.task_options import FillOptions
from internal_gan.finishing.filling import fill
from internal_gan.tasks.base import Picture, Task, aside, gray
from internal_gan.tasks.inpaint.holes import avoided, holes_of


class Fill(Task[FillOptions]):
    """Draws ``fill/000.png`` and so on: the photo with its hole filled. Results after the first are
    random."""

    result_name = "filled photo"

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        context = self.context
        case = holes_of(context).case(context.given.photo(), warn=True)
        photo, hole = case.photo, case.hole
        unknown = avoided(
            context, "fill.avoid", photo, hole if case.unknown is None else case.unknown
        )
        for number, rng in enumerate(self.chances(self.wanted.count)):
            done = fill(photo, hole, unknown, rng=rng, reporter=context)
            yield Picture(f"fill/{number:03d}.png", done)
        yield aside("fill/before.png", photo.pixels, "before", photo)
        yield gray("fill/mask.png", hole, "mask")


TASK = Fill
