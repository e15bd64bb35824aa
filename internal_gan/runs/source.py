"""The photos, masks and drawings that a run was given."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from internal_gan.config.options import Options
from internal_gan.errors import UserError, about
from internal_gan.files import is_file, make_folder
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import READABLE_SUFFIXES, same_name, shown
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from internal_gan.runs.inputs import keep_file, keep_picture, read_index, write_index
from internal_gan.shapes import Mask, Pixels

# Stands for a picture in memory where options name files.
IN_MEMORY = "(in memory)"


class Source:
    """The inputs of a run: the user's files and pictures in memory until :meth:`keep`, afterwards
    the copies in the run folder. Photos are numbered from 0.

    Args:
        folder: the run's; None before it begins.
        photos: in memory, in place of the files that ``options.image`` names.
        names: of the photos that masks in a folder belong to; by default ``options.photos``.
        files: other pictures in memory, by option.
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
        self._in_memory = {("image", number): photo for number, photo in enumerate(photos)}
        self._in_memory |= {(option, 0): picture for option, picture in (files or {}).items()}
        self._inputs = {} if folder is None else read_index(folder)
        # Photos that were read whole, while they are in use: decoding one again takes a second.
        self._in_use = WeakValueDictionary[int, Photo]()

    @property
    def has_photos(self) -> bool:
        """Whether the run was given a photo."""
        return bool(self.options.photos) or ("image", 0) in {*self._in_memory, *self._inputs}

    @property
    def count(self) -> int:
        """How many photos there are."""
        in_memory = [number for option, number in self._in_memory if option == "image"]
        if count := len(self.options.photos) or len(in_memory):
            return count
        learnt = itertools.takewhile(is_file, map(self.learnt_path, itertools.count(1)))
        return 1 + len(list(learnt))

    def photo(self, number: int = 0, *, longest: int | None = None) -> Photo:
        """A photo as it was given, see :func:`internal_gan.images.files.image.read_image`, or,
        failing that, the training image.

        If no copy was kept and the file is gone or has changed, this is a UserError.
        """
        if ("image", number) in self._in_memory:
            return self._in_memory["image", number]
        path = self.original(number)
        if path is None:
            if not self.learnt_path(number).is_file():
                raise UserError(f"{self.folder}: its photo is gone; give image=FILE")
            return self.learnt(number)
        if (known := self._in_use.get(number)) is not None:
            return known
        if self.options.keep_original:
            photo = read_image(path, longest=longest)
            if photo.given is None:
                self._in_use[number] = photo
            return photo
        # The file may disappear during the run, so it is read once, as large as it is.
        photo = self._in_memory["image", number] = read_image(path)
        return photo

    def original(self, number: int = 0) -> Path | None:
        """The file of a photo as it was given; None if it was in memory, or if the file is gone and
        there is no copy, as in a published model. If no copy was kept, and the user's file is gone
        or has changed, this is a UserError."""
        if ("image", number) in self._inputs:
            return self._kept("image", number)
        name = self.options.photos[number] if number < len(self.options.photos) else None
        if name is None or (self.folder is not None and not is_file(name)):
            return None
        return Path(name)

    def is_gone(self, number: int = 0) -> bool:
        """Whether a photo is lost: not in memory, and neither :meth:`original` nor the training
        image left."""
        if ("image", number) in self._in_memory or self.original(number) is not None:
            return False
        return not self.learnt_path(number).is_file()

    def called(self, number: int = 0) -> str:
        """The name by which a photo was given or, failing that, the file it is read from."""
        name = self.names[number] if number < len(self.names) else None
        if ("image", number) in self._in_memory:
            return name or IN_MEMORY
        path = self.original(number)
        return str(self.learnt_path(number)) if path is None else name or str(path)

    def learnt(self, number: int = 0) -> Photo:
        """The training image of a photo, with its unknown part."""
        photo, unknown = read_image(self.learnt_path(number)), self._unknown_path(number)
        if not unknown.is_file():
            return photo
        return replace(photo, unknown=(read_image(unknown).pixels[:, :1] > 0).float())

    def learnt_path(self, number: int = 0) -> Path:
        """The file of a photo's training image."""
        return self._path(f"photos/{number + 1}.png" if number else "photo.png")

    def read(self, option: str, number: int | None = None, **how: Any) -> Photo | None:
        """The picture that an option names, if any; see :meth:`file` and, for ``how``,
        :func:`internal_gan.images.files.image.read_image`."""
        if (option, 0) in self._in_memory:
            return self._in_memory[option, 0]
        path = self.file(option, number)
        with about(option.removesuffix(".file")):
            return None if path is None else read_image(path, **how)

    def file(self, option: str, number: int | None = None) -> Path | None:
        """The file that an option, such as ``mask.file``, names, if any.

        Where it names a folder, it is the image in it with the name of the photo ``number``; if
        there is none, or several, this is a UserError.
        """
        of = number if number and self.is_folder(option) else 0
        if (option, of) in self._inputs:
            return self._kept(option, of)
        name = attrgetter(option)(self.options)
        if name is None or (option, 0) in self._in_memory:
            return None
        return self._named(option, name, number)

    def files(self, option: str, number: int = 0) -> list[tuple[str, Path]]:
        """The files of a photo that an option names as a list, if any, each with its name as given.
        Folders and errors are as for :meth:`file`.
        """
        names = attrgetter(option)(self.options)
        listed = [names] if isinstance(names, str) else list(names or [])
        return [
            (name, self._kept(*at) if at in self._inputs else self._named(option, name, number))
            for n, name in enumerate(listed, number * len(listed))
            for at in [(option, n)]
        ]

    def is_folder(self, option: str) -> bool:
        """Whether an option names a folder with a file for each photo."""
        if self._inputs:
            return any(of == option and number for of, number in self._inputs)
        name = attrgetter(option)(self.options)
        return name is not None and (option, 0) not in self._in_memory and Path(name).is_dir()

    def keep(self, folder: Path, reads: Iterable[str] = ()) -> None:
        """Copy the inputs into the run's folder and read them from there; only once for a run.

        With ``keep_original=false``, only the names and checksums of photos are kept. ``reads`` are
        the options that name the run's masks, drawings and the like.
        """
        if self._inputs:
            return
        copy = self.options.keep_original
        kept = [
            keep_file(folder, Path(name), "image", number, copy=copy)
            for number, name in enumerate(self.options.photos)
            if is_file(name)
        ]
        keeps_photos = copy and not kept
        for (option, number), picture in self._in_memory.items():
            if option != "image" or keeps_photos:
                kept.append(keep_picture(folder, picture, option, number))
        for option in reads:
            is_photo = option.endswith(".image")
            for number in range(max(len(self.names), 1)) if self.is_folder(option) else (0,):
                if path := self.file(option, number):
                    kept.append(keep_file(folder, path, option, number, copy=copy or not is_photo))
        each = (self.files("layers.files", n) for n in range(max(len(self.names), 1)))
        for number, (_, path) in enumerate(itertools.chain.from_iterable(each)):
            kept.append(keep_file(folder, path, "layers.files", number, copy=True))
        write_index(folder, kept)
        self.folder, self._inputs = folder, {(entry.option, entry.photo): entry for entry in kept}
        photos = {key: photo for key, photo in self._in_memory.items() if key[0] == "image"}
        self._in_memory = {} if copy else photos

    def keep_learnt(
        self, images: Sequence[Pixels], unknown: Sequence[Mask], likes: Sequence[Photo]
    ) -> None:
        """Write the photos into the run's folder as the model learns them, in the format of
        ``likes``, with what is ``unknown`` of each, if anything."""
        write_image(self._path("photo.png"), images[0], like=likes[0])
        if len(images) > 1:
            make_folder(self._path("photos"))
            for number, (image, like) in enumerate(zip(images, likes, strict=True), 1):
                write_image(self._path(f"photos/{number}.png"), image, like=like)
        for number, part in enumerate(unknown):
            if part.any():
                write_mask(self._unknown_path(number), part)

    def _named(self, option: str, name: str, number: int | None) -> Path:
        if number is None or not Path(name).is_dir():
            return Path(name)
        return _namesake(option, name, self.names[number] if self.names else None)

    def _kept(self, option: str, number: int) -> Path:
        assert self.folder is not None
        return self._inputs[option, number].path(self.folder)

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / name

    def _unknown_path(self, number: int) -> Path:
        return self._path(f"unknown-{number + 1}.png" if number else "unknown.png")


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
    found = sorted(
        entry
        for entry in Path(folder).iterdir()
        if same_name(entry.stem, path.stem) and entry.suffix.lower() in READABLE_SUFFIXES
    )
    if len(found) != 1:
        what = "no image" if not found else f"{len(found)} images"
        raise UserError(
            f"{option}={folder}: {what} named after {shown(path)}; exactly one is needed, such "
            f"as {path.stem}.png"
        )
    return found[0]
