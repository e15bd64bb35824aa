"""task=evaluate: figures and maps of what a model drew, or of any pictures beside a photo."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from internal_gan.config.catalogue import TABLE
from internal_gan.config.options import Options
from internal_gan.config.record import save_options
from internal_gan.device import select_device
from internal_gan.errors import UserError
from internal_gan.evaluation import figures
from internal_gan.evaluation.inception import InceptionStem, read_inception
from internal_gan.evaluation.maps import framed, legend, patch_maps
from internal_gan.files import atomic_write, write_csv
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.files.names import READABLE_SUFFIXES
from internal_gan.images.masks import read_mask
from internal_gan.images.photo import Photo, check_trainable
from internal_gan.images.resize import resize
from internal_gan.models.ingan.retargeting import RetargetModel
from internal_gan.patches.statistics import SHRINKS
from internal_gan.report.page import EVALUATION
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.places import new_run_path
from internal_gan.runs.source import Source
from internal_gan.tasks.reporting import announce, recorded, say, write_page
from internal_gan.tasks.retarget.targets import photo_of
from internal_gan.tasks.runner import context_of, load_trained, new_run, work_of, write
from internal_gan.training.progress import show_progress
from internal_gan.units import counted, duration, three_digits
from internal_gan.version import __version__

# Sides that differ by no more than this, relatively, are of one aspect.
SAME_ASPECT = 0.02
TASK = "evaluate"
TOLD = ("swd1", "coherence", "completeness", "sifid_64", "psnr_inside")


@dataclass(frozen=True)
class Subject:
    """What is judged.

    Attributes:
        real: the photo, (1, 3, H, W) in [-1, 1].
        groups: picture files by the name of the group that they form.
        mask: (1, 1, H, W) in [0, 1], where to compare pixel by pixel; None: not at all.
        about: of the record, such as the model.
    """

    real: Tensor
    groups: Mapping[str, Sequence[Path]]
    mask: Tensor | None
    about: Mapping[str, Any]


def evaluate(options: Options) -> Path:
    """Judge a model's own pictures, or those in ``evaluate.samples`` beside ``evaluate.real``.

    Returns:
        The new run folder: ``evaluation.json``, ``evaluation.csv``, maps as pictures, and a page.

    Raises:
        UserError: a file, the checkpoint or an option will not do. No folder is left behind.
    """
    wanted = options.evaluate
    stem = (
        None if wanted.inception is None else read_inception(wanted.inception, "evaluate.inception")
    )
    if options.checkpoint is None:
        return _evaluate_files(options, stem)
    for name in ("real", "samples", "mask"):
        if getattr(wanted, name) is not None:
            raise UserError(
                f"evaluate.{name}: cannot be changed here; with checkpoint= the model's own photo "
                "and pictures are judged"
            )
    return _evaluate_model(options, stem)


def _evaluate_model(options: Options, stem: InceptionStem | None) -> Path:
    trained = load_trained(options)
    model, source = trained.model, trained.source
    if model.task not in ("sample", "retarget"):
        raise UserError(
            f"checkpoint={trained.folder.path}: a model of {model.family} draws nothing by itself; "
            "judge pictures of it by evaluate.real= and evaluate.samples="
        )
    results_alone = replace(options.retarget, compare=False, collage=False, video=None)
    drawing = replace(options, retarget=results_alone)
    context = context_of(drawing, Source(drawing, names=source.names), source)
    work = work_of(model.task, drawing, context)
    work.check(model)
    real = model.image
    if isinstance(model, RetargetModel):
        real = photo_of(options.retarget, model, context)
    _check_real(Photo(real.cpu(), path=trained.folder.path), options)
    console = Console(highlight=False, soft_wrap=True)
    with new_run(options, trained, console) as run:
        run.made = "Evaluation"
        context.given.keep(run.folder.path, TABLE[model.task].reads)
        results = write(work.draw(model), run.folder, trained.like or Photo(real.cpu()))
        run.folder.write_status("running", results=results, **context.facts)
        groups: dict[str, list[Path]] = {}
        for result in sorted(results, key=lambda result: result.file):
            if result.kind == "result":
                files = groups.setdefault(result.group or "samples", [])
                files.append(run.folder.path / result.file)
        about = {
            "model": {"family": model.family, "run": str(trained.folder.path)},
            "reconstruction": _reconstruction(model),
        }
        recorded_options = replace(options, image=source.options.image)
        subject = Subject(real, groups, None, about)
        _judge(subject, recorded_options, stem, run.folder, model.device, console)
    return run.folder.path


def _evaluate_files(options: Options, stem: InceptionStem | None) -> Path:
    started = time.monotonic()
    device, reason = select_device(options.device)
    photo, groups, mask = _read(options)
    folder = RunFolder.create(new_run_path(options, options.evaluate.real, "evaluation"))
    console = Console(highlight=False, soft_wrap=True)
    with recorded(folder):
        save_options(replace(options, image=options.evaluate.real, model={}), folder.config_path)
        announce(console, folder, [f"Device {device} ({reason})"])
        if photo.path is not None and (size := read_image(photo.path).size) != photo.size:
            say(console, f"Photo shrunk from {_by(size)} to {_by(photo.size)}, as its samples are")
        write_image(folder.path / "photo.png", photo.pixels)
        subject = Subject(photo.pixels, groups, mask, {"model": None, "reconstruction": None})
        _judge(subject, options, stem, folder, device, console)
        seconds = time.monotonic() - started
        folder.write_status("finished", device=str(device), seconds=round(seconds, 1))
        write_page(folder)
        say(console, f"Evaluation in {duration(seconds)}.")
        say(console, f"  Page:     {folder.report_path}")
    return folder.path


def _judge(
    subject: Subject,
    options: Options,
    stem: InceptionStem | None,
    folder: RunFolder,
    device: torch.device,
    console: Console,
) -> None:
    """Judge every picture, one at a time, and write down what was found."""
    wanted, real = options.evaluate, subject.real.to(device)
    network = None if stem is None else stem.to(device)
    mask = None if subject.mask is None else subject.mask.to(device)
    maps = folder.path / TASK
    maps.mkdir(exist_ok=True)
    diversity = {group: figures.Diversity(real) for group in subject.groups}
    every = [(group, path) for group, paths in subject.groups.items() for path in paths]
    rows: list[dict[str, Any]] = []
    for group, path in show_progress(every, len(every), "samples", console):
        sample = read_image(path).pixels.to(device)
        found = figures.judge(real, sample, wanted.patches, wanted.exact, network)
        if mask is not None:
            found |= figures.compare(real, sample, mask)
        diversity[group].add(sample)
        row = {"file": str(path), "group": group, "size": list(sample.shape[-2:])}
        if len(rows) < wanted.maps:
            name = path.stem if len(subject.groups) == 1 else f"{group}-{path.stem}"
            row["worst"] = _write_maps(maps / name, real, sample, wanted.patches[0])
        rows.append({**row, "figures": found})
    if wanted.maps:
        write_image(maps / "places.png", legend(real.cpu()))
    _write(subject, rows, diversity, options, stem, folder)
    _tell(rows, console)


def _write(
    subject: Subject,
    rows: Sequence[Mapping[str, Any]],
    diversity: Mapping[str, figures.Diversity],
    options: Options,
    stem: InceptionStem | None,
    folder: RunFolder,
) -> None:
    groups = {}
    for group in subject.groups:
        own = [row["figures"] for row in rows if row["group"] == group]
        groups[group] = {
            "count": len(own),
            "figures": figures.summarise(own),
            "diversity": diversity[group].value,
        }
    names = dict.fromkeys(name for row in rows for name in row["figures"])
    record = {
        "package_version": __version__,
        "torch_version": torch.__version__,
        "real": {
            "file": options.evaluate.real or options.photo,
            "size": list(subject.real.shape[-2:]),
        },
        **subject.about,
        "patches": options.evaluate.patches,
        "exact": options.evaluate.exact,
        "inception": None if stem is None else figures.about(stem),
        "groups": groups,
        "samples": rows,
        "meaning": {name: asdict(figures.meaning(name)) for name in names},
    }
    with atomic_write(folder.path / EVALUATION) as temporary:
        temporary.write_text(json.dumps(_plain(record), indent=2) + "\n", encoding="utf-8")
    table = [
        {"file": row["file"], "group": row["group"], "height": row["size"][0]}
        | {"width": row["size"][1], **row["figures"]}
        for row in rows
    ]
    write_csv(folder.path / "evaluation.csv", table)


def _write_maps(folder: Path, real: Tensor, sample: Tensor, patch: int) -> list[dict[str, Any]]:
    folder.mkdir(exist_ok=True)
    maps, worst = patch_maps(real, sample, patch)
    for name, picture in maps.items():
        write_image(folder / f"{name}.png", picture.cpu())
    write_image(folder / "worst-places.png", framed(sample, worst).cpu())
    return [asdict(place) for place in worst]


def _reconstruction(model: Any) -> dict[str, float] | None:
    """How well the model rebuilds its photo; None for a model that does not."""
    if not hasattr(model, "reconstruct"):
        return None
    rebuilt = model.reconstruct()
    image = model.image if rebuilt.shape == model.image.shape else model.real(model.finished - 1)
    return figures.compare(image, rebuilt)


def _read(options: Options) -> tuple[Photo, dict[str, list[Path]], Tensor | None]:
    """The photo, at the size of its samples where they are smaller pictures of its aspect."""
    wanted = options.evaluate
    if wanted.real is None or wanted.samples is None:
        lacking = "evaluate.real=PHOTO" if wanted.real is None else "evaluate.samples=FOLDER"
        raise UserError(f"task={TASK} without checkpoint= also needs {lacking}")
    try:
        photo = read_image(wanted.real)
    except UserError as error:
        raise UserError(f"evaluate.real={error}") from error
    groups = _groups(Path(wanted.samples))
    sizes = {}
    for path in (path for paths in groups.values() for path in paths):
        try:
            sizes[path] = read_image(path).size
        except UserError as error:
            raise UserError(f"evaluate.samples={error}") from error
        least = SHRINKS[-1] * max(wanted.patches)
        if min(sizes[path]) < least:
            raise UserError(
                f"{path}: {_by(sizes[path])} pixels; patches of {max(wanted.patches)} need "
                f"{least} pixels a side"
            )
    if len(set(sizes.values())) == 1:
        size = next(iter(sizes.values()))
        share = [a / b for a, b in zip(size, photo.size, strict=True)]
        if max(share) < 1 and abs(share[0] / share[1] - 1) <= SAME_ASPECT:
            photo = replace(photo, pixels=resize(photo.pixels, size).clamp(-1, 1), alpha=None)
    _check_real(photo, options)
    mask = None
    if wanted.mask is not None:
        mask = read_mask(wanted.mask, photo.size, option="evaluate.mask", white="is compared")
        other = [path for path, size in sizes.items() if size != photo.size]
        if other:
            raise UserError(
                f"{other[0]}: {_by(sizes[other[0]])} pixels; with evaluate.mask= pictures have the "
                f"photo's size, {_by(photo.size)}"
            )
    return photo, groups, mask


def _check_real(photo: Photo, options: Options) -> None:
    check_trainable(photo, SHRINKS[-1] * max(options.evaluate.patches))


def _groups(path: Path) -> dict[str, list[Path]]:
    """The pictures that a name stands for; those in folders of a folder are groups of their own."""
    if path.is_file():
        return {"samples": [path]}
    if not path.is_dir():
        raise UserError(f"evaluate.samples={path}: there is no such file or folder")
    groups = {"samples": _files(path)} | {
        sub.name: _files(sub)
        for sub in sorted(path.iterdir())
        if sub.is_dir() and not sub.name.startswith(".")
    }
    found = {name: files for name, files in groups.items() if files}
    if not found:
        raise UserError(f"evaluate.samples={path}: no images there")
    return found


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in READABLE_SUFFIXES and not path.name.startswith(".")
    ]


def _tell(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    over = figures.summarise(row["figures"] for row in rows)
    shown = [f"{name} {three_digits(over[name]['mean'])}" for name in TOLD if name in over]
    say(console, f"{counted(len(rows), 'sample')}, on average: {', '.join(shown)}")


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _plain(value: Any) -> Any:
    """JSON has no infinity, which the PSNR of equal images is."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return None
    return value
