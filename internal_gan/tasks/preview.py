"""task=preview: pictures made of a photo's patches alone, without any training."""

from collections.abc import Iterator

import torch

from internal_gan.config.fields import AUTO
from internal_gan.config.task_options import PreviewOptions
from internal_gan.errors import UserError
from internal_gan.finishing.filling import completed
from internal_gan.finishing.layout import layout, small
from internal_gan.finishing.masked import check_inside, rebuilt_inside
from internal_gan.images.resize import size_of
from internal_gan.tasks.base import Picture, Task, gray
from internal_gan.tasks.inpaint.holes import Case, holes_of


class Preview(Task[PreviewOptions]):
    """Draws ``preview/000.png`` and so on: fillings of the hole if there is one, else variations
    and their layouts."""

    result_name = "preview"
    about = ("A preview made of the photo's patches, without a trained network",)

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        options, context = self.context.options, self.context
        holes = holes_of(options.inpaint, context)
        if not holes.is_named:
            idle = {
                "mask.invert": options.mask.invert,
                "mask.dilate": options.mask.dilate is not None,
                "inpaint.source": options.inpaint.source is not None,
            }
            for option in (name for name, is_given in idle.items() if is_given):
                raise UserError(f"{option}: there is no hole; give mask=FILE or inpaint.box")
            return self._variations()
        if self.wanted.size is not None:
            raise UserError("preview.size: filling a hole keeps the photo's size")
        if options.finish.resolution not in (None, AUTO, "photo"):
            raise UserError("finish.resolution: filling a hole keeps the photo's size")
        return self._fillings(holes.case(0, context.given.photo(), "", warn=True))

    @property
    def memory(self) -> str:
        return "finish.resolution" if self.wanted.size is None else "preview.size"

    def _fillings(self, case: Case) -> Iterator[Picture]:
        """Fill a hole with the photo's patches; results after the first are random."""
        photo, hole = case.photo, case.hole
        check_inside("image", hole)
        for number, seed in enumerate(self.seeds(self.wanted.count)):
            rng = torch.Generator().manual_seed(seed) if number else None
            drawing, scale = completed(photo.pixels, hole, case.unknown, rng)
            done = rebuilt_inside(
                photo, drawing, hole, case.unknown, scale=scale, reporter=self.context
            )
            yield Picture.of(f"preview/{number:03d}.png", done.finished(photo, hole))
        yield Picture("preview/before.png", photo.pixels, "before", photo)
        yield gray("preview/mask.png", hole, "mask")

    def _variations(self) -> Iterator[Picture]:
        wanted, learnt = self.wanted, small(self.context.given.photo().pixels)
        finisher = self.context.finisher(learnt, wanted.size)
        finisher.check(self.size_option)
        for number, seed in enumerate(self.seeds(wanted.count)):
            rng = torch.Generator().manual_seed(seed)
            shape = finisher.drawing_size or size_of(learnt)
            drawing = layout(learnt, shape, rng, freedom=wanted.freedom)
            yield Picture.of(f"preview/{number:03d}.png", finisher(drawing))


TASK = Preview
