"""task=verify: whether the pixels of a result come from its photo."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from torch import Tensor

from internal_gan.config.task_options import VerifyOptions
from internal_gan.errors import UserError
from internal_gan.finishing.origin import READ_SIDE, as_source, origin_path, read_origin
from internal_gan.finishing.verification import Verification, check_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.photo import Photo
from internal_gan.runs.results import Result
from internal_gan.tasks.base import Document, Picture, Task, aside
from internal_gan.version import __version__


class Verify(Task[VerifyOptions]):
    """Checks a picture's origin against a photo; draws ``verify/map.png``, and writes
    ``verification.json``. The exit code is 1 if a pixel recorded as an exact copy is none."""

    def check(self, model: None) -> None:
        self._picture = str(self.context.options.photo)
        self._found, self._photo = self._checked()

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture | Document]:
        found, say = self._found, self.context.say
        text = found.in_words(Path(str(self.wanted.photo)).name)
        yield aside("verify/map.png", found.map, caption=text)
        yield Document("verification.json", self._record())
        say(f"{text}.")
        say(f"The origin {'holds' if found.holds else 'does not hold'}.")
        self.exit_code = 0 if found.holds else 1

    def photo(self) -> Tensor:
        return self._photo.pixels

    def made(self, results: Sequence[Result]) -> str:
        return "Verification"

    def _checked(self) -> tuple[Verification, Photo]:
        wanted = self.wanted
        if wanted.photo is None:
            raise UserError(
                "task=verify needs verify.photo=PHOTO, the photo that the result was made from"
            )
        picture = read_image(self._picture)
        file = wanted.origin or origin_path(Path(self._picture))
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

    def _record(self) -> str:
        found = self._found
        record = {
            "package_version": __version__,
            "picture": self._picture,
            "photo": {"file": self.wanted.photo, "number": found.origin.photo},
            "photo_size": list(found.origin.photo_size),
            "holds": found.holds,
            "exact": found.exact,
            "blended": found.blended,
            "other": found.other,
            "wrong": float(found.wrong.mean()),
            "change_of_blended": {"mean": found.change[0], "most": found.change[1]},
        }
        return json.dumps(record, indent=2) + "\n"


TASK = Verify
