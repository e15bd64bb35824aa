"""task=evaluate: figures and maps for a model's pictures, or for any pictures and a photo."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from internal_gan.config.families import ending_of
from internal_gan.config.task_options import EvaluateOptions
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.evaluation import figures
from internal_gan.evaluation.inception import InceptionStem, read_inception
from internal_gan.evaluation.maps import framed, legend, patch_maps
from internal_gan.evaluation.spread import Diversity, PerceptualDiversity, Spread
from internal_gan.evaluation.st_lpips import WHEEL, StLpips, read_st_lpips
from internal_gan.files import as_csv, distinct, natural
from internal_gan.finishing.origin import READ_SIDE, as_source, origin_path, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.files.names import is_picture
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.images.resize import resize
from internal_gan.models.abilities import Redraws
from internal_gan.models.base import Model
from internal_gan.report.page import EVALUATION
from internal_gan.runs.results import BESIDE, Result, group_of
from internal_gan.runs.source import IN_MEMORY
from internal_gan.tasks.base import Context, Document, Item, Picture, Task, aside
from internal_gan.tasks.runner import task_of
from internal_gan.units import Size, counted, three_digits
from internal_gan.version import __version__

# Largest relative difference of aspect ratios that count as equal.
SAME_ASPECT = 0.02
NAME = "evaluate"
# A picture to evaluate, in a file or in memory.
Sample = Path | Photo


class Evaluate(Task[EvaluateOptions]):
    """Evaluates what the model's own task draws, or files; writes ``evaluation.json``,
    ``evaluation.csv`` and maps, ``evaluate/NAME``.

    Attributes:
        samples: to evaluate instead of the files that the option names.
        record: what ``evaluation.json`` holds, once it is drawn.
    """

    def __init__(self, name: str, context: Context) -> None:
        super().__init__(name, context)
        self.samples: Sequence[Sample] = ()
        self.record: dict[str, Any] = {}
        self._stem: InceptionStem | None = None
        self._perceptual: StLpips | None = None
        self._mask: Tensor | None = None
        self._real: Tensor

    def check(self, model: Any) -> None:
        wanted = self.wanted
        if wanted.inception is not None:
            self._stem = read_inception(wanted.inception, "evaluate.inception")
        if wanted.perceptual:
            self._perceptual = read_st_lpips("evaluate.perceptual=true")
        if model is None:
            self._read_files()
        else:
            self._check_model(model)
        for network in (self._stem, self._perceptual):
            if network is not None:
                network.to(self._real.device)

    def draw(self, model: Any, preview: bool = False) -> Iterator[Item]:
        groups: dict[str, list[Sample]] = {}
        if model is None:
            yield None
            groups = self._groups
        else:
            results = list[str]()
            for item in self._drawing.draw(model):
                yield item
                if isinstance(item, Picture) and item.kind == "result":
                    results.append(item.file)
            assert self.context.folder is not None
            for file in sorted(results):
                written = self.context.folder.path / file
                groups.setdefault(group_of(file) or "samples", []).append(written)
        yield from self._judged(groups, model)

    def photo(self) -> Tensor:
        return self._real

    def made(self, results: Sequence[Result]) -> str:
        return "Evaluation"

    def _check_model(self, model: Any) -> None:
        """Prepare to draw with the model's own task."""
        context, folder = self.context, self.context.trained.folder
        for name in ("real", "samples", "mask"):
            if getattr(self.wanted, name) is not None:
                raise UserError(
                    f"evaluate.{name}: not allowed with checkpoint=, which evaluates the model's "
                    "own photo and pictures"
                )
        options = context.options
        results_alone = replace(options.retarget, compare=False)
        # Pictures are compared with the training image, so draw them at its size.
        as_learnt = replace(options.finish, resolution="model")
        context.given.options = replace(options, retarget=results_alone, finish=as_learnt)
        # Files are kept and pictures marked as by the model's own task.
        self.name = ending_of(model.family)
        self._drawing = task_of(self.name, context)
        self._drawing.check(model)
        self._real = self._drawing.learnt(model)
        least = figures.smallest_side(self.wanted.patches)
        check_trainable(Photo(self._real.cpu(), path=folder), least)

    def _read_files(self) -> None:
        """Read the photo and the mask, and check all samples.

        If the samples have one smaller size with the photo's aspect ratio, the photo is shrunk to
        it.
        """
        wanted, given, options = self.wanted, self.context.given, self.context.options
        options.image = options.image or wanted.real
        samples = self.samples or wanted.samples
        if not given.has_photos or not samples:
            lacking = "evaluate.samples=FOLDER" if given.has_photos else "evaluate.real=PHOTO"
            raise UserError(f"task={NAME} without checkpoint= also needs {lacking}")
        device, reason = prepare_device(options.device)
        self.about = [f"Device {device} ({reason})"]
        self.context.facts["device"] = str(device)
        try:
            photo = given.photo()
        except UserError as error:
            raise UserError(f"evaluate.real={error}") from error
        self._groups: dict[str, list[Sample]] = (
            _groups(Path(samples)) if isinstance(samples, str) else {"samples": [*samples]}
        )
        least = figures.smallest_side(wanted.patches)
        every = list(chain.from_iterable(self._groups.values()))
        sizes = [self._size(sample, least) for sample in every]
        if len(set(sizes)) == 1:
            size = sizes[0]
            share = [a / b for a, b in zip(size, photo.size, strict=True)]
            if max(share) < 1 and abs(share[0] / share[1] - 1) <= SAME_ASPECT:
                shrunk = f"Photo shrunk from {_by(photo.size)} to its samples' size, {_by(size)}"
                self.about = [*self.about, shrunk]
                photo = replace(photo, pixels=resize(photo.pixels, size).clamp(-1, 1), alpha=None)
        check_trainable(photo, least)
        self._real = photo.pixels.to(device)
        if (given_mask := given.read("evaluate.mask")) is not None:
            mask = read_mask(given_mask, photo.size, option="evaluate.mask", white="is compared")
            self._mask = mask.to(device)
            for sample, size in zip(every, sizes, strict=True):
                if size != photo.size:
                    raise UserError(
                        f"{_name(sample)}: {_by(size)} pixels; with evaluate.mask= pictures need "
                        f"the photo's size, {_by(photo.size)}"
                    )

    def _size(self, sample: Sample, least: int) -> Size:
        """The size of a sample, at least so many pixels a side."""
        try:
            size = _read(sample).size
        except UserError as error:
            raise UserError(f"evaluate.samples={error}") from error
        if min(size) < least:
            raise UserError(
                f"{_name(sample)}: {_by(size)} pixels; patches of {max(self.wanted.patches)} need "
                f"{least} pixels a side"
            )
        return size

    def _judged(self, groups: Mapping[str, Sequence[Sample]], model: Any) -> Iterator[Item]:
        """Evaluate the pictures one by one, and draw their maps."""
        wanted, real, say = self.wanted, self._real, self.context.say
        if wanted.maps:
            yield aside(f"{NAME}/places.png", legend(real.cpu()))
        spreads = {group: self._spreads() for group in groups}
        every = [(group, sample) for group, samples in groups.items() for sample in samples]
        stems = [(group, Path(_name(sample)).stem) for group, sample in every]
        rooms = distinct([s if len(groups) == 1 else f"{group}-{s}" for group, s in stems])
        rows = list[dict[str, Any]]()
        for group, sample in self.context.progress(every, len(every), "samples"):
            pixels = _read(sample).pixels.to(real.device)
            found = self._figures(sample, pixels)
            for spread in spreads[group].values():
                spread.add(pixels)
            size = list(pixels.shape[-2:])
            row: dict[str, Any] = {"file": _name(sample), "group": group, "size": size}
            if len(rows) < wanted.maps:
                maps, worst = patch_maps(real, pixels, wanted.patches[0])
                maps["worst-places"] = framed(pixels, worst)
                for name in sorted(maps, key=natural):
                    file = f"{NAME}/{rooms[len(rows)]}/{name}.png"
                    yield aside(file, maps[name].cpu())
                row["worst"] = [asdict(place) for place in worst]
            rows.append({**row, "figures": found})
        summary = {}
        for group, measures in spreads.items():
            own = [row["figures"] for row in rows if row["group"] == group]
            values = {name: spread.value for name, spread in measures.items()}
            summary[group] = {"count": len(own), "figures": figures.summarise(own), **values}
        text = json.dumps(self._recorded(summary, rows, model))
        # The PSNR of equal images is infinite, for which JSON has no number.
        self.record = json.loads(text, parse_constant=lambda name: None)
        yield Document(EVALUATION, json.dumps(self.record, indent=2) + "\n")
        lines = [
            {"file": row["file"], "group": row["group"], "height": row["size"][0]}
            | {"width": row["size"][1], **row["figures"]}
            for row in rows
        ]
        yield Document("evaluation.csv", as_csv(lines))
        over = figures.summarise(row["figures"] for row in rows)
        known = [name for name in figures.HEADLINE_FIGURES if name in over]
        shown = ", ".join(f"{name} {three_digits(over[name]['mean'])}" for name in known)
        say(f"{counted(len(rows), 'sample')}, on average: {shown}")

    def _spreads(self) -> dict[str, Spread]:
        """What measures how much the samples of a group differ, by the figure's name."""
        spreads: dict[str, Spread] = {"diversity": Diversity(self._real)}
        if self._perceptual is not None:
            spreads["diversity_st_lpips"] = PerceptualDiversity(self._perceptual)
        return spreads

    def _figures(self, sample: Sample, pixels: Tensor) -> dict[str, float]:
        wanted, real, perceptual = self.wanted, self._real, self._perceptual
        found = figures.judge(real, pixels, wanted.patches, wanted.exact, self._stem, perceptual)
        if self._mask is not None:
            found |= figures.compare(real, pixels, self._mask, perceptual)
        return found | ({} if isinstance(sample, Photo) else self._pieces(sample, pixels))

    def _pieces(self, path: Path, sample: Tensor) -> dict[str, float]:
        """The figures that need a picture's origin; none if that is missing or of another photo."""
        photos = self.context.trained
        if not origin_path(path).is_file():
            return {}
        try:
            origin = read_origin(origin_path(path))
            if origin.photo >= photos.count:
                return {}
            longest = max(READ_SIDE, *origin.photo_size)
            source = as_source(photos.photo(origin.photo, longest=longest), origin.photo_size)
        except UserError:
            return {}
        if origin.kinds.shape != sample.shape[-2:]:
            return {}
        return figures.judge_pieces(sample, origin, source.pixels)

    def _recorded(
        self, groups: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], model: Any
    ) -> dict[str, Any]:
        wanted, photos = self.wanted, self.context.trained
        names = dict.fromkeys(name for row in rows for name in row["figures"])
        run = {} if model is None else {"family": model.family, "run": str(photos.folder)}
        return {
            "package_version": __version__,
            "torch_version": torch.__version__,
            "real": {"file": photos.options.photo, "size": list(self._real.shape[-2:])},
            "model": run or None,
            "reconstruction": _reconstruction(model),
            "patches": wanted.patches,
            "exact": wanted.exact,
            "inception": None if self._stem is None else asdict(self._stem.weights),
            "perceptual": f"{WHEEL.name} {WHEEL.version}" if wanted.perceptual else None,
            "groups": groups,
            "samples": rows,
            "meaning": {name: figures.meaning(name) for name in names},
        }


def _read(sample: Sample) -> Photo:
    return sample if isinstance(sample, Photo) else read_image(sample)


def _name(sample: Sample) -> str:
    return IN_MEMORY if isinstance(sample, Photo) else str(sample)


def _reconstruction(model: Model) -> dict[str, float] | None:
    """How well the model reconstructs its photo, if it can."""
    if not isinstance(model, Redraws):
        return None
    rebuilt = model.reconstruct()
    image = model.image if rebuilt.shape == model.image.shape else model.real(model.finished - 1)
    return figures.compare(image, rebuilt)


def _groups(path: Path) -> dict[str, list[Sample]]:
    """The picture file or the folder of pictures at ``path``; each subfolder is a group."""
    if path.is_file():
        return {"samples": [path]}
    if not path.is_dir():
        raise UserError(f"evaluate.samples={path}: there is no such file or folder")
    found = [("samples", _files(path))] + [
        (sub.name, _files(sub))
        for sub in sorted(path.iterdir())
        if sub.is_dir() and not sub.name.startswith(".") and sub.name not in BESIDE
    ]
    found = [(name, files) for name, files in found if files]
    if not found:
        raise UserError(f"evaluate.samples={path}: contains no images")
    names = distinct([name for name, _ in found])
    return {name: files for name, (_, files) in zip(names, found, strict=True)}


def _files(folder: Path) -> list[Sample]:
    return [
        path
        for path in sorted(folder.iterdir())
        if is_picture(path.name) and not path.name.startswith(".")
    ]


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


TASK = Evaluate
