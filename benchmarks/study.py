"""A page on which people tell photos from samples, as in the study of SinGAN's paper.

    python -m benchmarks.study --real photos/ --samples samples/ --output study.html

Paired: a photo and a sample of it, side by side; which one was made? Unpaired: one picture; is it a
photo, or was it made? Each is shown for one second. ``benchmarks.confusion`` counts the answers.

Source: Shaham, Dekel, Michaeli, "SinGAN", ICCV 2019, Section 3.
"""

import argparse
import base64
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from benchmarks._common import count, existing_folder, pictures, positive, print_json, run
from internal_gan.errors import UserError
from internal_gan.files import atomic_write
from internal_gan.images.files.image import read_image, to_uint8
from internal_gan.images.resize import resize

PROTOCOLS = ("both", "paired", "unpaired")
TEMPLATE = Path(__file__).with_name("study.html")


@dataclass(frozen=True)
class Subject:
    """A photo and its samples by name, as ``data:`` URLs of PNG files."""

    name: str
    real: str
    samples: Mapping[str, str]


def read_subjects(real: Path, samples: Path) -> list[Subject]:
    """Every photo that has a sample, or a folder of samples, of the same name.

    Photos are resized to the size of their samples, and all images become lossless copies, so that
    neither size nor compression gives an answer away.

    Raises:
        UserError: no photo has a sample, or a picture cannot be read or has another size.
    """
    single = pictures(samples)
    subjects = []
    for name, photo in pictures(real).items():
        own = [single[name]] if name in single else []
        if (samples / name).is_dir():
            own += pictures(samples / name).values()
        if own:
            subjects.append(_subject(name, photo, own))
    if not subjects:
        raise UserError(f"{samples}: no picture or folder in it has the name of a photo in {real}")
    return subjects


def write_study(path: Path, subjects: Sequence[Subject], settings: Mapping[str, Any]) -> str:
    """Write the page: one file that needs nothing else, not even a server.

    Photos, samples, sides and order are drawn at random for each participant. At the end the page
    offers a file with the answers.

    Args:
        subjects: in unpaired trials, photos of one half and samples of the other are shown.
        settings: ``protocols``, a list of "paired" and "unpaired"; ``trials``, the most pairs, and
            the most photos and samples that are shown unpaired; ``practice``, trials before them
            that tell the answer and do not count; ``seconds`` for which pictures are shown.

    Returns:
        The study's ID, a hash of its contents.

    Raises:
        UserError: a single photo for unpaired trials, or the page cannot be written.
    """
    if "unpaired" in settings["protocols"] and len(subjects) < 2:
        raise UserError(
            "only one photo has samples; unpaired trials need two or more, since they show a photo "
            "and the samples of others"
        )
    shown: dict[str, str] = {}
    photos = []
    for subject in subjects:
        real = f"real/{subject.name}"
        made = {f"made/{subject.name}/{name}": png for name, png in subject.samples.items()}
        shown |= {real: subject.real, **made}
        photos.append({"name": subject.name, "real": real, "samples": list(made)})
    study = {**settings, "photos": photos, "pictures": shown}
    name = hashlib.sha256(json.dumps(study).encode()).hexdigest()[:16]
    # A script ends at the first "</", even inside a string.
    data = json.dumps({"id": name, **study}).replace("</", "<\\/")
    with atomic_write(path) as temporary:
        page = TEMPLATE.read_text(encoding="utf-8").replace("__DATA__", data)
        temporary.write_text(page, encoding="utf-8")
    return name


def _subject(name: str, path: Path, samples: Sequence[Path]) -> Subject:
    made = {sample.name: read_image(sample) for sample in samples}
    photo = read_image(path)
    size = next(iter(made.values())).size
    for file, sample in made.items():
        share = [a / b for a, b in zip(sample.size, photo.size, strict=True)]
        if sample.size != size or abs(share[0] / share[1] - 1) > 0.02:
            raise UserError(
                f"{file}: {sample.size[0]}x{sample.size[1]} pixels; all samples of {path} "
                f"({photo.size[0]}x{photo.size[1]}) must have one size with its aspect ratio"
            )
    shown = resize(photo.pixels, size).clamp(-1, 1)
    return Subject(name, _png(shown), {file: _png(one.pixels) for file, one in made.items()})


def _png(pixels: Tensor) -> str:
    buffer = io.BytesIO()
    levels = to_uint8(pixels)[0].permute(1, 2, 0).contiguous().numpy()
    Image.fromarray(levels).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 60:
        raise argparse.ArgumentTypeError(f"{text}: needs a number above 0, at most 60")
    return seconds


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.study", description=__doc__)
    parser.add_argument("--real", type=existing_folder, required=True, help="folder of photos")
    parser.add_argument(
        "--samples",
        type=existing_folder,
        required=True,
        help="folder of samples: a picture, or a folder of pictures, with the name of each photo",
    )
    parser.add_argument("--output", type=Path, default=Path("study.html"), help="the page")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="both")
    parser.add_argument(
        "--trials",
        type=positive,
        default=50,
        help="at most this many pairs; unpaired, this many photos and this many samples",
    )
    parser.add_argument(
        "--practice", type=count, default=5, help="practice trials before each protocol"
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=1.0, help="for which pictures are shown"
    )
    options = parser.parse_args(argv)
    subjects = read_subjects(options.real, options.samples)
    settings = {
        "protocols": list(PROTOCOLS[1:]) if options.protocol == "both" else [options.protocol],
        "trials": options.trials,
        "practice": options.practice,
        "seconds": options.seconds,
    }
    name = write_study(options.output, subjects, settings)
    photos = {subject.name: len(subject.samples) for subject in subjects}
    found = {"study": name, "page": str(options.output), "samples_of_photos": photos}
    print_json("study", {**found, "settings": settings})


if __name__ == "__main__":
    run(main)
