"""Pictures for a page, shrunk and embedded in it."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from internal_gan.images.files.metadata import rgb_profile
from internal_gan.images.files.names import PILLOW_FORMATS
from internal_gan.process_settings import ignored_warnings

MAX_SIDE = 640
SMALL_BYTES = 24_000
# Moving pictures keep their size; files larger than this are linked instead.
SMALL_MOVING_BYTES = 2_000_000


@dataclass(frozen=True)
class PagePicture:
    """A picture or film: its path in the run folder, with slashes, its content as a ``data:``
    address, None if too large to embed, its size in pixels (of a film, the photo's), and the text
    below it."""

    file: str
    data: str | None
    height: int
    width: int
    caption: str = ""
    is_film: bool = False


def read_picture(folder: Path, file: str, caption: str = "") -> PagePicture | None:
    """Prepare a picture of a run folder for its page; None if it cannot be read.

    Small PNG files and moving pictures are embedded unchanged, large moving pictures not at all,
    and other pictures as WebP with a long side of at most `MAX_SIDE` pixels.
    """
    path = folder / file
    try:
        with ignored_warnings(), Image.open(path, formats=PILLOW_FORMATS) as image:
            image.load()
            width, height = image.size
            kind = str(image.format).lower()
            moving = getattr(image, "is_animated", False) and kind in ("gif", "webp", "png")
            small = path.stat().st_size <= (SMALL_MOVING_BYTES if moving else SMALL_BYTES)
            if moving or (kind == "png" and small):
                data = _address(kind, path.read_bytes()) if small else None
                return PagePicture(file, data, height, width, caption)
            shown: Image.Image = image
            if image.mode in ("I;16", "I", "F"):  # such as a layer: all its levels become visible
                low, high = map(float, image.getextrema())  # type: ignore[arg-type]
                scale = 255 / (high - low) if high > low else 1.0
                shown = image.convert("F").point(lambda value: value * scale - low * scale)
            shown = shown.convert("RGBA" if image.has_transparency_data else "RGB")
            shown.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    profile = rgb_profile(image.info.get("icc_profile"))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=88, icc_profile=profile)
    return PagePicture(file, _address("webp", buffer.getvalue()), height, width, caption)


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
