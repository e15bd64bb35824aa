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
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Picture
from internal_gan.units import by

# Images of three float32 channels in memory at the same time, including for writing the file.
IMAGES_AT_ONCE = 7
# Crisp edges, and nearly as true as without.
DETAIL = 0.3
# Borders that meet are continued by at least this many pixels of the photo.
CONTINUED = 32


def super_resolution(
    model: Enlarges, photo: Photo, wanted: SuperResolutionOptions, called: str, how: How
) -> Iterator[Picture]:
    """Draws ``super_resolution/enlarged.png``, in the format of the photo's file."""
    model.check_enlarging()
    factor, detail = wanted.factor, wanted.detail
    if detail is not None and model.family != "patches":
        raise UserError(
            f"super_resolution.detail={detail:g}: only for model=patches; what a network adds "
            "is as it has learnt it"
        )
    height, width = scaled(photo.size, factor)
    option = f"super_resolution.factor={factor:g}"
    needed = IMAGES_AT_ONCE * 12 * height * width
    check_memory(needed, model.device, f"{option}, {height}x{width} pixels,")
    how.check_size((height, width), option)

    def draw() -> Iterator[Picture]:
        made = _enlarged(model, photo, wanted, how.seed)
        alpha = None if photo.alpha is None else resize(photo.alpha, size_of(made)).clamp(0, 1)
        yield Picture("super_resolution/enlarged.png", Finished(made, alpha=alpha, like=photo))
        how.tell_new_colours(photo, blends=True)
        sizes = f"from {by(photo.size)} to {by(size_of(made))} pixels (height x width)"
        how.report.say(f"Enlarged {called} {sizes}")

    return draw()


def _enlarged(model: Enlarges, photo: Photo, wanted: SuperResolutionOptions, seed: int) -> Pixels:
    """The photo's pixels enlarged; borders that meet are continued first, and still do."""
    factor, pixels = wanted.factor, photo.pixels
    height, width = scaled(photo.size, factor)
    wrap = wraps(photo)
    top = left = 0
    for axis in axes(wrap):
        new, old = (height, width)[axis + 2], photo.size[axis + 2]
        step = old // math.gcd(old, new)  # as many pixels become whole ones
        if step > min(CONTINUED, old):
            continue
        border = step * math.ceil(CONTINUED / step)
        pixels = pad_periodic(pixels, border, axis)
        if axis == -2:
            top = border * new // old
        else:
            left = border * new // old
    made = model.super_resolve(
        factor,
        pixels,
        seed=seed,
        detail=DETAIL if wanted.detail is None else wanted.detail,
        tables=photo.tables,
    ).cpu()
    return made[..., top : top + height, left : left + width].contiguous()
