"""The files that a run was given, as its folder keeps them: copies and an index."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.files import atomic_write, is_file, make_folder, read_record, write_text
from internal_gan.images.files.image import write_image
from internal_gan.images.files.names import READABLE_SUFFIXES, existing_image, shown
from internal_gan.images.photo import Photo

INDEX = "inputs.json"
FOLDER = "inputs"


@dataclass(frozen=True)
class Input:
    """A file that a run was given.

    Attributes:
        option: that named it, such as ``mask.file``.
        number: 0, or which of several files of one option; of a mask, also that of the further
            photo, from 1, to which it belongs.
        name: its absolute path as given; empty for a picture in memory.
        file: its copy in the run folder, such as ``inputs/image.jpg``; empty if not copied.
        sha256: checksum of its bytes, in hexadecimal.
    """

    option: str
    number: int
    name: str
    file: str
    sha256: str

    def path(self, folder: Path) -> Path:
        """The copy in the run's ``folder``, or else the user's own file; a UserError if that is
        gone or has changed."""
        if self.file:
            return folder / self.file
        name = shown(Path(self.name))
        if not is_file(self.name):
            raise UserError(f"{name}: the file is gone, and its run kept no copy; put it back")
        if _sha256(Path(self.name)) != self.sha256:
            raise UserError(
                f"{name}: the file has changed since its run began, and the run kept no copy; put "
                "the original back"
            )
        return Path(self.name)


@dataclass(frozen=True)
class Index:
    """What ``inputs.json`` holds."""

    inputs: list[Input]


def keep_file(folder: Path, path: Path, option: str, number: int, *, copy: bool) -> Input:
    """Describe a file and, if ``copy``, copy it into a run's folder byte for byte."""
    path = existing_image(path)
    name = os.path.abspath(path)  # noqa: PTH100 (a link may lead to another file later)
    if not copy:
        return Input(option, number, name, "", _sha256(path))
    file = _file_name(option, number, path.suffix.lower())
    make_folder(folder / FOLDER)
    with atomic_write(folder / file) as temporary:
        shutil.copyfile(path, temporary)
    return Input(option, number, name, file, _sha256(folder / file))


def keep_picture(folder: Path, picture: Photo, option: str, number: int) -> Input:
    """Write a picture in memory as PNG, with 16 bits where 8 would lose something."""
    file = _file_name(option, number, ".png")
    make_folder(folder / FOLDER)
    layers = [picture.pixels]
    if picture.alpha is not None:
        layers.append(picture.alpha * 2.0 - 1.0)
    depth = 8 if picture.bit_depth == 8 and all(map(_has_whole_levels, layers)) else 16
    write_image(folder / file, picture.pixels, like=replace(picture, bit_depth=depth))
    return Input(option, number, "", file, _sha256(folder / file))


def write_index(folder: Path, inputs: Sequence[Input]) -> None:
    text = json.dumps(asdict(Index(list(inputs))), indent=2)
    write_text(folder / INDEX, f"{text}\n")


def read_index(folder: Path) -> dict[tuple[str, int], Input]:
    """The inputs of a run by option and number; none if the file is missing, a UserError if it is
    damaged."""
    index = read_record(Index, folder / INDEX) or Index([])
    return {(entry.option, entry.number): entry for entry in index.inputs}


def _file_name(option: str, number: int, suffix: str) -> str:
    of = f"-{number + 1}" if number else ""
    return f"{FOLDER}/{option}{of}{suffix if suffix in READABLE_SUFFIXES else ''}"


def _has_whole_levels(pixels: Tensor) -> bool:
    """Whether 8 bits hold every value."""
    levels = (pixels + 1.0).mul_(127.5)
    return bool(levels.sub_(levels.round()).abs_().max() < 1e-3)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
