"""The photo, masks and drawings that a run was given, and their copies in the run's folder."""

import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import asdict, replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from weakref import WeakValueDictionary

from torch import Tensor

from internal_gan.config.catalogue import SPECS, ending_of, family_of
from internal_gan.config.options import Options
from internal_gan.errors import UserError, about
from internal_gan.files import atomic_write, is_file, make_folder, read_record, write_text
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import READABLE_SUFFIXES, existing_image, same_name, shown
from internal_gan.images.frames import frame_of
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Choose, Margins, Photo, output_format_of
from internal_gan.runs.records import INDEX, Index, Input
from internal_gan.shapes import Mask, Pixels

_log = logging.getLogger(__name__)

# Stands for a picture in memory where options name files.
IN_MEMORY = "(in memory)"
LAYERS = "layers.files"
_PHOTO = "image"
FOLDER = "inputs"
_UNKNOWN = "unknown.png"


class Source:
    """The inputs of a run: the user's files and pictures in memory; after :meth:`keep`, copies.

    Args:
        folder: the run's, whose index must not be damaged (a UserError); None before it begins.
        trained: the inputs of its model's training; itself if it is one, or has no model.
        files: pictures in memory, by the options that would name their files.

    Attributes:
        choose, alike: ``choose`` of ``read_image``, for a huge photo and for its masks.
        worked_on: those of the photo to work on, and of its masks: the training's if it has none,
            with the frame if the task keeps that.
    """

    def __init__(
        self,
        options: Options,
        folder: Path | None = None,
        trained: "Source | None" = None,
        files: Mapping[str, Photo] | None = None,
    ) -> None:
        self.options = options
        self.choose: Choose | None = None
        self.alike: Choose | None = None
        self._frame: Margins | None = None  # of the photo, once that was looked for
        self._is_looked_at = False
        self.folder = folder
        self.name: str | None = options.image or (trained.name if trained else None)
        self._in_memory = dict(files or {})
        index = None if folder is None else read_record(Index, folder / INDEX)
        self._inputs = {(one.option, one.number): one for one in (index.inputs if index else [])}
        self.trained = trained or self
        self.worked_on = self if self.has_photo else self.trained
        if not self.has_photo and SPECS[options.task].whole:
            self.worked_on = self.trained._whole()
        # A photo that was read whole, while it is in use: decoding it again takes a second.
        self._in_use = WeakValueDictionary[str, Photo]()
        self._told = set[str]()

    @property
    def has_photo(self) -> bool:
        """Whether the run was given a photo."""
        return bool(self.options.image) or _PHOTO in self._in_memory or (_PHOTO, 0) in self._inputs

    def photo(self, *, longest: int | None = None) -> Photo:
        """The photo as given, see :func:`internal_gan.images.files.image.read_image`, or else its
        training image; without a frame, if results are new pictures."""
        photo = self._given(longest)
        if photo.frame or not self._leaves_frames_out:
            return photo
        if (frame := frame_of(photo)) is not None and photo.given is not None:
            photo = self._given(None)
            frame = frame_of(photo)
        if frame is not None:
            photo = photo.without(frame)
            if not self._is_looked_at:
                sides = [f"{side} {width}" for side, width in frame._asdict().items() if width]
                _log.warning(
                    f"{self.called}: its frame ({', '.join(sides)}) is not used; keep_frame=true "
                    "uses it"
                )
            if _PHOTO in self._in_use:
                self._in_use[_PHOTO] = photo
        self._frame, self._is_looked_at = frame, True
        return photo

    @property
    def _leaves_frames_out(self) -> bool:
        """Whether results are new pictures, without a frame that the photo has."""
        options, family = self.options, family_of(self.options.model)
        task = SPECS[ending_of(family) if options.task == "train" and family else options.task]
        return not options.keep_frame and "keep_frame" in task.takes and not task.whole

    def _whole(self) -> "Source":
        """The same inputs for a task that changes the photo itself, whatever is learnt from it."""
        if not self._leaves_frames_out:
            return self
        other = copy(self)
        other.options = replace(self.options, keep_frame=True)
        other._in_use = WeakValueDictionary[str, Photo]()
        return other

    def _given(self, longest: int | None) -> Photo:
        if _PHOTO in self._in_memory:
            return self._in_memory[_PHOTO]
        path = self.original()
        if path is None:
            if not self.learnt_path().is_file():
                raise UserError(f"{self.folder}: its photo is gone; give image=FILE")
            return self.learnt()
        if (known := self._in_use.get(_PHOTO)) is not None:
            return known
        photo = read_image(path, longest=longest, choose=self.choose)
        if photo.given is None:
            self._in_use[_PHOTO] = photo
        return photo

    def original(self) -> Path | None:
        """The file of the photo as given; None if it was in memory, or is gone without a copy."""
        if kept := self._inputs.get((_PHOTO, 0)):
            return self._path(kept.file)
        name = self.options.image
        if name is None or (self.folder is not None and not is_file(name)):
            return None
        return Path(name)

    @property
    def is_gone(self) -> bool:
        """Whether neither the photo nor its training image is left."""
        if _PHOTO in self._in_memory or self.original() is not None:
            return False
        return self.folder is None or not self.learnt_path().is_file()

    @property
    def called(self) -> str:
        """The name by which the photo was given or, failing that, the file it is read from."""
        if _PHOTO in self._in_memory:
            return self.name or IN_MEMORY
        path = self.original()
        return str(self.learnt_path()) if path is None else self.name or str(path)

    def learnt(self) -> Photo:
        """The training image of the photo, with its unknown part."""
        photo, unknown = read_image(self.learnt_path()), self._path(_UNKNOWN)
        if not unknown.is_file():
            return photo
        return replace(photo, unknown=(read_image(unknown).pixels[:, :1] > 0).float())

    def learnt_path(self) -> Path:
        """The file of the photo's training image."""
        return self._path("photo.png")

    @cached_property
    def like(self) -> Photo | None:
        """What results share with the photo, its format; None if the photo is gone."""
        if self.folder is None:
            return output_format_of(self.photo())[0]
        path = self.learnt_path()
        return output_format_of(read_image(path))[0] if path.is_file() else None

    def read(self, option: str, longest: int | None = None) -> Photo | None:
        """The picture that an option names, if any; see :meth:`file` and :meth:`photo`."""
        picture, of, path = self._in_memory.get(option), self.worked_on, self.file(option)
        with about(option.removesuffix(".file")):
            if path is not None:
                picture = read_image(path, longest=longest, choose=self.alike)
        of_another = option.endswith(".image") or "edit.image" in SPECS[self.options.task].reads
        if picture is None or of_another or not of._leaves_frames_out or not of.has_photo:
            return picture
        # A mask leaves out the frame of its photo, if that has one, and the mask its size.
        if not of._is_looked_at:
            of.photo()
        if of._frame is None or picture.size != of.photo().uncut:
            return picture
        return picture.without(of._frame)

    def is_first(self, option: str) -> bool:
        """Whether it is the first call for an option: its picture may be read once to check it, and
        again for each result, while what is odd about it is said once."""
        is_first = option not in self._told
        self._told.add(option)
        return is_first

    def file(self, option: str) -> Path | None:
        """The file that an option, such as ``mask.file``, names, if any; in a folder, the image
        with the photo's name, or a UserError if there is not exactly one."""
        name = attrgetter(option)(self.options)
        return None if name is None or option in self._in_memory else self._named(option, name)

    def copy_of(self, option: str) -> Path | None:
        """The copy, in the run's folder, of the file that an option names, if any."""
        entry = self._inputs.get((option, 0))
        return self._path(entry.file) if entry and entry.name else None

    def files(self, option: str) -> list[tuple[str, Path]]:
        """Like :meth:`file`, of an option that may name several, each with its name as given."""
        names = attrgetter(option)(self.options)
        listed = [names] if isinstance(names, str) else list(names or [])
        return [(name, self._named(option, name, number)) for number, name in enumerate(listed)]

    def keep(self, folder: Path, reads: Iterable[str] = ()) -> None:
        """Copy the inputs into the run's folder and read them from there; only once for a run.
        ``reads`` are the options that name its masks, drawings and the like."""
        if self._inputs:
            return
        kept = list[Input]()
        if (name := self.options.image) and is_file(name):
            kept.append(_keep(folder, Path(name), _PHOTO))
        kept += [_keep(folder, one, option) for option, one in self._in_memory.items()]
        kept += [_keep(folder, path, option) for option in reads if (path := self.file(option))]
        for number, (_, path) in enumerate(self.files(LAYERS)):
            kept.append(_keep(folder, path, LAYERS, number))
        write_text(folder / INDEX, json.dumps(asdict(Index(kept)), indent=2) + "\n")
        self.folder, self._in_memory = folder, {}
        self._inputs = {(entry.option, entry.number): entry for entry in kept}

    def keep_learnt(self, image: Pixels, unknown: Mask | None, like: Photo) -> None:
        """Write the photo as the model learns it, in the format of ``like``."""
        write_image(self.learnt_path(), image, like=like)
        if unknown is not None and unknown.any():
            write_mask(self._path(_UNKNOWN), unknown)

    def _named(self, option: str, name: str, number: int = 0) -> Path:
        """The copy of what an option names or, as long as there is none, the user's file."""
        if kept := self._inputs.get((option, number)):
            return self._path(kept.file)
        return _namesake(option, name, self.name) if Path(name).is_dir() else Path(name)

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
