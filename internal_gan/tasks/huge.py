"""The window around the hole of a photo that is too large to be worked on as a whole."""

import math
from functools import partial

from PIL import Image, ImageChops

from internal_gan.errors import UserError
from internal_gan.finishing.part_finisher import MIN_WINDOW, WINDOW_TIMES
from internal_gan.images.files.decode import coloured
from internal_gan.images.files.image import MAX_PIXELS, Choose
from internal_gan.images.masks import JPEG_RIM, is_jpeg
from internal_gan.images.windows import Window, around, extent
from internal_gan.runs.source import Source
from internal_gan.tasks.holes import check_box
from internal_gan.units import by

_OF_HUGE = f"in a photo of more than {MAX_PIXELS // 10**6} megapixels"


def around_hole(source: Source) -> Choose:
    """What chooses the window of the photo: three times as high and wide as its hole, and larger
    around a small one. From then on the source reads the same of masks and drawings.

    It raises a UserError if the hole is too large, or an option needs all of the photo.
    """

    def choose(name: str, photo: Image.Image) -> Window:
        options, size = source.options, (photo.height, photo.width)
        if options.fill.tileable or options.layers.files:
            option = "layers" if options.layers.files else "fill.tileable"
            raise UserError(f"{option}: not possible {_OF_HUGE}")
        reach = math.ceil((options.mask.dilate or 0.0) + 3 * (options.mask.feather or 0.0))
        rows, columns = (
            slice(max(side.start - reach, 0), min(side.stop + reach, length))
            for side, length in zip(_hole(source, photo), size, strict=True)
        )
        hole = extent((rows, columns))
        height, width = (max(MIN_WINDOW, WINDOW_TIMES * side) for side in hole)
        window = around((rows, columns), (height, width), size)
        if math.prod(extent(window)) > MAX_PIXELS:
            raise UserError(
                f"{name}: its hole spans {by(hole)} pixels; {_OF_HUGE}, {WINDOW_TIMES} times that "
                "height and width may have at most as many; fill one part at a time, by mask.box="
            )
        source.alike = partial(_same, photo, window)
        return window

    return choose


def _same(photo: Image.Image, window: Window, name: str, image: Image.Image) -> Window:
    """The window of an image of the photo's size."""
    if image.size != photo.size:
        has, wanted = by(image.size[::-1]), by(photo.size[::-1])
        raise UserError(f"{name}: {has} pixels (height x width), while the photo has {wanted}")
    return window


def _hole(source: Source, photo: Image.Image) -> Window:
    """The box around the hole; a pixel if there is none, since then no filling begins."""
    mask, rim, size = source.options.mask, 0, (photo.height, photo.width)
    if mask.box is not None:
        check_box(mask.box, size)
        top, left, height, width = (0, 0, *size) if mask.invert else mask.box
        return slice(top, top + height), slice(left, left + width)
    # Reading a pixel of the mask gives all of it, too.
    source.alike = partial(_same, photo, (slice(0, 1), slice(0, 1)))
    if given := source.read("mask.file"):
        whole = Image.new("L", given.size[::-1]) if given.whole is None else given.whole.image
        source.alike("mask", whole)
        levels, rim = _levels(whole), round(255 * JPEG_RIM) if is_jpeg(given) else 0
        levels = ImageChops.invert(levels) if mask.invert else levels
    elif photo.has_transparency_data:
        levels = ImageChops.invert(coloured(photo).getchannel("A"))
    else:
        levels = Image.new("L", (1, 1))
    box = levels.point([255 * (level > rim) for level in range(256)]).getbbox()
    left, top, right, bottom = box or (0, 0, 1, 1)
    return slice(top, bottom), slice(left, right)


def _levels(mask: Image.Image) -> Image.Image:
    """What :func:`internal_gan.images.masks.read_mask` makes of a mask, of whole numbers."""
    if not mask.has_transparency_data:
        return mask.convert("L")
    mask = coloured(mask)
    gray, alpha = mask.convert("L"), mask.getchannel("A")
    shades = [shade for shade, count in enumerate(gray.histogram(alpha)) if count]
    has_one = not shades or shades[-1] - shades[0] <= 1
    return alpha if has_one else ImageChops.multiply(gray, alpha)
