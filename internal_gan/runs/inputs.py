"""The files and pictures in memory that a run was given, and their copies in its folder."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from operator import attrgetter
from pathlib import Path

from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, is_file, make_folder, read_record, write_text
from internal_gan.images.files.image import write_image
from internal_gan.images.files.names import READABLE_SUFFIXES, existing_image, same_name, shown
from internal_gan.images.photo import Photo
from internal_gan.runs.records import INDEX, Index, Input

PHOTO = "image"
LAYERS = "layers.files"
FOLDER = "inputs"


class Inputs:
    """What a run was given, by the options that name it; after :meth:`keep`, its copies.

    Args:
        folder: the run's, whose index must not be damaged (a UserError); None before it begins.
        in_memory: pictures in memory.
        name: the photo's, for masks in a folder that are named like it.
    """

    def __init__(
        self,
        options: Options,
        folder: Path | None = None,
        in_memory: Mapping[str, Photo] | None = None,
        name: str | None = None,
    ) -> None:
        self._options = options
        self.folder = folder
        self.in_memory = dict(in_memory or {})
        self._name = name
        index = None if folder is None else read_record(Index, folder / INDEX)
        self._copies = {(one.option, one.number): one for one in (index.inputs if index else [])}

    @property
    def has_photo(self) -> bool:
        """Whether there is a photo among them."""
        is_named = bool(self._options.image)
        return is_named or PHOTO in self.in_memory or (PHOTO, 0) in self._copies

    def photo_file(self) -> Path | None:
        """The file of the photo; None if it was in memory, or is gone without a copy."""
        if kept := self._copies.get((PHOTO, 0)):
            return self._path(kept.file)
        name = self._options.image
        if name is None or (self.folder is not None and not is_file(name)):
            return None
        return Path(name)

    def file(self, option: str) -> Path | None:
        """The file that an option, such as ``mask.file``, names, if any; in a folder, the image
        with the photo's name, or a UserError if there is not exactly one."""
        name = attrgetter(option)(self._options)
        return None if name is None or option in self.in_memory else self._named(option, name)

    def files(self, option: str) -> list[tuple[str, Path]]:
        """Like :meth:`file`, of an option that may name several, each with its name as given."""
        names = attrgetter(option)(self._options)
        listed = [names] if isinstance(names, str) else list(names or [])
        return [(name, self._named(option, name, number)) for number, name in enumerate(listed)]

    def copy_of(self, option: str) -> Path | None:
        """The copy, in the run's folder, of the file that an option names, if any."""
        entry = self._copies.get((option, 0))
        return self._path(entry.file) if entry and entry.name else None

    def keep(self, folder: Path, reads: Iterable[str] = ()) -> None:
        """Copy them into the run's folder and read them from there; only once for a run. ``reads``
        are the options that name masks, drawings and the like."""
        if self._copies:
            return
        kept = list[Input]()
        if (name := self._options.image) and is_file(name):
            kept.append(_keep(folder, Path(name), PHOTO))
        kept += [_keep(folder, one, option) for option, one in self.in_memory.items()]
        kept += [_keep(folder, path, option) for option in reads if (path := self.file(option))]
        for number, (_, path) in enumerate(self.files(LAYERS)):
            kept.append(_keep(folder, path, LAYERS, number))
        write_text(folder / INDEX, json.dumps(asdict(Index(kept)), indent=2) + "\n")
        self.folder, self.in_memory = folder, {}
        self._copies = {(entry.option, entry.number): entry for entry in kept}

    def _named(self, option: str, name: str, number: int = 0) -> Path:
        """The copy of what an option names or, as long as there is none, the user's file."""
        if kept := self._copies.get((option, number)):
            return self._path(kept.file)
        return _namesake(option, name, self._name) if Path(name).is_dir() else Path(name)

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / name


def _namesake(option: str, folder: str, photo: str | None) -> Path:
    """The image in a folder with the name of a photo."""
    option = option.removesuffix(".files").removesuffix(".file")
    if photo is None:
        raise UserError(
            f"{option}={folder}: a folder, but the photo has no file name to look for in it"
        )
    path = Path(photo)
    exact = Path(folder, path.name)
    if exact.is_file():
        return exact
    alike = sorted(one for one in Path(folder).iterdir() if same_name(one.stem, path.stem))
    found = [one for one in alike if one.suffix.lower() in READABLE_SUFFIXES]
    if len(found) != 1:
        what = "no image" if not found else f"{len(found)} images"
        raise UserError(
            f"{option}={folder}: {what} named after {shown(path)}; exactly one is needed, such "
            f"as {path.stem}.png"
        )
    return found[0]


def _keep(folder: Path, given: Path | Photo, option: str, number: int = 0) -> Input:
    """Copy a file into a run's folder, or write a picture in memory there, losing nothing."""
    name, suffix = "", ".png"
    if isinstance(given, Path):
        given = existing_image(given)
        name = os.path.abspath(given)  # noqa: PTH100 (a link may lead to another file later)
        suffix = given.suffix.lower()
    of = f"-{number + 1}" if number else ""
    file = f"{FOLDER}/{option}{of}{suffix if suffix in READABLE_SUFFIXES else ''}"
    make_folder(folder / FOLDER)
    if isinstance(given, Path):
        with atomic_write(folder / file) as temporary:
            shutil.copyfile(given, temporary)
    else:
        layers = [given.pixels] if given.alpha is None else [given.pixels, given.alpha * 2.0 - 1.0]
        depth = 8 if given.bit_depth == 8 and all(map(_has_whole_levels, layers)) else 16
        write_image(folder / file, given.pixels, like=replace(given, bit_depth=depth))
    return Input(option, number, name, file)


def _has_whole_levels(pixels: Tensor) -> bool:
    """Whether 8 bits hold every value."""
    levels = (pixels + 1.0).mul_(127.5)
    return bool(levels.sub_(levels.round()).abs_().max() < 1e-3)
