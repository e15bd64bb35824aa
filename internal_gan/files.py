"""Files that are either whole or untouched."""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from internal_gan.errors import UserError

TEMPORARY_PREFIX = ".tmp-"

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file is larger than this system allows (ulimit -f); choose another folder",
    errno.EACCES: "permission denied; choose a folder that you may write to",
    errno.EPERM: "permission denied; choose a folder that you may write to",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "a folder of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk reports an input/output error",
}


def write_error(path: Path, error: OSError) -> UserError | None:
    """One line that says why ``path`` cannot be written; None when the user cannot help it."""
    reason = _REASONS.get(error.errno or 0)
    return UserError(f"cannot write {path}: {reason}") if reason else None


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Replace ``path`` in one step by what the block writes to the temporary path it is given.

    The temporary file is empty, lies in the same folder and has the same suffix, so that writers
    which choose a format by the suffix work. It is synced to the disk before it takes the place of
    ``path``; when the block fails, it is removed and an older ``path`` stays as it was.

    Raises:
        UserError: the disk is full, or the folder is missing or not writable; names ``path``.
    """
    path = Path(path)
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}{path.suffix}"
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        yield temporary
        # Some writers make the file anew, for the owner alone.
        temporary.chmod(mode)
        _sync(temporary)
        temporary.replace(path)
    except OSError as error:
        problem = write_error(path, error) if _is_about(error, temporary, path) else None
        if problem is None:
            raise
        raise problem from error
    except Exception as error:
        # torch and safetensors report a full disk by errors of their own, without an errno.
        if not _is_disk_full(error, path.parent):
            raise
        raise UserError(f"cannot write {path}: {_REASONS[errno.ENOSPC]}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed process left in ``folder``."""
    for leftover in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            leftover.unlink()


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of one JSON object per line; a missing file has none.

    Lines that are not whole, as a killed or disk-full writer leaves them, are left out.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    rows = []
    for line in text.splitlines():
        with suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                rows.append(row)
    return rows


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a file of one JSON object; one that is missing or not whole is empty."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    # The rename itself survives a power cut only after this; not every platform offers it.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_about(error: OSError, *paths: Path) -> bool:
    return error.filename is None or str(error.filename) in {str(path) for path in paths}


def _is_disk_full(error: Exception, folder: Path) -> bool:
    if "No space left on device" in str(error):
        return True
    with suppress(OSError):
        return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < 4096
    return False
