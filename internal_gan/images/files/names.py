"""Names of image files, and checks before anything is loaded; needs only the standard library."""

import difflib
import os
import re
import stat
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from unicodedata import normalize
from urllib.request import url2pathname

from internal_gan.errors import UserError

READABLE = "PNG, JPEG, TIFF, WebP, BMP, GIF and PPM"
# The only formats that Pillow may try, since some of its readers start other programs.
PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
READABLE_SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".avif"),
    *((".heic", ".heif") if find_spec("pillow_heif") else ()),
)
# How files begin.
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Ending of the name of an origin file, which has the source of each pixel of the result next to it.
ORIGIN = ".origin.png"


def existing_image(path: Path) -> Path:
    """The path of a file that can be read, see :func:`local`; else a UserError."""
    name = shown(path)
    try:
        path = Path(local(str(path)))
        status = path.stat()
        # Opening a pipe would wait until something writes into it.
        if is_regular := stat.S_ISREG(status.st_mode):
            path.open("rb").close()
    except FileNotFoundError as error:
        is_web = re.match("https?:/", name, re.IGNORECASE)
        hint = "; download the web address first" if is_web else _suggestion(path)
        raise UserError(f"{name}: no such file{hint}", kind="missing") from error
    except PermissionError as error:
        why = "permission denied; allowed is a file that you can read"
        raise UserError(f"{name}: {why}") from error
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UserError(f"{name}: {reason}; allowed is the path of an image file") from error
    if not is_regular:
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise UserError(f"{name}: is {kind}; allowed is an image file")
    if status.st_size == 0:
        raise UserError(f"{name}: the file is empty (0 bytes); allowed are {READABLE} files")
    return path


def has_another(path: Path) -> bool:
    """Whether another picture begins right after the end of a PNG file, as if two were piped.

    JPEG files are not judged: cameras put previews, depth maps and films after the picture.
    """
    with path.open("rb") as file:
        if file.read(8) != _PNG:
            return False
        while len(head := file.read(8)) == 8:
            file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
            if head[4:] == b"IEND":
                return file.read(8).startswith((_PNG, _JPEG))
    return False


def local(name: str) -> str:
    """The path that a name stands for: a leading ``~/``, which the shell does not expand in
    ``image=~/x.jpg``, a ``file:`` address, or a name that the disk spells in another Unicode form.

    >>> local("file:///no%20where/x.jpg")
    '/no where/x.jpg'
    """
    if os.path.lexists(name):
        return name
    if name.startswith("~/"):
        name = str(Path(name).expanduser())
    elif re.match("file:/", name, re.IGNORECASE):
        # pathlib makes file:/x of file:///x.
        name = url2pathname(re.sub("^[^:]*:/+(localhost/)?", "/", name))
    if name.isascii() or "\0" in name:
        return name
    with suppress(OSError):
        found = _respelt(Path(name))
        return str(found) if os.path.lexists(found) else name
    return name


def same_name(one: str, other: str) -> bool:
    """Whether two names read the same: macOS writes é as e and an accent, others as one letter."""
    return normalize("NFC", one) == normalize("NFC", other)


def _respelt(path: Path) -> Path:
    """A path with each missing part replaced by the one entry of its folder that reads the same."""
    if path == path.parent or os.path.lexists(path):
        return path
    parent = _respelt(path.parent)
    entries = iter(()) if path.name.isascii() else parent.iterdir()
    found = [entry for entry in entries if same_name(entry.name, path.name)]
    return found[0] if len(found) == 1 else parent / path.name


def is_picture(name: str) -> bool:
    """Whether a file in a folder is one of its pictures, judged by its name.

    >>> is_picture("000.PNG"), is_picture("000.origin.png")
    (True, False)
    """
    return name.lower().endswith(READABLE_SUFFIXES) and not name.endswith(ORIGIN)


def images_in(name: str) -> list[str]:
    """The images in a folder; any other name alone."""
    if not os.path.isdir(name):  # noqa: PTH112 (Path.is_dir raises on names that are too long)
        return [name]
    found = (path for path in Path(name).iterdir() if path.name[0] != "." and path.is_file())
    return sorted(str(path) for path in found if is_picture(path.name))


def shown(path: Path) -> str:
    """A path for messages: on one line, with unprintable characters escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))


def _suggestion(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"; the folder {shown(path.parent)} is missing or cannot be read"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {shown(path.parent / close[0])}?" if close else ""
