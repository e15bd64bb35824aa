"""Pictures as the page shows and saves them."""

import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from internal_gan.images.files.image import read_image, read_mark, write_image
from internal_gan.images.files.memory import to_pil
from internal_gan.images.files.profiles import converted
from internal_gan.images.photo import Photo

STRIP_SIDE = 240  # pixels of pictures in the strip of results
MAX_MARK = 65_000  # bytes of metadata in one JPEG segment


def shown(photo: Photo, longest: int | None = None) -> Image.Image:
    """A photo in sRGB and on white, of at most ``longest`` pixels a side."""
    image = to_pil(photo.colours, alpha=photo.alpha)
    if longest is not None:
        image.thumbnail((longest, longest))
    return _on_white(image, photo.icc_profile)


def preview(image: Image.Image) -> bytes:
    """A picture as a JPEG file of few bytes, in sRGB and on white."""
    file = io.BytesIO()
    _on_white(image, image.info.get("icc_profile")).save(file, "JPEG", quality=90)
    return file.getvalue()


def _on_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return converted(image.convert("RGB"), profile, None)


def small(path: Path) -> bytes:
    """:func:`preview` of a PNG or JPEG file, smaller."""
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        image.thumbnail((STRIP_SIDE, STRIP_SIDE))
        return preview(image)


def jpeg(path: Path) -> bytes:
    """A picture as a JPEG file on white, with its colour profile, EXIF entries and mark."""
    photo, mark = read_image(path), read_mark(path)
    alpha = 1.0 if photo.alpha is None else photo.alpha
    like = replace(photo, alpha=None, bit_depth=8)
    if mark is not None and len(mark) >= MAX_MARK:
        mark = None  # another program's history
    with TemporaryDirectory() as folder:
        file = Path(folder, "picture.jpg")
        write_image(file, photo.pixels * alpha + (1.0 - alpha), like=like, mark=mark)
        return file.read_bytes()
