"""task=verify: whether the pixels of a result come from its photo."""

import json
from collections.abc import Iterator
from pathlib import Path

from internal_gan.config.options import VerifyOptions
from internal_gan.errors import UserError
from internal_gan.judging.verify import verify
from internal_gan.shapes import Pixels
from internal_gan.tasks.base import Document, Picture, Task, aside
from internal_gan.version import __version__


class Verify(Task[VerifyOptions]):
    """Checks a picture's origin against a photo; draws ``verify/map.png``, and writes
    ``verification.json``. The exit code is 1 if a pixel recorded as an exact copy is none."""

    def check(self, model: None) -> None:
        wanted, picture = self.wanted, Path(str(self.context.options.image))
        if wanted.photo is None:
            raise UserError(
                "task=verify needs verify.photo=PHOTO, the photo that the result was made from"
            )
        self._found = verify(picture, Path(wanted.photo))

    def draw(self, model: None, preview: bool = False) -> Iterator[Picture | Document]:
        found, say = self._found, self.context.say
        text = found.in_words(Path(str(self.wanted.photo)).name)
        record = {
            "package_version": __version__,
            "picture": self.context.options.image,
            "photo": self.wanted.photo,
            "photo_size": list(found.origin.photo_size),
            "holds": found.holds,
            "exact": found.exact,
            "blended": found.blended,
            "other": found.other,
            "wrong": float(found.wrong.mean()),
            "change_of_blended": {"mean": found.change[0], "most": found.change[1]},
        }
        yield aside("verify/map.png", found.map, caption=text)
        yield Document("verification.json", json.dumps(record, indent=2) + "\n")
        say(f"{text}.")
        say(f"The origin {'holds' if found.holds else 'does not hold'}.")
        self.exit_code = 0 if found.holds else 1

    def photo(self) -> Pixels:
        return self._found.photo.pixels
