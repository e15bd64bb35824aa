"""task=verify: whether the pixels of a result come from its photo."""

import json
from collections.abc import Iterator
from pathlib import Path

from internal_gan.config.options import VerifyOptions
from internal_gan.errors import UserError
from internal_gan.judging.verify import Verification
from internal_gan.judging.verify import verify as checked
from internal_gan.reporting import Report
from internal_gan.runs.source import Source
from internal_gan.tasks.how import How
from internal_gan.tasks.items import Document, Picture, aside
from internal_gan.version import __version__


def verify(given: Source, wanted: VerifyOptions, how: How) -> Iterator[Picture | Document]:
    """Checks a picture's origin against a photo; draws ``verify/map.png``, and writes
    ``verification.json``. The run fails if a pixel recorded as an exact copy is none."""
    picture = str(given.options.image)
    if wanted.photo is None:
        raise UserError(
            "task=verify needs verify.photo=PHOTO, the photo that the result was made from"
        )
    found = checked(Path(picture), Path(wanted.photo))
    return _written(found, picture, wanted.photo, how.report)


def _written(
    found: Verification, picture: str, photo: str, report: Report
) -> Iterator[Picture | Document]:
    text = found.in_words(Path(photo).name)
    record = {
        "package_version": __version__,
        "picture": picture,
        "photo": photo,
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
    report.say(f"{text}.")
    report.say(f"The origin {'holds' if found.holds else 'does not hold'}.")
    if not found.holds:
        report.fail()
