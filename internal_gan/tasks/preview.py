"""task=preview: pictures made of a photo's patches alone, without any training."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

from internal_gan.config.task_options import PreviewOptions
from internal_gan.finishing.layout import layout
from internal_gan.images.resize import size_of
from internal_gan.tasks.base import Picture, Task

T = TypeVar("T")

# What a layout costs on two cores, and each of its pixels.
LAYOUT_SECONDS, SECONDS_PER_PIXEL = 0.1, 1e-4
# Pictures drawn at once; one if they have too many pixels for the memory of a laptop. Together they
# take this share of the time that they take one after another.
AT_ONCE, AT_ONCE_PIXELS, TOGETHER = 2, 5_000_000, 0.65


def ahead(draw: Callable[[T], Picture], items: Sequence[T], at_once: int) -> Iterator[Picture]:
    """Draw pictures in the background while the ones before are written; the first alone, so that
    it comes early."""
    first, *others = items
    coming, left = deque[Future[Picture]](), iter(others)
    picture = draw(first)
    with ThreadPoolExecutor(at_once, "pictures") as pool:
        while True:
            coming.extend(pool.submit(draw, item) for item in islice(left, at_once - len(coming)))
            yield picture
            if not coming:
                return
            picture = coming.popleft().result()


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
        shape = finisher.drawing_size or size_of(learnt)
        each = finisher.seconds + LAYOUT_SECONDS + SECONDS_PER_PIXEL * math.prod(shape)
        self.context.check_size(finisher.size, self.size_option, each)
        small = math.prod(finisher.size or shape) <= AT_ONCE_PIXELS
        others = (wanted.count - 1) * each * (TOGETHER if small else 1.0)
        self.context.begin(wanted.count, each + others)
        seeds = self.seeds(wanted.count)

        def drawn(number: int) -> Picture:
            rng = torch.Generator().manual_seed(seeds[number])
            drawing = layout(learnt, shape, rng, freedom=wanted.freedom)
            return Picture.of(f"preview/{number:03d}.png", finisher(drawing))

        yield from ahead(drawn, range(wanted.count), AT_ONCE if small else 1)

    @property
    def memory(self) -> str:
        return "finish.resolution" if self.wanted.size is None else "preview.size"


TASK = Preview
