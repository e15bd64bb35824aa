"""Pictures as a page shows them: small, and a part of the page itself."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from internal_gan.images.files.metadata import profile_space

MAX_SIDE = 640
SMALL_BYTES = 24_000
# Moving pictures are shown as they are; larger ones stay in their file.
SMALL_MOVING_BYTES = 2_000_000
TINY_SIDE = 128


@dataclass(frozen=True)
class Picture:
    """A picture or film in a run folder.

    Attributes:
        file: its path in the run folder, with slashes.
        data: a ``data:`` address; None where it is too large to be a part of the page.
        height, width: the true size in pixels; of a film, that of the photo.
        caption: the text below it.
    """

    file: str
    data: str | None
    height: int
    width: int
    caption: str = ""
    is_film: bool = False

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.width / self.height

    @property
    def is_tiny(self) -> bool:
        """Whether it is enlarged on the page so that its pixels can be seen."""
        return max(self.height, self.width) <= TINY_SIDE


def read_picture(folder: Path, file: str, caption: str = "") -> Picture | None:
    """Prepare a picture in a run folder for its page; None where it cannot be read.

    PNG files up to 24 KB and moving pictures (GIF, WebP) go in as they are, except moving ones
    above 2 MB, which the page only links to. Others are shrunk to a long side of 640 pixels and
    stored as WebP.
    """
    path = folder / file
    try:
        with Image.open(path) as image:
            image.load()
            width, height = image.size
            kind = str(image.format).lower()
            moving = getattr(image, "is_animated", False) and kind in ("gif", "webp", "png")
            small = path.stat().st_size <= (SMALL_MOVING_BYTES if moving else SMALL_BYTES)
            if moving or (kind == "png" and small):
                data = _address(kind, path.read_bytes()) if small else None
                return Picture(file, data, height, width, caption)
            shown = image.convert("RGBA" if image.has_transparency_data else "RGB")
            shown.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    # A gray profile does not fit the colours that the picture was converted to.
    profile = image.info.get("icc_profile") or b""
    options = {"icc_profile": profile} if profile_space(profile) == "RGB" else {}
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=88, **options)
    return Picture(file, _address("webp", buffer.getvalue()), height, width, caption)


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
