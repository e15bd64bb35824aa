"""task=super_resolution: a photo made larger, with detail of its own."""

import math
from collections.abc import Iterator

from internal_gan.config.options import SuperResolutionOptions
from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.finishing.finisher import Finished
from internal_gan.images.periodic import axes, pad_periodic
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.tiling import wraps
from internal_gan.models.abilities import Enlarges
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Picture, Task
from internal_gan.units import by

# Images of three float32 channels in memory at the same time, including for writing the file.
IMAGES_AT_ONCE = 7
# Crisp edges, and nearly as true as without.
DETAIL = 0.3
# By so many pixels of the photo, at least, borders that meet are continued.
CONTINUED = 32


class SuperResolution(Task[SuperResolutionOptions]):
    """Draws ``super_resolution/enlarged.png``, in the format of the photo's file."""

    memory = "super_resolution.factor"
    source_type = "compositeWithTrainedAlgorithmicMedia"

    def check(self, model: Enlarges) -> None:
        model.check_enlarging()
        factor, detail = self.wanted.factor, self.wanted.detail
        if detail is not None and model.family != "patches":
            raise UserError(
                f"super_resolution.detail={detail:g}: only for model=patches; what a network adds "
                "is as it has learnt it"
            )
        height, width = scaled(self.context.given.worked_on.photo().size, factor)
        option = f"super_resolution.factor={factor:g}"
        needed = IMAGES_AT_ONCE * 12 * height * width
        check_memory(needed, model.device, f"{option}, {height}x{width} pixels,")
        self.context.check_size((height, width), option)

    def draw(self, model: Enlarges, preview: bool = False) -> Iterator[Picture]:
        source = self.context.given.worked_on
        photo = source.photo()
        seed = self.context.options.seed
        enlarged = self._enlarged(model, photo, seed)
        alpha = None if photo.alpha is None else resize(photo.alpha, size_of(enlarged)).clamp(0, 1)
        yield Picture("super_resolution/enlarged.png", Finished(enlarged, alpha=alpha, like=photo))
        sizes = f"from {by(photo.size)} to {by(size_of(enlarged))} pixels (height x width)"
        self.context.tell_new_colours(blends=True)
        self.context.say(f"Enlarged {source.called} {sizes}")

    def _enlarged(self, model: Enlarges, photo: Photo, seed: int) -> Pixels:
        """The photo's pixels enlarged; borders that meet are continued first, and still do."""
        factor, detail, pixels = self.wanted.factor, self.wanted.detail, photo.pixels
        height, width = scaled(photo.size, factor)
        wrap, top, left = wraps(photo), 0, 0
        for axis in axes(wrap):
            new, old = (height, width)[axis + 2], photo.size[axis + 2]
            step = old // math.gcd(old, new)  # as many pixels become whole ones
            if step > min(CONTINUED, old):
                continue
            border = step * math.ceil(CONTINUED / step)
            pixels = pad_periodic(pixels, border, axis)
            top, left = (border * new // old, left) if axis == -2 else (top, border * new // old)
        made = model.super_resolve(
            factor,
            pixels,
            seed=seed,
            detail=DETAIL if detail is None else detail,
            tables=photo.tables,
        ).cpu()
        return made[..., top : top + height, left : left + width].contiguous()
