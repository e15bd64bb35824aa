"""task=preview: pictures made of a photo's patches alone, without any training."""

from collections.abc import Iterator

import torch

from internal_gan.config.task_options import PreviewOptions
from internal_gan.finishing.layout import layout, small
from internal_gan.images.resize import size_of
from internal_gan.tasks.base import Picture, Task

LAYOUT_SECONDS = 0.4


class Preview(Task[PreviewOptions]):
    """Draws variations, ``preview/000.png`` and so on, and their layouts."""

    result_name = "preview"
    about = ("A preview made of the photo's patches, without a trained network",)

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture]:
        wanted, learnt = self.wanted, small(self.context.given.photo().pixels)
        finisher = self.context.finisher(learnt, wanted.size)
        finisher.check(self.size_option)
        self.context.check_size(finisher.size, self.size_option)
        self.context.begin(wanted.count, wanted.count * (finisher.seconds + LAYOUT_SECONDS))
        for number, seed in enumerate(self.seeds(wanted.count)):
            rng = torch.Generator().manual_seed(seed)
            shape = finisher.drawing_size or size_of(learnt)
            drawing = layout(learnt, shape, rng, freedom=wanted.freedom)
            yield Picture.of(f"preview/{number:03d}.png", finisher(drawing))

    @property
    def memory(self) -> str:
        return "finish.resolution" if self.wanted.size is None else "preview.size"


TASK = Preview
