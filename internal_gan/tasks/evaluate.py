"""task=evaluate: figures and maps for a model's pictures, or for any pictures and a photo."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from internal_gan.config.catalogue import TABLE
from internal_gan.config.options import Options
from internal_gan.config.record import save_options
from internal_gan.config.task_options import EvaluateOptions
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.evaluation import figures
from internal_gan.evaluation.inception import InceptionStem, read_inception
from internal_gan.evaluation.maps import framed, legend, patch_maps
from internal_gan.evaluation.st_lpips import WHEEL, Spread, StLpips, read_st_lpips
from internal_gan.files import atomic_write, distinct, natural, write_csv
from internal_gan.finishing.origin import READ_SIDE, as_source, origin_path, read_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import is_picture
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.images.resize import resize
from internal_gan.models.abilities import Redraws, Retargets
from internal_gan.models.base import Model
from internal_gan.report.page import EVALUATION
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.results import BESIDE, Result, in_words, read_results
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context
from internal_gan.tasks.reporting import announce, end_run, new_console, recorded, say
from internal_gan.tasks.retarget.targets import photo_of
from internal_gan.tasks.runner import load_trained, mark_of, new_run, work_of, write
from internal_gan.training.progress import show_progress
from internal_gan.units import counted, three_digits
from internal_gan.version import __version__

# Largest relative difference of aspect ratios that count as equal.
SAME_ASPECT = 0.02
TASK = "evaluate"


@dataclass(frozen=True)
class Networks:
    """What computes SIFID and the perceptual figures; None leaves them out."""

    stem: InceptionStem | None
    perceptual: StLpips | None


@dataclass(frozen=True)
class Subject:
    """What is evaluated, and how.

    Attributes:
        real: the photo, (1, 3, H, W) in [-1, 1], on the device that evaluates.
        name: the photo's file.
        groups: picture files by the name of their group.
        about: further entries of the record, such as the model.
        mask: (1, 1, H, W) in [0, 1], where to compare pixel by pixel; None: nowhere.
        networks: compute further figures.
        read_photo: see :meth:`internal_gan.runs.source.Source.photo`.
    """

    options: EvaluateOptions
    real: Tensor
    name: str | None
    groups: Mapping[str, Sequence[Path]]
    about: Mapping[str, Any]
    mask: Tensor | None
    networks: Networks
    read_photo: Callable[..., Photo]


def evaluate(options: Options) -> Path:
    """Evaluate a model's own pictures, or compare ``evaluate.samples`` with ``evaluate.real``.

    Returns:
        The new run folder, with ``evaluation.json``, ``evaluation.csv``, maps and a page.

    Raises:
        UserError: a file, the checkpoint or an option is not usable; no folder is left behind.
    """
    wanted, stem, perceptual = options.evaluate, None, None
    if wanted.inception is not None:
        stem = read_inception(wanted.inception, "evaluate.inception")
    if wanted.perceptual:
        perceptual = read_st_lpips("evaluate.perceptual=true")
    networks = Networks(stem, perceptual)
    if options.checkpoint is None:
        return _evaluate_files(options, networks)
    for name in ("real", "samples", "mask"):
        if getattr(wanted, name) is not None:
            raise UserError(
                f"evaluate.{name}: not allowed with checkpoint=, which evaluates the model's own "
                "photo and pictures"
            )
    return _evaluate_model(options, networks)


def _evaluate_model(options: Options, networks: Networks) -> Path:
    started, wanted = time.monotonic(), options.evaluate
    trained = load_trained(options)
    model, source = trained.model, trained.source
    results_alone = replace(options.retarget, compare=False, collage=False, video=None)
    # Pictures are compared with the training image, so draw them at its size.
    as_learnt = replace(options.finish, resolution="model")
    drawing = replace(options, retarget=results_alone, finish=as_learnt)
    context = Context(Source(drawing, names=source.names), source, console=new_console())
    work = work_of(model.task, context)
    work.check(model)
    real = model.image
    if isinstance(model, Retargets):
        real = photo_of(options.retarget, model, context)
    check_trainable(
        Photo(real.cpu(), path=trained.folder.path), figures.smallest_side(wanted.patches)
    )
    with new_run(options, trained, context) as folder:
        context.given.keep(folder.path, TABLE[model.task].reads)
        mark = mark_of(options, model.task, model.family)
        results = write(work.draw(model), folder, trained.like or Photo(real.cpu()), mark)
        folder.write_status("running", results=results, **context.facts)
        groups: dict[str, list[Path]] = {}
        for result in sorted(results, key=lambda result: result.file):
            if result.kind == "result":
                files = groups.setdefault(result.group or "samples", [])
                files.append(folder.path / result.file)
        about = {
            "model": {"family": model.family, "run": str(trained.folder.path)},
            "reconstruction": _reconstruction(model),
        }
        name, given = source.options.photo, source.photo
        subject = Subject(wanted, real, name, groups, about, None, networks, given)
        _judge(subject, folder, context.console)
        end_run(context.console, folder, "Evaluation", started, task=TASK)
    return folder.path


def _evaluate_files(options: Options, networks: Networks) -> Path:
    started, wanted = time.monotonic(), options.evaluate
    device, reason = prepare_device(options.device, options.precision)
    photo, groups, mask = _read(wanted)
    folder = RunFolder.create(new_run_path(options, wanted.real, "evaluation"))
    console = new_console()
    with recorded(folder):
        save_options(replace(options, image=wanted.real, model={}), folder.config_path)
        announce(console, folder, [f"Device {device} ({reason})"])
        if photo.path is not None and (size := read_image(photo.path).size) != photo.size:
            say(console, f"Photo shrunk from {_by(size)} to its samples' size, {_by(photo.size)}")
        write_image(folder.path / "photo.png", photo.pixels)
        about = {"model": None, "reconstruction": None}
        real = photo.pixels.to(device)
        given = Source(replace(options, image=wanted.real)).photo
        subject = Subject(wanted, real, wanted.real, groups, about, mask, networks, given)
        _judge(subject, folder, console)
        end_run(console, folder, "Evaluation", started, device=str(device))
    return folder.path


def _judge(subject: Subject, folder: RunFolder, console: Console) -> None:
    """Evaluate the pictures one by one, and write the figures and maps."""
    wanted, real, mask = subject.options, subject.real, subject.mask
    stem, perceptual = subject.networks.stem, subject.networks.perceptual
    for network in (stem, perceptual):
        if network is not None:
            network.to(real.device)
    maps = folder.path / TASK
    maps.mkdir(exist_ok=True)
    spreads = {group: _spreads(real, perceptual) for group in subject.groups}
    every = [(group, path) for group, paths in subject.groups.items() for path in paths]
    alone, rows = len(subject.groups) == 1, list[dict[str, Any]]()
    rooms = distinct([path.stem if alone else f"{group}-{path.stem}" for group, path in every])
    for group, path in show_progress(every, len(every), "samples", console):
        sample = read_image(path).pixels.to(real.device)
        found = figures.judge(real, sample, wanted.patches, wanted.exact, stem, perceptual)
        if mask is not None:
            found |= figures.compare(real, sample, mask.to(real.device), perceptual)
        found |= _pieces(subject, path, sample)
        for spread in spreads[group].values():
            spread.add(sample)
        row = {"file": str(path), "group": group, "size": list(sample.shape[-2:])}
        if len(rows) < wanted.maps:
            row["worst"] = _write_maps(maps / rooms[len(rows)], real, sample, wanted.patches[0])
        rows.append({**row, "figures": found})
    if wanted.maps:
        write_image(maps / "places.png", legend(real.cpu()))
    groups = {}
    for group, measures in spreads.items():
        own = [row["figures"] for row in rows if row["group"] == group]
        groups[group] = {
            "count": len(own),
            "figures": figures.summarise(own),
            **{name: spread.value for name, spread in measures.items()},
        }
    _write(subject, groups, rows, folder.path)
    folder.write_status("running", results=[*read_results(folder.path), *_maps(folder.path)])
    over = figures.summarise(row["figures"] for row in rows)
    known = [name for name in figures.HEADLINES if name in over]
    shown = ", ".join(f"{name} {three_digits(over[name]['mean'])}" for name in known)
    say(console, f"{counted(len(rows), 'sample')}, on average: {shown}")


def _spreads(real: Tensor, perceptual: StLpips | None) -> dict[str, figures.Diversity | Spread]:
    """What measures how much the samples of a group differ, by the figure's name."""
    spreads: dict[str, figures.Diversity | Spread] = {"diversity": figures.Diversity(real)}
    if perceptual is not None:
        spreads["diversity_st_lpips"] = Spread(perceptual)
    return spreads


def _maps(run: Path) -> list[Result]:
    """The maps of a run, a row for each sample, with the legend first."""
    found = [path.relative_to(run / TASK) for path in (run / TASK).rglob("*.png")]
    found.sort(key=lambda path: (len(path.parts), natural(path.as_posix())))
    return [
        Result(f"{TASK}/{path.as_posix()}", "aside", "/".join(path.parts[:-1]), in_words(path.stem))
        for path in found
    ]


def _pieces(subject: Subject, path: Path, sample: Tensor) -> dict[str, float]:
    """The figures that need a picture's origin; none if that is missing or of another photo."""
    if not origin_path(path).is_file():
        return {}
    try:
        origin = read_origin(origin_path(path))
        longest = max(READ_SIDE, *origin.photo_size)
        photo = subject.read_photo(origin.photo, longest=longest)
        source = as_source(photo, origin.photo_size)
    except UserError:
        return {}
    if origin.kinds.shape != sample.shape[-2:]:
        return {}
    return figures.judge_pieces(sample, origin, source.pixels)


def _write(
    subject: Subject,
    groups: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
) -> None:
    wanted, stem = subject.options, subject.networks.stem
    names = dict.fromkeys(name for row in rows for name in row["figures"])
    record = {
        "package_version": __version__,
        "torch_version": torch.__version__,
        "real": {"file": subject.name, "size": list(subject.real.shape[-2:])},
        **subject.about,
        "patches": wanted.patches,
        "exact": wanted.exact,
        "inception": None if stem is None else figures.about(stem),
        "perceptual": f"{WHEEL.name} {WHEEL.version}" if wanted.perceptual else None,
        "groups": groups,
        "samples": rows,
        "meaning": {name: figures.meaning(name) for name in names},
    }
    with atomic_write(folder / EVALUATION) as temporary:
        temporary.write_text(json.dumps(_plain(record), indent=2) + "\n", encoding="utf-8")
    table = [
        {"file": row["file"], "group": row["group"], "height": row["size"][0]}
        | {"width": row["size"][1], **row["figures"]}
        for row in rows
    ]
    write_csv(folder / "evaluation.csv", table)


def _write_maps(folder: Path, real: Tensor, sample: Tensor, patch: int) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    maps, worst = patch_maps(real, sample, patch)
    for name, picture in maps.items():
        write_image(folder / f"{name}.png", picture.cpu())
    write_image(folder / "worst-places.png", framed(sample, worst).cpu())
    return [asdict(place) for place in worst]


def _reconstruction(model: Model) -> dict[str, float] | None:
    """How well the model reconstructs its photo, if it can."""
    if not isinstance(model, Redraws):
        return None
    rebuilt = model.reconstruct()
    image = model.image if rebuilt.shape == model.image.shape else model.real(model.finished - 1)
    return figures.compare(image, rebuilt)


def _read(wanted: EvaluateOptions) -> tuple[Photo, dict[str, list[Path]], Tensor | None]:
    """The photo, the samples and the mask.

    If all samples have one smaller size with the photo's aspect ratio, the photo is shrunk to
    it.
    """
    if wanted.real is None or wanted.samples is None:
        lacking = "evaluate.real=PHOTO" if wanted.real is None else "evaluate.samples=FOLDER"
        raise UserError(f"task={TASK} without checkpoint= also needs {lacking}")
    try:
        photo = read_image(wanted.real)
    except UserError as error:
        raise UserError(f"evaluate.real={error}") from error
    groups = _groups(Path(wanted.samples))
    sizes = {}
    for path in chain.from_iterable(groups.values()):
        try:
            sizes[path] = read_image(path).size
        except UserError as error:
            raise UserError(f"evaluate.samples={error}") from error
        if min(sizes[path]) < figures.smallest_side(wanted.patches):
            raise UserError(
                f"{path}: {_by(sizes[path])} pixels; patches of {max(wanted.patches)} need "
                f"{figures.smallest_side(wanted.patches)} pixels a side"
            )
    if len(set(sizes.values())) == 1:
        size = next(iter(sizes.values()))
        share = [a / b for a, b in zip(size, photo.size, strict=True)]
        if max(share) < 1 and abs(share[0] / share[1] - 1) <= SAME_ASPECT:
            photo = replace(photo, pixels=resize(photo.pixels, size).clamp(-1, 1), alpha=None)
    check_trainable(photo, figures.smallest_side(wanted.patches))
    mask = None
    if wanted.mask is not None:
        mask = read_mask(wanted.mask, photo.size, option="evaluate.mask", white="is compared")
        other = [path for path, size in sizes.items() if size != photo.size]
        if other:
            raise UserError(
                f"{other[0]}: {_by(sizes[other[0]])} pixels; with evaluate.mask= pictures need the "
                f"photo's size, {_by(photo.size)}"
            )
    return photo, groups, mask


def _groups(path: Path) -> dict[str, list[Path]]:
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


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if is_picture(path.name) and not path.name.startswith(".")
    ]


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _plain(value: Any) -> Any:
    """``value`` for JSON, with null for infinity, which is the PSNR of equal images."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and math.isinf(value) else value
