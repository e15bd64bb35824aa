"""Reads and writes files, atomically and with one-line errors."""

import csv
import errno
import io
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from internal_gan.errors import UserError
from internal_gan.type_hints import typed

T = TypeVar("T")

TEMPORARY_PREFIX = ".tmp-"
# How long to wait for another process to close a file, in seconds.
PATIENCE = 2.0  # in all
PAUSE = 0.02  # between two tries

_ELSEWHERE = "choose another folder"
# What is wrong, and what to do about it.
_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder"),
    errno.EFBIG: ("the file is larger than this system allows (ulimit -f)", _ELSEWHERE),
    errno.EACCES: ("permission denied", "choose a folder that you may write to"),
    errno.EPERM: ("permission denied", "choose a folder that you may write to"),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.EEXIST: ("a file of that name is in the way", _ELSEWHERE),
    errno.ENOENT: ("its folder does not exist", ""),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", ""),
    errno.EISDIR: ("a folder of that name is in the way", ""),
    errno.ENAMETOOLONG: ("the name is too long", ""),
    errno.EINVAL: ("this system does not allow such a name", "choose another"),
    errno.EIO: ("the disk reports an input/output error", ""),
}


def write_error(path: Path, error: OSError) -> UserError | None:
    """Why ``path`` cannot be written; None if the user cannot help it."""
    if error.errno not in _REASONS:
        return None
    problem, advice = _REASONS[error.errno]
    return UserError(f"cannot write {path}: {problem}", advice=advice)


# Errors that only the user can correct; others may be bugs of this package.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_NEVER_OURS = {errno.ENAMETOOLONG, errno.EIO, errno.EACCES, errno.EPERM}


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what a UserError about a file came from, is that of a full disk."""
    causes = (error, getattr(error, "__cause__", None))
    return any(getattr(one, "errno", None) in (errno.ENOSPC, errno.EDQUOT) for one in causes)


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise errors that only the user can correct, such as a full disk, as UserErrors about the
    file or, if the system names none, ``place``."""
    try:
        yield
    except OSError as error:
        name = _written(error)
        path = Path(os.fsdecode(name)) if name else place
        if error.errno in _FULL:
            raise write_error(path, error) or error from error
        if error.errno in _NEVER_OURS and error.filename:
            raise UserError(f"{path}: {_REASONS[error.errno][0]}") from error
        raise


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Replace ``path`` in one step by the temporary file that the block writes, in the same folder
    and with the same suffix. If the block fails, ``path`` is unchanged; a UserError if the disk is
    full, or the folder is missing or not writable."""
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{path.suffix}"
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        yield temporary
        # Some writers replace the file with one that only its owner can read.
        temporary.chmod(mode)
        _sync(temporary, os.O_RDWR)
        _patiently(lambda: temporary.replace(path))
    except OSError as error:
        name = _written(error)
        is_about = name is None or str(name) in (str(temporary), str(path))
        raise (is_about and write_error(path, error)) or error from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    # Otherwise a power cut could undo the renaming. Not every platform supports this.
    with suppress(OSError):
        _sync(path.parent, os.O_RDONLY)


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a text in UTF-8 by :func:`atomic_write`; ``errors`` as for :meth:`str.encode`."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=errors)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, with a column for every name that occurs and empty cells elsewhere.

    >>> as_csv([{"a": 1}, {"b": 2}])
    'a,b\\n1,\\n,2\\n'
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files left in ``folder`` by killed processes."""
    for leftover in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            leftover.unlink()


def is_file(name: str | os.PathLike[str]) -> bool:
    """Whether this is a regular file; False for impossible names, such as those too long."""
    return os.path.isfile(name)  # noqa: PTH113 (Path.is_file raises on such names)


def natural(name: str) -> list[tuple[int, str]]:
    """A sort key that orders numbers within names by value.

    >>> sorted(["b", "a-10", "a-9"], key=natural)
    ['a-9', 'a-10', 'b']
    """
    pieces = re.split(r"(\d+)", name)
    return [(int(piece), "") if piece.isdecimal() else (0, piece) for piece in pieces]


def make_folder(path: Path) -> Path:
    """Create a folder and its parents if needed, and return it, or raise a UserError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UserError(f"cannot write into {path}: a file is in the way; remove it") from error
    except OSError as error:
        raise write_error(path, error) or error from error
    return path


def read_file(path: Path) -> bytes:
    """Read a file; a FileNotFoundError if there is none, a UserError if it cannot be read, or is
    not a regular file, such as a pipe, which could block forever."""
    try:
        # The flag prevents blocking on a pipe; regular files ignore it.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
        descriptor = _patiently(lambda: os.open(path, flags))
        with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UserError(f"cannot read {path}: it is not a regular file")
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a file of one JSON object; empty if the file is missing or damaged."""
    try:
        return json_object(read_file(path))
    except (OSError, UserError):
        return {}


def read_record(kind: type[T], path: Path) -> T | None:
    """Read a dataclass that this package wrote as JSON; None if the file is missing, a UserError if
    it is damaged, holds something else or cannot be read."""
    try:
        text = read_file(path)
    except FileNotFoundError:
        return None
    try:
        return typed(json.loads(text), kind)  # type: ignore[no-any-return]
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged, or internal-gan did not write it") from error


def json_object(text: str | bytes) -> dict[str, Any]:
    """A JSON object; empty for any other text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: deeply nested brackets
        return {}
    return value if isinstance(value, dict) else {}


def _patiently(act: Callable[[], T]) -> T:
    """Open or replace a file; on Windows, wait while another process replaces or reads it."""
    end = time.monotonic() + (PATIENCE if sys.platform == "win32" else 0.0)
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= end:
                raise
            time.sleep(PAUSE)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _written(error: OSError) -> Any:
    """The name of the file that an error is about; of a copy that fails, the second one."""
    return (error.errno in _FULL and error.filename2) or error.filename
