"""task=study: a page on which people tell photos from samples."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from rich.console import Console

from internal_gan.config.compose import save_options
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.evaluation.study import Subject, write_study
from internal_gan.images.files.image import read_image, to_uint8
from internal_gan.images.files.names import READABLE_SUFFIXES
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.tasks.reporting import announce, recorded, say

TASK = "study"


def study(options: Options, family: str | None = None) -> Path:
    """Write ``study.html`` for the photos of ``study.real`` and their samples.

    Photos are shown at the size of their first sample, all as lossless copies, so that neither
    size nor compression gives an answer away.

    Returns:
        The new run folder.

    Raises:
        UserError: a folder, a picture or an option will not do. No folder is left behind.
    """
    wanted = options.study
    subjects = [_subject(*pair) for pair in _pairs(options)]
    if wanted.protocol != "paired" and len(subjects) < 2:
        raise UserError(
            f"study.real={wanted.real}: one photo that has samples; study.protocol="
            f"{wanted.protocol} shows photos and samples of others, and needs two or more"
        )
    folder = RunFolder.create(new_run_path(options, wanted.real, TASK))
    console = Console(highlight=False, soft_wrap=True)
    with recorded(folder):
        save_options(options, folder.config_path)
        announce(console, folder, [f"{len(subjects)} photos with samples"])
        page = folder.path / "study.html"
        name = write_study(
            page,
            subjects,
            protocol=wanted.protocol,
            trials=wanted.trials,
            practice=wanted.practice,
            seconds=wanted.seconds,
        )
        folder.write_status("finished", study=name)
        say(console, f"  Study:    {page}")
        say(console, "Each participant opens it and saves a file of answers at the end; then")
        say(console, "  python -m internal_gan.evaluation.confusion ANSWERS/")
    return folder.path


def _pairs(options: Options) -> list[tuple[Path, list[Path]]]:
    """Every photo that has a sample, or a folder of samples, of the same name."""
    wanted = options.study
    folders = []
    for option, name in (("real", wanted.real), ("samples", wanted.samples)):
        if name is None:
            raise UserError(f"task={TASK} needs study.real=FOLDER and study.samples=FOLDER")
        if not Path(name).is_dir():
            raise UserError(f"study.{option}={name}: there is no such folder")
        folders.append(Path(name))
    photos, samples = folders
    pairs = []
    for photo in _files(photos):
        own = [path for path in _files(samples) if path.stem == photo.stem]
        if (samples / photo.stem).is_dir():
            own += _files(samples / photo.stem)
        if own:
            pairs.append((photo, own))
    if not pairs:
        raise UserError(
            f"study.samples={samples}: no picture or folder there has the name of a photo of "
            f"study.real={photos}"
        )
    return pairs


def _subject(path: Path, samples: list[Path]) -> Subject:
    made = {sample.name: read_image(sample) for sample in samples}
    photo = read_image(path)
    size = next(iter(made.values())).size
    for name, sample in made.items():
        share = [a / b for a, b in zip(sample.size, photo.size, strict=True)]
        if sample.size != size or abs(share[0] / share[1] - 1) > 0.02:
            raise UserError(
                f"{name}: {sample.size[0]}x{sample.size[1]} pixels; samples shown beside {path} "
                f"({photo.size[0]}x{photo.size[1]}) have one size, of its aspect"
            )
    shown = Photo(resize(photo.pixels, size).clamp(-1, 1))
    return Subject(path.stem, _png(shown), {name: _png(one) for name, one in made.items()})


def _png(photo: Photo) -> bytes:
    buffer = io.BytesIO()
    levels = to_uint8(photo.pixels)[0].permute(1, 2, 0).contiguous().numpy()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in READABLE_SUFFIXES and not path.name.startswith(".")
    ]
