"""How pictures compare with a photo: figures of each and of groups of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.options import EvaluateOptions
from internal_gan.device import prepare_device
from internal_gan.errors import UserError, about
from internal_gan.finishing.origin import READ_SIDE, as_source, origin_path, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import images_in
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.images.resize import resize
from internal_gan.judging import figures
from internal_gan.judging.sifid import read_inception
from internal_gan.models.abilities import Injects
from internal_gan.models.base import Model
from internal_gan.runs.records import BESIDE
from internal_gan.runs.source import IN_MEMORY, Source
from internal_gan.shapes import Pixels
from internal_gan.units import Size, by
from internal_gan.version import __version__

# Largest relative difference of aspect ratios that count as equal.
SAME_ASPECT = 0.02
# A picture to evaluate, in a file or in memory, and pictures by the names of their groups.
Sample = Path | Photo
Groups = Mapping[str, Sequence[Sample]]


class Evaluation:
    """The comparison of pictures, whose origins refer to ``photos``, with a photo.

    Attributes:
        real: the photo, which :meth:`read` reads.
        rows: the ``file``, ``group``, ``size`` and ``figures`` of each picture so far.
        lines: what :meth:`read` found, in words.
    """

    real: Pixels

    def __init__(self, wanted: EvaluateOptions, photos: Source) -> None:
        self.wanted = wanted
        self._photos = photos
        self.rows = list[dict[str, Any]]()
        self.lines: Sequence[str] = ()
        self._groups: dict[str, dict[str, Any]] = {}
        self._mask: Tensor | None = None
        self._stem = None
        if wanted.inception is not None:
            self._stem = read_inception(wanted.inception, "evaluate.inception")

    def read(self, given: Source, samples: Sequence[Sample] = ()) -> Groups:
        """Read a run's photo and mask, and check the samples: given ones, or the option's files.

        If all have one smaller size with the photo's aspect ratio, the photo is shrunk to it.
        """
        wanted = self.wanted
        device, reason = prepare_device(given.options.device)
        self.lines = [f"Device {device} ({reason})"]
        photo = given.photo()
        groups = {"samples": samples} if samples else _groups(Path(str(wanted.samples)))
        every = list(chain.from_iterable(groups.values()))
        sizes = [self._size(sample) for sample in every]
        share = [a / b for a, b in zip(sizes[0], photo.size, strict=True)]
        same_aspect = abs(share[0] / share[1] - 1) <= SAME_ASPECT
        if len(set(sizes)) == 1 and max(share) < 1 and same_aspect:
            shrunk = f"Photo shrunk from {by(photo.size)} to its samples' size, {by(sizes[0])}"
            self.lines = [*self.lines, shrunk]
            pixels = resize(photo.pixels, sizes[0]).clamp(-1, 1)
            photo = replace(photo, colours=pixels, alpha=None)
        check_trainable(photo, figures.PATCH)
        self.real = photo.pixels.to(device)
        if (given_mask := given.read("evaluate.mask")) is not None:
            mask = read_mask(given_mask, photo.size, option="evaluate.mask", white="is compared")
            self._mask = mask.to(device)
            for sample, size in zip(every, sizes, strict=True):
                if size != photo.size:
                    raise UserError(
                        f"{_name(sample)}: {by(size)} pixels; with evaluate.mask= pictures need "
                        f"the photo's size, {by(photo.size)}"
                    )
        return groups

    def judge(self, groups: Groups) -> Iterator[None]:
        """Measure one picture after the other; yields after each."""
        if self._stem is not None:
            self._stem.to(self.real.device)
        for group, samples in groups.items():
            own = list[dict[str, float]]()
            spread = figures.Diversity(self.real)
            for sample in samples:
                pixels = _read(sample).pixels.to(self.real.device)
                found = figures.judge(self.real, pixels, self._stem)
                if self._mask is not None:
                    found |= figures.compare(self.real, pixels, self._mask)
                if not isinstance(sample, Photo):
                    found |= self._pieces(sample, pixels)
                row = {"file": _name(sample), "group": group, "size": list(pixels.shape[-2:])}
                self.rows.append({**row, "figures": found})
                own.append(found)
                spread.add(pixels)
                yield
            summary = {"count": len(own), "figures": figures.summarise(own)}
            self._groups[group] = summary | {"diversity": spread.value}

    def record(self, model: Model | None = None) -> dict[str, Any]:
        """What ``evaluation.json`` holds, once all are judged; ``model`` drew them."""
        photos = self._photos
        names = dict.fromkeys(name for row in self.rows for name in row["figures"])
        run = None if model is None else {"family": model.family, "run": str(photos.folder)}
        record = {
            "package_version": __version__,
            "torch_version": torch.__version__,
            "real": {"file": photos.options.image, "size": list(self.real.shape[-2:])},
            "model": run,
            "reconstruction": _reconstruction(model),
            "inception": None if self._stem is None else dict(self._stem.weights),
            "groups": self._groups,
            "samples": self.rows,
            "meaning": {name: figures.meaning(name) for name in names},
        }
        # The PSNR of equal images is infinite, for which JSON has no number.
        known: dict[str, Any] = json.loads(json.dumps(record), parse_constant=lambda name: None)
        return known

    def _size(self, sample: Sample) -> Size:
        with about("evaluate.samples"):
            size = _read(sample).size
        if min(size) < figures.PATCH:
            raise UserError(f"{_name(sample)}: {by(size)} pixels; needs {figures.PATCH} a side")
        return size

    def _pieces(self, path: Path, sample: Pixels) -> dict[str, float]:
        """The figures that need a picture's origin; none if that is missing or of another photo."""
        file = origin_path(path)
        with suppress(UserError):
            if not file.is_file():
                return {}
            origin = read_origin(file)
            if origin.kinds.shape == sample.shape[-2:]:
                longest = max(READ_SIDE, *origin.photo_size)
                source = as_source(self._photos.photo(longest=longest), origin.photo_size)
                return figures.judge_pieces(sample, origin, source.pixels)
        return {}


def _read(sample: Sample) -> Photo:
    return sample if isinstance(sample, Photo) else read_image(sample)


def _name(sample: Sample) -> str:
    return IN_MEMORY if isinstance(sample, Photo) else str(sample)


def _reconstruction(model: Model | None) -> dict[str, float] | None:
    if not isinstance(model, Injects):
        return None
    rebuilt = model.reconstruct()
    is_whole = rebuilt.shape == model.image.shape
    image = model.image if is_whole else model.real(model.finished - 1)
    return figures.compare(image, rebuilt)


def _groups(path: Path) -> dict[str, list[Path]]:
    """The picture file or the folder of pictures at ``path``; each subfolder is a group."""
    if path.is_file():
        return {"samples": [path]}
    if not path.is_dir():
        text = f"evaluate.samples={path}: there is no such file or folder"
        raise UserError(text, option="evaluate.samples", kind="missing")
    entries = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".")]
    folders = [entry for entry in entries if entry.is_dir() and entry.name not in BESIDE]
    # With a slash, no folder has the name of the pictures beside the folders.
    named = {"samples": path} | {
        f"{sub.name}/" if sub.name == "samples" else sub.name: sub for sub in folders
    }
    if any((folder / "config.yaml").is_file() for folder in named.values()):
        hint = "give the pictures of one, such as RUN/sample; task=compare judges runs"
        raise UserError(f"evaluate.samples={path}: has other files of runs; {hint}")
    found = {name: [*map(Path, images_in(str(folder)))] for name, folder in named.items()}
    if not any(found.values()):
        raise UserError(f"evaluate.samples={path}: contains no images")
    return {name: files for name, files in found.items() if files}
