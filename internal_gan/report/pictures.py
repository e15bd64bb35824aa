"""Pictures inside a page: small, and part of the page itself."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from internal_gan.files import natural
from internal_gan.images.files.metadata import profile_space

MOVIE_SUFFIXES = {".mp4"}
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp"} | MOVIE_SUFFIXES
MAX_SIDE = 640
SMALL_BYTES = 24_000
# Moving pictures are shown as they are; larger ones stay in their file.
SMALL_MOVING_BYTES = 2_000_000


@dataclass(frozen=True)
class Picture:
    """A picture file as a ``data:`` address, with its true height and width in pixels.

    The address is None where the picture is too large to be a part of the page.
    """

    path: Path
    data: str | None
    height: int
    width: int

    @property
    def ratio(self) -> float:
        """Width over height."""
        return self.width / self.height


def read_picture(path: Path) -> Picture | None:
    """Prepare one picture for a page; None where there is no readable picture.

    Small PNG files and moving pictures (GIF, WebP) go in as they are, but for moving ones above
    2 MB, which the page only links to. Others are shrunk to a long side of 640 pixels and stored
    as WebP.
    """
    try:
        with Image.open(path) as image:
            image.load()
            width, height = image.size
            kind = str(image.format).lower()
            moving = getattr(image, "is_animated", False) and kind in ("gif", "webp", "png")
            small = path.stat().st_size <= (SMALL_MOVING_BYTES if moving else SMALL_BYTES)
            if moving or (kind == "png" and small):
                data = _address(kind, path.read_bytes()) if small else None
                return Picture(path, data, height, width)
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
    """All picture and film files in ``folder``, by name; none where there is no such folder."""
    return _by_name(folder, lambda path: path.suffix.lower() in SUFFIXES and path.is_file())


def sub_folders(folder: Path) -> list[Path]:
    """The folders in ``folder``, by name."""
    return _by_name(folder, Path.is_dir)


def _by_name(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if not path.name.startswith(".") and wanted(path)]
    return sorted(found, key=lambda path: natural(path.name))


def _address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
