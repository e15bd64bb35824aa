"""A page on which people tell photos from samples, as in the study of SinGAN's paper.

Paired: a photo and a sample of it, side by side; which one was made? Unpaired: one picture; is it a
photo or made? Each is seen for one second.

Source: Shaham, Dekel, Michaeli, "SinGAN", ICCV 2019, Section 3.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from internal_gan.errors import UserError
from internal_gan.files import atomic_write

PROTOCOLS = ("both", "paired", "unpaired")


@dataclass(frozen=True)
class Subject:
    """A photo and the samples that were learnt from it, as PNG files in memory by their names."""

    name: str
    real: bytes
    samples: Mapping[str, bytes]


def write_study(
    path: Path,
    subjects: Sequence[Subject],
    *,
    protocol: str = "both",
    trials: int = 50,
    practice: int = 5,
    seconds: float = 1.0,
) -> str:
    """Write the page: one file that needs nothing else, not even a server.

    Which photos and samples are shown, on which side and in which order, is drawn anew for every
    participant. At the end the page offers a file with the answers, for
    :mod:`internal_gan.evaluation.confusion`.

    Args:
        subjects: in unpaired trials, photos of one half and samples of the other are shown.
        protocol: ``paired``, ``unpaired``, or ``both``, one after the other.
        trials: pairs; of single pictures, photos and samples each; at most as many as there are.
        practice: trials before, which tell the answer and are not counted.
        seconds: for which pictures are seen.

    Returns:
        The study's name, a hash of what it shows.

    Raises:
        UserError: too few photos, or the page cannot be written.
    """
    if not subjects or (protocol != "paired" and len(subjects) < 2):
        raise UserError("a study of single pictures needs two photos or more, one of pairs one")
    pictures: dict[str, str] = {}
    photos = []
    for subject in subjects:
        real = f"real/{subject.name}"
        pictures[real] = _address(subject.real)
        samples = {f"made/{subject.name}/{name}": png for name, png in subject.samples.items()}
        pictures |= {name: _address(png) for name, png in samples.items()}
        photos.append({"name": subject.name, "real": real, "samples": list(samples)})
    shown: dict[str, Any] = {
        "protocols": ["paired", "unpaired"] if protocol == "both" else [protocol],
        "trials": trials,
        "practice": practice,
        "seconds": seconds,
        "photos": photos,
        "pictures": pictures,
    }
    name = hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]
    # A script ends at the first "</", whatever it is a part of.
    data = json.dumps({"id": name, **shown}).replace("</", "<\\/")
    template = resources.files(__package__).joinpath("study.html").read_text(encoding="utf-8")
    with atomic_write(path) as temporary:
        temporary.write_text(template.replace("__DATA__", data), encoding="utf-8")
    return name


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
