"""Pictures inside a page: small, and part of the page itself."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from internal_gan.images.metadata import profile_space

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}
MAX_SIDE = 640
SMALL_BYTES = 24_000


@dataclass(frozen=True)
class Picture:
    """A picture file as a ``data:`` address, with its true height and width in pixels."""

    path: Path
    data: str
    height: int
    width: int

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.width / self.height


def read_picture(path: Path) -> Picture | None:
    """Prepare one picture for a page; None where there is no readable picture.

    Small PNG files go in as they are. Others are shrunk to a long side of 640 pixels and stored
    as WebP.
    """
    try:
        with Image.open(path) as image:
            image.load()
            width, height = image.size
            if image.format == "PNG" and path.stat().st_size <= SMALL_BYTES:
                return Picture(path, _address("png", path.read_bytes()), height, width)
            shown = image.convert("RGBA" if image.has_transparency_data else "RGB")
            shown.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    # A gray profile does not fit the colours that the picture was converted to.
    profile = image.info.get("icc_profile") or b""
    options = {"icc_profile": profile} if profile_space(profile) == "RGB" else {}
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=88, **options)
    return Picture(path, _address("webp", buffer.getvalue()), height, width)


def picture_files(folder: Path) -> list[Path]:
    """All picture files in ``folder``, by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
