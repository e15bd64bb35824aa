"""Reading and writing image files; whatever is lost is logged."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from internal_gan.device import check_memory
from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.images.files.decode import decode, is_plain, photo_of
from internal_gan.images.files.encode import FORMATS, arrange, array_of, encode
from internal_gan.images.files.look import opened
from internal_gan.images.files.metadata import descriptive_exif
from internal_gan.images.files.names import PILLOW_FORMATS, READABLE, existing_image, shown
from internal_gan.images.photo import Choose, Photo
from internal_gan.process_settings import ignored_warnings
from internal_gan.shapes import Mask
from internal_gan.units import by

# Images of more pixels are refused, or read only as far as they are needed.
MAX_PIXELS = 120_000_000
# Memory for all of a larger image: Pillow's copy, and another one to turn or convert it.
BYTES_PER_PIXEL = 8

_log = logging.getLogger(__name__)


def read_image(
    path: str | Path, *, longest: int | None = None, choose: Choose | None = None
) -> Photo:
    """Read an image file, upright, and log what is lost as warnings.

    Only the first of several frames or pages is read. ``longest`` is the longest side needed, in
    pixels: a much larger file is reduced, by :func:`reduced_size` of ``decode.py``. A UserError if
    there is no such file, or it cannot be read, is damaged, is not an image, or has more than
    ``MAX_PIXELS`` pixels. With ``choose``, only a window of such a file is read, if it is plain.
    """
    path = existing_image(Path(path))
    name = shown(path)
    with opening(path, huge=choose is not None) as (image, notes):
        size = image.height, image.width
        if math.prod(size) > MAX_PIXELS:
            what = f"{name} of {by(size)} pixels"
            needed = BYTES_PER_PIXEL * math.prod(size)
            check_memory(needed, torch.device("cpu"), what)
        else:
            choose = None
        photo, more = decode(name, image, lambda: opened(path)[0], longest, choose)
        try:
            exif = descriptive_exif(image)
        except Exception:
            exif = None
            more.append("its EXIF data is damaged and is left out")
    for note in (*notes, *more):
        _log.warning("%s: %s", name, note)
    is_lossy = image.format in ("JPEG", "MPO", "AVIF", "HEIF")
    tables = None
    if photo.given is None:
        tables = list(getattr(image, "quantization", {}).values()) or None
    return replace(
        photo,
        path=path,
        exif=exif,
        is_jpeg=is_lossy,
        tables=tables if photo.given is None else None,
    )


@contextmanager
def opening(path: Path, *, huge: bool = False) -> Iterator[tuple[Image.Image, list[str]]]:
    """What :func:`internal_gan.images.files.look.opened` returns, for a block that decodes it.

    A UserError for all that goes wrong there, and for more than ``MAX_PIXELS`` pixels, unless a
    plain image may be ``huge``.
    """
    name = shown(path)
    try:
        # Pillow warns about odd metadata, which does not affect the pixels.
        with ignored_warnings():
            image, notes = opened(path)
            with image:
                size = image.height, image.width
                if math.prod(size) > MAX_PIXELS and not (huge and is_plain(image)):
                    raise UserError(
                        f"{name}: {by(size)} pixels are too large; allowed are up to "
                        f"{MAX_PIXELS // 10**6} megapixels, or more for internal-gan fill without "
                        "model=, of 8-bit gray, RGB or palette",
                        kind="large",
                    )
                yield image, notes
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(
            f"{name}: not an image, or a damaged one; allowed are {READABLE} files"
        ) from error
    except Exception as error:
        # Pillow raises nearly anything for a damaged file, even KeyError and struct.error.
        detail = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{name}: the image is truncated or damaged ({detail}); allowed are intact files"
        ) from error


def write_image(
    path: str | Path,
    pixels: Tensor,
    *,
    like: Photo | None = None,
    alpha: Mask | None = None,
    mark: bytes | None = None,
) -> None:
    """Write an image file, whole or not at all, in the format named by its suffix.

    It is 8-bit RGB, or RGBA with ``alpha``, or in the format of ``like``. What the format cannot
    hold is logged as warnings. PNG is lossless, JPEG has quality 95. A UserError
    for an unknown suffix, a size that the format cannot hold, or a path that cannot be written.

    Args:
        pixels: (1, 3, H, W) or (3, H, W) in [-1, 1], or 8-bit levels; other values are clipped; a
            ValueError for another shape, or if they are not finite.
        like: a photo that determines gray or colour, bit depth, colour profile and EXIF data and,
            if it has the same size, transparency and the ``whole`` around it, unless ``alpha``
            does. Palette and CMYK become RGB.
        mark: an XMP packet for the file, from :func:`internal_gan.images.files.marks.xmp`.
    """
    path = Path(path)
    name = shown(path)
    file_format = FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise UserError(
            f"{name}: cannot write images as '{path.suffix}'; allowed are {', '.join(FORMATS)}"
        )
    stored, losses = arrange(pixels, file_format, like, alpha)
    for loss in losses:
        _log.warning("%s: %s", name, loss)
    with atomic_write(path) as temporary:
        try:
            encode(temporary, stored, file_format, mark)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                f"{name}: {file_format} cannot hold {by(stored.size)} pixels ({error}); PNG can"
            ) from error


def as_written(pixels: Tensor, like: Photo | None = None, alpha: Tensor | None = None) -> Photo:
    """A picture as it would be read back after :func:`write_image` has written it as PNG."""
    stored, _ = arrange(pixels, FORMATS[".png"], like, alpha)
    levels = torch.from_numpy(array_of(stored)).permute(2, 0, 1).contiguous()
    levels = levels if stored.bit_depth == 8 else levels.float().div_(65535)
    return photo_of(levels, stored.mode, stored.bit_depth)


def read_mark(path: Path) -> bytes | None:
    """The XMP packet of a readable image file, if it has one."""
    with ignored_warnings(), Image.open(path, formats=PILLOW_FORMATS) as image:
        packet: bytes | None = image.info.get("xmp")
    return packet
