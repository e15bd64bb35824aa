"""Names of image files, and checks before anything is loaded; needs only the standard library."""

import difflib
import stat
from pathlib import Path

from internal_gan.errors import UserError

READABLE = "PNG, JPEG, TIFF, WebP, BMP, GIF and PPM"
# The only formats that Pillow may try, since some of its readers start other programs.
PILLOW_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
READABLE_SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
)
# Ending of an origin file's name; the file says where each pixel of the result next to it is from.
ORIGIN = ".origin.png"


def existing_image(path: Path) -> Path:
    """The path of a file that can be read, with a leading ``~/`` expanded; else a UserError."""
    name = shown(path)
    try:
        # The shell does not expand the ~ of image=~/x.jpg.
        if path.parts[:1] == ("~",) and not path.exists():
            path = path.expanduser()
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"{name}: is a folder; allowed is an image file")
        # Opening a pipe would wait until something writes into it.
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{name}: is not a regular file; allowed is an image file")
        if status.st_size == 0:
            raise UserError(f"{name}: the file is empty (0 bytes); allowed are {READABLE} files")
        path.open("rb").close()
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"{name}: no such file{_suggestion(path)}") from error
    except PermissionError as error:
        raise UserError(
            f"{name}: permission denied; allowed is a file that you can read"
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UserError(f"{name}: {reason}; allowed is the path of an image file") from error
    return path


def is_picture(name: str) -> bool:
    """Whether a file in a folder is one of its pictures, judged by its name.

    >>> is_picture("000.PNG"), is_picture("000.origin.png")
    (True, False)
    """
    return name.lower().endswith(READABLE_SUFFIXES) and not name.endswith(ORIGIN)


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
