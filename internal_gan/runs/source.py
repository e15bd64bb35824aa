"""What a run was given, kept in its folder when it begins: photos, masks and drawings."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from torch import Tensor

from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import atomic_write, is_file, make_folder, read_json_object
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import READABLE_SUFFIXES, existing_image, shown
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo

INDEX = "inputs.json"
FOLDER = "inputs"
# The name that options have for a picture in memory.
IN_MEMORY = "(in memory)"
_INSIDE = re.compile(rf"{FOLDER}/[^/\\]+")
_BAND_ROWS = 256


@dataclass(frozen=True)
class Input:
    """A file that a run was given.

    Attributes:
        option: what named it, such as ``mask.file``.
        photo: number, from 0, of the photo that it is or belongs to.
        name: its full path as it was given; empty for a photo that was in memory.
        file: its copy in the run folder, such as ``inputs/image.jpg``; empty where there is none.
        sha256: of its bytes, in hexadecimal.
    """

    option: str
    photo: int
    name: str
    file: str
    sha256: str


class Source:
    """The photos, masks and drawings of a run.

    Until :meth:`keep` they are the user's files and what is in memory; from then on they are read
    from the run's folder. Photos have numbers, from 0.

    Args:
        options: the run's.
        folder: the run's; None before it begins.
        photos: those in memory, in place of the files that ``options.image`` names.
        names: of the photos that masks in a folder belong to; by default ``options.photos``.
        files: pictures in memory, by the options whose files they stand for.
    """

    def __init__(
        self,
        options: Options,
        folder: Path | None = None,
        photos: Sequence[Photo] = (),
        names: Sequence[str] | None = None,
        files: Mapping[str, Photo] | None = None,
    ) -> None:
        self.options = options
        self.folder = folder
        self.names = list(options.photos if names is None else names)
        self._in_memory = dict(enumerate(photos))
        self._files = dict(files or {})
        self._inputs = {} if folder is None else _read_index(folder)

    @property
    def has_photos(self) -> bool:
        """Whether it was given any photo."""
        return bool(self.options.photos or self._in_memory or ("image", 0) in self._inputs)

    @property
    def count(self) -> int:
        """How many photos there are."""
        if count := len(self.options.photos) or len(self._in_memory):
            return count
        learnt = itertools.takewhile(is_file, map(self.learnt_path, itertools.count(1)))
        return 1 + len(list(learnt))

    def photo(self, number: int = 0, *, longest: int | None = None) -> Photo:
        """A photo as it was given or, where that is not to be had, as it was learnt.

        Args:
            longest: see :func:`internal_gan.images.files.image.read_image`.

        Raises:
            UserError: it cannot be read, or it was not kept and is gone or changed.
        """
        if number in self._in_memory:
            return self._in_memory[number]
        path = self.original(number)
        if path is None:
            if not self.learnt_path(number).is_file():
                raise UserError(f"{self.folder}: its photo is gone; image=FILE names one")
            return self.learnt(number)
        photo = read_image(path, longest=longest)
        if not self.options.keep_original:
            # The file may go while the run is under way.
            self._in_memory[number] = photo
        return photo

    def original(self, number: int = 0) -> Path | None:
        """The file of a photo as it was given; None where there is only the copy that was learnt.

        That is so for a photo that was in memory, and in runs of 0.1.0, which kept no more, where
        the user's file is gone.

        Raises:
            UserError: the run was to keep no copy, and the user's file is gone or has changed.
        """
        if ("image", number) in self._inputs:
            return self._kept("image", number)
        name = self.options.photos[number] if number < len(self.options.photos) else None
        if name is None or (self.folder is not None and not is_file(name)):
            return None
        return Path(name)

    def called(self, number: int = 0) -> str:
        """What to call a photo: the name it was given by, or else the file that it is read from.

        Raises:
            UserError: as :meth:`original`.
        """
        path = self.original(number)
        if path is None and number in self._in_memory:
            return IN_MEMORY
        if path is None:
            return str(self.learnt_path(number))
        return self.names[number] if number < len(self.names) else str(path)

    def learnt(self, number: int = 0) -> Photo:
        """A photo as the model learnt it, with what is unknown of it.

        Raises:
            UserError: the run folder has none, or it cannot be read.
        """
        photo, unknown = read_image(self.learnt_path(number)), self._unknown_path(number)
        if not unknown.is_file():
            return photo
        return replace(photo, unknown=(read_image(unknown).pixels[:, :1] > 0).float())

    def learnt_path(self, number: int = 0) -> Path:
        """Where the photo is as the model learnt it."""
        return self._path(f"photos/{number + 1}.png" if number else "photo.png")

    def read(self, option: str, number: int | None = None, **how: Any) -> Photo | None:
        """The picture that an option names; None where it names none.

        Args:
            option, number: as for :meth:`file`.
            how: further arguments of :func:`internal_gan.images.files.image.read_image`.

        Raises:
            UserError: as :meth:`file`, or it cannot be read.
        """
        if option in self._files:
            return self._files[option]
        path = self.file(option, number)
        try:
            return None if path is None else read_image(path, **how)
        except UserError as error:
            raise UserError(f"{option.removesuffix('.file')}={error}") from error

    def file(self, option: str, number: int | None = None) -> Path | None:
        """The file that an option names; None where it names none.

        Args:
            option: such as ``mask.file``.
            number: of the photo that it is for: where the option names a folder, it is the image
                there with that photo's name.

        Raises:
            UserError: the folder has no such image, or several.
        """
        of = number if number and self.is_folder(option) else 0
        if (option, of) in self._inputs:
            return self._kept(option, of)
        name = None if option in self._files else attrgetter(option)(self.options)
        if name is None or number is None or not Path(name).is_dir():
            return None if name is None else Path(name)
        return _namesake(option, name, self.names[number] if self.names else None)

    def is_folder(self, option: str) -> bool:
        """Whether an option names a folder, which has a file for each photo."""
        if option in self._files:
            return False
        if self._inputs:
            return any(of == option and number for of, number in self._inputs)
        name = attrgetter(option)(self.options)
        return name is not None and Path(name).is_dir()

    def keep(self, folder: Path, reads: Iterable[str] = ()) -> None:
        """Copy what was given into the run's folder, byte for byte; a photo in memory becomes PNG.

        What was kept before stays as it is. With ``keep_original=false`` photos are not copied, and
        only their names and checksums are written down.

        Args:
            reads: the options that name the run's masks, drawings and the like.

        Raises:
            UserError: a file cannot be read any more, or the folder cannot be written.
        """
        if self._inputs:
            return
        copy, kept = self.options.keep_original, []
        for number, name in enumerate(self.options.photos):
            if is_file(name):
                kept.append(_keep(folder, Path(name), "image", number, copy))
        if copy and not kept:
            kept += [_keep_photo(folder, "image", *item) for item in self._in_memory.items()]
        for option in reads:
            if option in self._files:
                kept.append(_keep_photo(folder, option, 0, self._files.pop(option)))
                continue
            is_photo = option.endswith(".image")
            for number in range(max(len(self.names), 1)) if self.is_folder(option) else (0,):
                if path := self.file(option, number):
                    kept.append(_keep(folder, path, option, number, copy or not is_photo))
        text = json.dumps({"inputs": [asdict(entry) for entry in kept]}, indent=2)
        with atomic_write(folder / INDEX) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")
        self.folder = folder
        self._inputs = {(entry.option, entry.photo): entry for entry in kept}
        if copy:
            self._in_memory.clear()

    def keep_learnt(
        self, images: Sequence[Tensor], unknown: Sequence[Tensor], likes: Sequence[Photo]
    ) -> None:
        """Write the photos as a model learns them into the run's folder.

        Args:
            images: each (1, 3, H, W) in [-1, 1].
            unknown: for each (1, 1, H, W), 1 where nothing is learnt from and else 0; may be empty.
            likes: photos whose files those of the images are to resemble.
        """
        write_image(self._path("photo.png"), images[0], like=likes[0])
        if len(images) > 1:
            make_folder(self._path("photos"))
            for number, (image, like) in enumerate(zip(images, likes, strict=True), 1):
                write_image(self._path(f"photos/{number}.png"), image, like=like)
        for number, part in enumerate(unknown):
            if part.any():
                write_mask(self._unknown_path(number), part)

    def _kept(self, option: str, number: int) -> Path:
        entry = self._inputs[option, number]
        if entry.file:
            return self._path(entry.file)
        _check_unchanged(entry)
        return Path(entry.name)

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / name

    def _unknown_path(self, number: int) -> Path:
        return self._path(f"unknown-{number + 1}.png" if number else "unknown.png")


def _keep(folder: Path, path: Path, option: str, number: int, copy: bool) -> Input:
    path = existing_image(path)
    name = os.path.abspath(path)  # noqa: PTH100 (a link may lead to another file later)
    file = ""
    if copy:
        file = _file_name(option, number, path.suffix.lower())
        with atomic_write(make_folder(folder / FOLDER).parent / file) as temporary:
            shutil.copyfile(path, temporary)
    return Input(option, number, name, file, _sha256(folder / file if copy else path))


def _keep_photo(folder: Path, option: str, number: int, photo: Photo) -> Input:
    """Write a photo as PNG: with 16 bits per channel where 8 would lose something."""
    file = _file_name(option, number, ".png")
    make_folder(folder / FOLDER)
    layers = [photo.pixels] if photo.alpha is None else [photo.pixels, photo.alpha * 2.0 - 1.0]
    depth = 8 if photo.bit_depth == 8 and all(map(_has_whole_levels, layers)) else 16
    write_image(folder / file, photo.pixels, like=replace(photo, bit_depth=depth))
    return Input(option, number, "", file, _sha256(folder / file))


def _file_name(option: str, number: int, suffix: str) -> str:
    of = f"-{number + 1}" if number else ""
    return f"{FOLDER}/{option}{of}{suffix if suffix in READABLE_SUFFIXES else ''}"


def _has_whole_levels(pixels: Tensor) -> bool:
    """Whether 8 bits hold every value."""
    # In bands, to hold a large photo only once.
    starts = range(0, pixels.shape[-2], _BAND_ROWS)
    levels = ((pixels[..., row : row + _BAND_ROWS, :] + 1.0) * 127.5 for row in starts)
    return all(bool(((band - band.round()).abs() < 1e-3).all()) for band in levels)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_unchanged(entry: Input) -> None:
    name = shown(Path(entry.name))
    if not is_file(entry.name):
        raise UserError(f"{name}: is gone, and its run kept no copy of it; put it back")
    if _sha256(Path(entry.name)) != entry.sha256:
        raise UserError(
            f"{name}: has changed since its run began, which kept no copy of it; put it back as "
            "it was"
        )


def _namesake(option: str, folder: str, photo: str | None) -> Path:
    """The image of a folder that has a photo's name."""
    option = option.removesuffix(".file")
    if photo is None:
        raise UserError(
            f"{option}={folder}: is a folder, and the photo has no name to look for there"
        )
    path = Path(photo)
    exact = Path(folder) / path.name
    if exact.is_file():
        return exact
    found = sorted(
        entry
        for entry in Path(folder).iterdir()
        if entry.stem == path.stem and entry.suffix.lower() in READABLE_SUFFIXES
    )
    if len(found) != 1:
        what = "no image" if not found else f"{len(found)} images"
        raise UserError(
            f"{option}={folder}: has {what} with the name of {shown(path)}; needed is one, "
            f"such as {path.stem}.png"
        )
    return found[0]


def _read_index(folder: Path) -> dict[tuple[str, int], Input]:
    """What a run kept; nothing of another form than :meth:`Source.keep` writes."""
    found = read_json_object(folder / INDEX).get("inputs")
    entries = [entry for entry in found if _is_input(entry)] if isinstance(found, list) else []
    return {(entry["option"], entry["photo"]): Input(**entry) for entry in entries}


def _is_input(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) != {field.name for field in fields(Input)}:
        return False
    texts = [entry[name] for name in ("option", "name", "file", "sha256")]
    # A path that leads out of the folder is none of the run's.
    is_inside = not entry["file"] or _INSIDE.fullmatch(str(entry["file"])) is not None
    return (
        all(isinstance(text, str) for text in texts) and is_inside and type(entry["photo"]) is int
    )
