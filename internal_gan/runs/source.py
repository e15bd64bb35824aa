"""What a run works on: the photo, and the pictures that its options name, read."""

import logging
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from weakref import WeakValueDictionary

from internal_gan.config.catalogue import SPECS, ending_of, family_of
from internal_gan.config.options import Options
from internal_gan.errors import UserError, about
from internal_gan.images.files.image import read_image
from internal_gan.images.frames import frame_of
from internal_gan.images.photo import Choose, Margins, Photo, output_format_of
from internal_gan.runs.inputs import PHOTO, Inputs
from internal_gan.runs.learnt import IMAGE, read_learnt

_log = logging.getLogger(__name__)

# Stands for a picture in memory where options name files.
IN_MEMORY = "(in memory)"


class Source:
    """The options of a run and its pictures, without the frame of a photo whose results are new.

    Args:
        folder: the run's, whose index must not be damaged (a UserError); None before it begins.
        trained: the source of its model's training; itself if it is one, or has no model.
        files: pictures in memory, by the options that would name their files.

    Attributes:
        inputs: the files and pictures as they were given.
        choose, alike: ``choose`` of ``read_image``, for a huge photo and for its masks.
        worked_on: the source of the photo to work on, and of its masks: the training's if this one
            has none, with the frame if the task keeps that.
    """

    def __init__(
        self,
        options: Options,
        folder: Path | None = None,
        trained: "Source | None" = None,
        files: Mapping[str, Photo] | None = None,
    ) -> None:
        self.options = options
        self.name: str | None = options.image or (trained.name if trained else None)
        self.inputs = Inputs(options, folder, files, self.name)
        self.choose: Choose | None = None
        self.alike: Choose | None = None
        self.trained = trained or self
        self.worked_on = self if self.inputs.has_photo else self.trained
        if not self.inputs.has_photo and SPECS[options.task].whole:
            self.worked_on = self.trained._whole()
        self._frame: Margins | None = None  # of the photo, once that was looked for
        self._is_looked_at = False
        # A photo that was read whole, while it is in use: decoding it again takes a second.
        self._in_use = WeakValueDictionary[str, Photo]()
        self._told = set[str]()

    @property
    def folder(self) -> Path | None:
        """The run's folder, once it has begun."""
        return self.inputs.folder

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
            if PHOTO in self._in_use:
                self._in_use[PHOTO] = photo
        self._frame = frame
        self._is_looked_at = True
        return photo

    def read(self, option: str, longest: int | None = None) -> Photo | None:
        """The picture that an option names, if any; see :meth:`Inputs.file` and :meth:`photo`."""
        picture = self.inputs.in_memory.get(option)
        path = self.inputs.file(option)
        with about(option.removesuffix(".file")):
            if path is not None:
                picture = read_image(path, longest=longest, choose=self.alike)
        of_another = option.endswith(".image") or "edit.image" in SPECS[self.options.task].reads
        if picture is None or of_another:
            return picture
        frame = self.worked_on._cut_frame()
        # A mask leaves out the frame of its photo, if that has one, and the mask its size.
        if frame is None or picture.size != self.worked_on.photo().uncut:
            return picture
        return picture.without(frame)

    def learnt(self) -> Photo:
        """The training image of the photo, with its unknown part."""
        assert self.folder is not None
        return read_learnt(self.folder)

    @property
    def is_gone(self) -> bool:
        """Whether neither the photo nor its training image is left."""
        if PHOTO in self.inputs.in_memory or self.inputs.photo_file() is not None:
            return False
        return self.folder is None or not (self.folder / IMAGE).is_file()

    @property
    def called(self) -> str:
        """The name by which the photo was given or, failing that, the file it is read from."""
        if PHOTO in self.inputs.in_memory:
            return self.name or IN_MEMORY
        path = self.inputs.photo_file()
        return str(self.folder and self.folder / IMAGE) if path is None else self.name or str(path)

    @cached_property
    def like(self) -> Photo | None:
        """What results share with the photo, its format; None if the photo is gone."""
        if self.folder is None:
            return output_format_of(self.photo())[0]
        path = self.folder / IMAGE
        return output_format_of(read_image(path))[0] if path.is_file() else None

    def is_first(self, option: str) -> bool:
        """Whether it is the first call for an option: what is odd about the inputs is said once,
        though they may be checked before a training and read again after it."""
        is_first = option not in self._told
        self._told.add(option)
        return is_first

    def forget_warnings(self) -> None:
        """Let what is odd about the inputs be said again."""
        self._told = set()

    @property
    def _leaves_frames_out(self) -> bool:
        """Whether results are new pictures, without a frame that the photo has."""
        options, family = self.options, family_of(self.options.model)
        task = SPECS[ending_of(family) if options.task == "train" and family else options.task]
        return not options.keep_frame and "keep_frame" in task.takes and not task.whole

    def _cut_frame(self) -> Margins | None:
        """The frame that the photo is read without, if any."""
        if not self._leaves_frames_out or not self.inputs.has_photo:
            return None
        if not self._is_looked_at:
            self.photo()
        return self._frame

    def _whole(self) -> "Source":
        """The same for a task that changes the photo itself, whatever is learnt from it."""
        if not self._leaves_frames_out:
            return self
        other = copy(self)
        other.options = replace(self.options, keep_frame=True)
        other._in_use = WeakValueDictionary[str, Photo]()
        return other

    def _given(self, longest: int | None) -> Photo:
        if PHOTO in self.inputs.in_memory:
            return self.inputs.in_memory[PHOTO]
        path = self.inputs.photo_file()
        if path is None:
            if self.folder is None or not (self.folder / IMAGE).is_file():
                raise UserError(f"{self.folder}: its photo is gone; give image=FILE")
            return self.learnt()
        if (known := self._in_use.get(PHOTO)) is not None:
            return known
        photo = read_image(path, longest=longest, choose=self.choose)
        if photo.given is None:
            self._in_use[PHOTO] = photo
        return photo
