"""task=preview: pictures made of a photo's patches alone, without any training."""

from collections.abc import Iterator

import torch

from internal_gan.config.task_options import PreviewOptions
from internal_gan.models.patches.layout import layout
from internal_gan.images.resize import size_of
from internal_gan.tasks.base import Picture, Task, ahead


class Preview(Task[PreviewOptions]):
    """Draws variations, ``preview/000.png`` and so on, and their layouts."""

    result_name = "preview"
    about = ("A preview made of the photo's patches, without a trained network",)

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, photo = self.wanted, self.context.given.photo()
        learnt = self.context.small_photo
        finisher = self.context.finisher(learnt, wanted.size)
        del photo  # until here it was in use, and thus read only once
        finisher.check(self.size_option)
        kept, fixed = self.context.kept("preview.keep", learnt, finisher)
        shape = finisher.drawing_size or size_of(learnt)
        self.context.check_size(finisher.size or finisher.photo_size, self.size_option)
        self.context.begin(wanted.count)
        seeds = self.seeds(wanted.count)

        def drawn(number: int) -> Picture:
            rng = torch.Generator().manual_seed(seeds[number])
            drawing = layout(learnt, shape, rng, freedom=wanted.freedom, kept=kept)
            return Picture(f"preview/{number:03d}.png", finisher(drawing, fixed=fixed))

        yield from ahead(drawn, range(wanted.count), finisher.at_once)

    @property
    def memory(self) -> str:
        return "finish.resolution" if self.wanted.size is None else "preview.size"


TASK = Preview
