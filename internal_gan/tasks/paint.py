"""task=paint: a painting or clip-art turned into a photo."""

from collections.abc import Iterator

from internal_gan.config.options import PaintOptions
from internal_gan.images.photo import Photo
from internal_gan.models.abilities import Injects
from internal_gan.models.redrawing import PAINT, with_colours, working_size
from internal_gan.runs.source import Source
from internal_gan.tasks.edit import image_of, start_scale_of, tell_foreign
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture, aside


def paint(
    model: Injects, given: Source, like: Photo | None, wanted: PaintOptions, how: How
) -> Iterator[Picture]:
    """Draws ``paint.image`` as a photo, ``paint/000.png`` and so on; also the painting."""
    # A long and narrow painting is processed at a longer size than the model's.
    image = given.read("paint.image", longest=4 * max(model.sizes[-1]))
    photo = image_of("paint.image", image, like, how)
    if not model.finished:  # before a training, which takes minutes, its end is only checked
        return iter(())
    start = start_scale_of(model, "paint", wanted.start_scale, PAINT)
    size = working_size(model, photo.size)
    painting = photo.resized(size)
    finisher = how.finisher(model.image).enlarging(size)
    finisher.check("finish.resolution")

    def draw() -> Iterator[Picture]:
        yield aside("paint/before.png", painting, "before")
        for index, seed in enumerate(how.seeds(wanted.count)):
            image = model.inject(painting, start, seed=seed)
            if how.rebuilds:
                image = with_colours(painting, image, PAINT)
            yield Picture(f"paint/{index:03d}.png", finisher(image))
        how.tell_new_colours()
        tell_foreign(model, Photo(painting), how)

    return draw()
