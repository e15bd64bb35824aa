"""task=paint: a painting or clip-art turned into a photo."""

from collections.abc import Iterator

from internal_gan.config.options import PaintOptions
from internal_gan.images.photo import Photo
from internal_gan.models.abilities import Injects
from internal_gan.models.redrawing import PAINT, with_colours, working_size
from internal_gan.tasks.base import Picture, aside
from internal_gan.tasks.edit import FromImage


class Paint(FromImage[PaintOptions]):
    """Draws ``paint.image`` as a photo, ``paint/000.png`` and so on; also the painting."""

    what, injected_at, memory = "the painting or clip-art", PAINT, "finish.resolution"

    def draw(self, model: Injects, preview: bool = False) -> Iterator[Picture]:
        # A long and narrow painting is processed at a longer size than the model's.
        given = self._read(4 * max(model.sizes[-1]))
        start, size = self._start_scale(model), working_size(model, given.size)
        painting = given.resized(size)
        finisher = self.context.finisher(model.image).enlarging(size)
        finisher.check("finish.resolution")
        yield aside("paint/before.png", painting, "before")
        for index, seed in enumerate(self.seeds(self.wanted.count)):
            image = model.inject(painting, start, seed=seed)
            if self.context.rebuilds:
                image = with_colours(painting, image, PAINT)
            yield Picture(f"paint/{index:03d}.png", finisher(image))
        self.context.tell_new_colours()
        self._tell_foreign(model, Photo(painting))
