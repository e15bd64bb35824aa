"""One photo of the null test: a trained model's results beside those of the same pipeline without
its network, and their figures.

Figures are by case (a kind of result, such as a size or a hole) and row.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import internal_gan
from benchmarks import _tokens, inpainting
from benchmarks._common import environment, kept, means
from benchmarks._processes import Job, Processes
from internal_gan.config.compose import load_options
from internal_gan.config.options import shapes_in
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.finishing.finisher import AsDrawn
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.random_holes import KINDS
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import judge_hole
from internal_gan.judging.figures import judge_pieces
from internal_gan.models.base import Model
from internal_gan.models.patches.layout import layout
from internal_gan.models.patches.model import Patches
from internal_gan.models.retargeting import Retargets
from internal_gan.models.singan.model import JUDGED_SIDE, SinGAN, layout_distance
from internal_gan.patches.statistics import (
    diversity,
    layout_distances,
    sharpness,
    sliced_wasserstein,
)
from internal_gan.report.table import grid
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model
from internal_gan.runs.records import DRAWN
from internal_gan.runs.source import Source
from internal_gan.tasks.bind import as_trained, how_of
from internal_gan.tasks.formats import Wishes
from internal_gan.tasks.items import Picture
from internal_gan.tasks.retarget import Target, finished, targets
from internal_gan.tasks.runner import write
from internal_gan.tasks.sample import MATCHING
from internal_gan.units import Size

Rows = dict[str, dict[str, float]]

DEFAULT, NULL, FORMULA, OWN = "default", "no network", "closed form", "patches"
AS_DRAWN = ", as drawn"
SAMPLES = "samples"
# Factors of height and width.
SCALES = {"2x wide": (1.0, 2.0), "0.5x wide": (1.0, 0.5), "2x both": (2.0, 2.0)}
# Share of the photo that a hole covers, in percent, and the photo's long side in pixels.
RATIO, HOLED = "20-30", 128
# Sides of the patches whose layout is judged, in pixels.
PATCHES = (15, 21)
# The noise of a drawing without a network is made at this fraction of its size.
SMOOTH = 5
# Drawings shown of each SinGAN.
SHOWN = 8


@dataclass(frozen=True)
class Settings:
    """Settings of all trainings."""

    family: str
    overrides: list[str]
    samples: int
    threads: int


def _write_sheet(job: Job, rows: Mapping[str, Sequence[Path]], suffix: str = "") -> None:
    """Write pictures in rows, each row with its name above it."""
    path = make_folder(job.output / "sheets") / f"{job.name}{suffix}.png"
    grid([*rows.items()]).save(path)


@kept(lambda job, *_: job.result)
def do_job(job: Job, settings: Settings, processes: Processes) -> dict[str, Any]:
    """Train, draw without the network, and judge both."""
    return {
        "photo": job.photo,
        "seed": job.seed,
        "family": settings.family,
        "figures": FAMILIES[settings.family](job, settings, processes),
        "environment": environment(),
    }


def do_samples(job: Job, settings: Settings, processes: Processes) -> dict[str, Rows]:
    """SinGAN's samples, those without a network, and those of the photo's patches."""
    count = f"sample.count={settings.samples}"
    job.train(processes, settings.threads, *settings.overrides, count)
    model, given = trained(job.run)
    if not isinstance(model, SinGAN):
        raise UserError(f"{job.run}: a model of {model.family}, not of singan")
    learnt, finisher = model.image, how_of(given).finisher(model.image)
    null, formula, patches = (job.folder(kind) for kind in ("null", "formula", "patches"))
    seconds = dict[str, float]()
    rows_of = {NULL: (null, without_network), FORMULA: (formula, by_formula)}
    for row, (folder, draw) in rows_of.items():
        began = time.perf_counter()
        drawings = [*candidates(given, learnt, draw, settings.samples, job.seed)]
        seconds[row] = (time.perf_counter() - began) / settings.samples
        write(_finished(finisher, drawings), folder)
    wanted = [count, f"seed={job.seed}"]
    wanted += [f"finish.resolution={max(finisher.photo_size)}", "skip_finished=true"]
    processes.run(
        ["task=sample", f"image={job.image}", *wanted, f"output={patches}"],
        job.log,
        settings.threads,
    )
    each = {DEFAULT: job.run, NULL: null, FORMULA: formula, OWN: patches}
    folders = {row: folder / "sample" for row, folder in each.items()}
    files = {row: pictures_in(folder) for row, folder in folders.items()}
    rows = {
        row: judge_files(paths, photo_at(job, finisher.photo_size)) for row, paths in files.items()
    }
    _write_sheet(job, {row: [job.image, *paths] for row, paths in files.items()})
    seconds[DEFAULT] = _write_drawings(job)
    for row, spent in seconds.items():
        if drawn := pictures_in(folders[row] / DRAWN):
            rows[row + AS_DRAWN] = {**judge_files(drawn, learnt), "seconds": spent}
    return {SAMPLES: rows}


def do_sizes(job: Job, settings: Settings, processes: Processes) -> dict[str, Rows]:
    """InGAN's results at several sizes, and the photo resized and finished."""
    factors = ",".join(f"[{height:.0%},{width:.0%}]" for height, width in SCALES.values())
    job.train(processes, settings.threads, *settings.overrides, f"retarget.shape=[{factors}]")
    model, given = trained(job.run)
    if not isinstance(model, Retargets):
        raise UserError(f"{job.run}: a model of {model.family}, not of ingan")
    options = given.options.retarget
    shapes = shapes_in(options.shape)
    wanted = list(targets(model, options, shapes, Wishes(), how_of(given)))
    null, formula = job.folder("null"), job.folder("formula")
    write(null_sizes(wanted, partial(resized, model.image)), null)
    write(null_sizes(wanted, partial(redrawn, model.image, job.seed)), formula)
    each = {DEFAULT: job.run, NULL: null, FORMULA: formula}
    folders = {row: folder / "retarget" for row, folder in each.items()}
    found: dict[str, Rows] = {case: {} for case in SCALES}
    plain = "plain resizing"
    shown: dict[str, list[Path]] = {row: [job.image] for row in (plain, NULL, FORMULA, DEFAULT)}
    for case, target in zip(SCALES, wanted, strict=True):
        for row, folder in folders.items():
            path = folder / f"{target.name}.png"
            shown[row].append(path)
            real = photo_at(job, target.finisher.photo_size)
            found[case][row] = judge_files([path], real)
        shown[plain].append(job.run / "compare" / target.name / "plain-resizing.png")
        for row, folder in folders.items():
            if (drawn := folder / DRAWN / f"{target.name}.png").is_file():
                found[case][row + AS_DRAWN] = judge_files([drawn], model.image)
    _write_sheet(job, dict(shown))
    return found


def do_holes(job: Job, settings: Settings, processes: Processes) -> dict[str, Rows]:
    """EdgeConnect's fillings of two holes, and those that need no network."""
    output, found = job.output, dict[str, Rows]()
    training = inpainting.Settings(settings.overrides, HOLED, settings.threads, {})
    image = inpainting.write_photo(job.photo, read_image(job.image), output, HOLED)
    sheet: dict[str, Sequence[Path]] = {}
    for kind in KINDS:
        hole_job = inpainting.Job(job.photo, job.seed, image, output, kind, RATIO)
        photo, hole, fillings = inpainting.trained_fillings(hole_job, training, processes)
        rows = {DEFAULT: fillings[inpainting.OURS], NULL: fillings[inpainting.FILL]}
        case = f"{kind} {RATIO} %"
        found[case] = {
            row: judge_hole(photo.pixels, made, hole) | _witnessed(photo.pixels, made)
            for row, made in rows.items()
        }
        emptied = torch.where(hole > 0, torch.zeros_like(photo.pixels), photo.pixels)
        folder = make_folder(output / "fillings" / hole_job.name)
        files = []
        for name, picture in {"photo": photo.pixels, "hole": emptied, **rows}.items():
            files.append(folder / f"{name.replace(' ', '-')}.png")
            write_image(files[-1], picture)
        sheet[f"{case}: photo, hole, {', '.join(rows)}"] = files
    _write_sheet(job, sheet)
    return found


FAMILIES: dict[str, Callable[[Job, Settings, Processes], dict[str, Rows]]] = {
    "singan": do_samples,
    "ingan": do_sizes,
    "edgeconnect": do_holes,
}


def without_network(photo: Tensor, rng: torch.Generator) -> Tensor:
    """A drawing that nothing has learnt: the mean of each row of a photo, with smooth noise of the
    row's deviation."""
    height, width = size_of(photo)
    small = max(2, round(height / SMOOTH)), max(2, round(width / SMOOTH))
    noise = F.interpolate(torch.randn(1, 3, *small, generator=rng), (height, width), mode="bicubic")
    deviation = photo.std(dim=3, keepdim=True)
    return (photo.mean(dim=3, keepdim=True) + deviation * noise / noise.std()).clamp(-1, 1)


def by_formula(photo: Tensor, rng: torch.Generator) -> Tensor:
    """A drawing of a photo's size by the closed form."""
    return layout(photo, size_of(photo), rng)


def candidates(
    given: Source,
    learnt: Tensor,
    draw: Callable[[Tensor, torch.Generator], Tensor],
    count: int,
    seed: int,
) -> Iterator[Tensor]:
    """Drawings, each the best of as many as the network draws, by what chooses among its own."""
    rng, side = torch.Generator().manual_seed(seed), fit_size(size_of(learnt), JUDGED_SIDE)
    real = resize(learnt, side).clamp(-1, 1)
    for _ in range(count):
        drawn = [draw(learnt, rng) for _ in range(as_trained(given, "sample.candidates"))]
        yield min(drawn, key=lambda drawing: layout_distance(real, resize(drawing, side)))


def _finished(finisher: AsDrawn, drawings: Sequence[Tensor]) -> Iterator[Picture]:
    """Drawings, matched and finished like those of the network."""
    for number, drawing in enumerate(drawings):
        drawn = finisher(drawing, matching=MATCHING)
        yield Picture(f"sample/{number:03d}.png", drawn)


def photo_at(job: Job, size: Size) -> Tensor:
    """The job's photo at its size in results."""
    return read_image(job.image).shrunk_to(size).pixels


def resized(learnt: Tensor, size: Size) -> Tensor:
    """The photo at another size."""
    return resize(learnt, size).clamp(-1, 1)


def redrawn(learnt: Tensor, seed: int, size: Size) -> Tensor:
    """The photo at another size, drawn by its patches."""
    return Patches.of(Photo(learnt)).retarget(size, seed=seed)


def null_sizes(wanted: Sequence[Target], draw: Callable[[Size], Tensor]) -> Iterator[Picture]:
    """What is drawn at each size, finished like the network's output."""
    for target in wanted:
        drawn = finished(draw(target.drawing_size), target)
        yield Picture(f"retarget/{target.name}.png", drawn)


def trained(run: Path) -> tuple[Model, Source]:
    """The model of a finished run, on the CPU, and the inputs of the run."""
    folder = RunFolder.open(run, needs=["model.safetensors"])
    source = Source(load_options(folder.config_path), folder.path)
    return load_model(folder.model_path), source


def pictures_in(folder: Path) -> list[Path]:
    """Numbered pictures, without their origins."""
    return sorted(folder.glob("[0-9]*[0-9].png"))


def judge_files(files: Sequence[Path], photo: Tensor) -> dict[str, float]:
    """Mean figures of pictures of the photo, where things have the same size, and the diversity of
    several: layout distances of patches of 15 and 21 pixels and their mean ``layout``, as far as
    they fit; ``swd1``, ``sharpness``; of finished pictures also ``largest_piece`` and ``seams``."""
    each, pixels = list[dict[str, float]](), [read_image(path).pixels for path in files]
    if not pixels:
        raise UserError("there are no pictures to judge")
    for path, picture in zip(files, pixels, strict=True):
        figures = layout_distances(photo, picture, PATCHES)
        if figures:
            figures["layout"] = fmean(figures.values())
        figures |= _witnessed(photo, picture)
        figures["swd1"] = sliced_wasserstein(photo, picture)
        figures["sharpness"] = sharpness(photo, picture)
        if origin_path(path).is_file():
            figures |= judge_pieces(picture, read_origin(origin_path(path)), photo)
        each.append(figures)
    found = means(each)
    if len(pixels) > 1:
        found["diversity"] = diversity(photo, torch.cat(pixels))
    return found


def _witnessed(photo: Tensor, picture: Tensor) -> dict[str, float]:
    """The second witness, if its weights are installed."""
    if not _tokens.network():
        return {}
    return {"tokens": _tokens.token_distance(photo, picture)}


def _write_drawings(job: Job) -> float:
    """A sheet of the photo as learnt and the first drawings of the network; the seconds of one."""
    model = internal_gan.load(job.run)
    assert isinstance(model, internal_gan.SinGAN)
    folder = make_folder(job.folder("drawn"))
    files = [job.run / "photo.png"]
    began = time.perf_counter()
    drawn = model.sample(SHOWN, seed=job.seed, detail="network")
    seconds = (time.perf_counter() - began) / SHOWN
    for number, picture in enumerate(drawn):
        files.append(folder / f"{number:03d}.png")
        picture.save(files[-1])
    _write_sheet(job, {"photo, drawings": files}, "-drawn")
    return seconds
