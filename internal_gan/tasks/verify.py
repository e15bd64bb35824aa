"""task=verify: whether the pixels of a result come from its photo."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from internal_gan.config.options import Options
from internal_gan.config.record import save_options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.finishing.origin import READ_SIDE, as_source, origin_path, read_origin
from internal_gan.finishing.verification import Verification, check_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.results import Result
from internal_gan.tasks.reporting import announce, end_run, new_console, recorded, say
from internal_gan.version import __version__

TASK = "verify"
RECORD = "verification.json"


def verify(options: Options) -> bool:
    """Check a picture's origin against a photo, and write a map and ``verification.json``.

    Returns:
        Whether every pixel recorded as an exact copy is one.

    Raises:
        UserError: a file is missing or not usable; no folder is left behind.
    """
    started = time.monotonic()
    found, photo = _checked(options)
    folder = RunFolder.create(new_run_path(options, options.photo, "verification"))
    console, name = new_console(), Path(str(options.verify.photo)).name
    with recorded(folder):
        save_options(replace(options, model={}), folder.config_path)
        announce(console, folder, [])
        write_image(folder.path / "photo.png", photo.pixels)
        (folder.path / TASK).mkdir()
        shown = Result(f"{TASK}/map.png", "aside", caption=found.in_words(name))
        write_image(folder.path / shown.file, found.map)
        _write(folder.path / RECORD, options, found)
        say(console, f"{shown.caption}.")
        say(console, f"The origin {'holds' if found.holds else 'does not hold'}.")
        folder.write_status("running", results=[shown])
        end_run(console, folder, "Verification", started, task=TASK)
    return found.holds


def _checked(options: Options) -> tuple[Verification, Photo]:
    wanted = options.verify
    if wanted.photo is None:
        raise UserError(
            "task=verify needs verify.photo=PHOTO, the photo that the result was made from"
        )
    picture = read_image(str(options.photo))
    file = wanted.origin or origin_path(Path(str(options.photo)))
    try:
        origin = read_origin(file)
    except UserError as error:
        raise UserError(f"verify.origin={error}") from error
    try:
        whole = read_image(wanted.photo, longest=max(READ_SIDE, *origin.photo_size))
        photo = as_source(whole, origin.photo_size)
    except UserError as error:
        raise UserError(f"verify.photo={error}") from error
    try:
        return check_origin(picture, origin, photo), photo
    except UserError as error:
        raise UserError(f"verify.origin={file}: {error}") from error


def _write(path: Path, options: Options, found: Verification) -> None:
    height, width = found.origin.photo_size
    record: dict[str, Any] = {
        "package_version": __version__,
        "picture": options.photo,
        "photo": {"file": options.verify.photo, "number": found.origin.photo},
        "photo_size": [height, width],
        "holds": found.holds,
        "exact": found.exact,
        "blended": found.blended,
        "other": found.other,
        "wrong": float(found.wrong.mean()),
        "change_of_blended": {"mean": found.change[0], "most": found.change[1]},
    }
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
