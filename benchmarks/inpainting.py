"""Inpainting compared with classical methods and PatchMatch, by the size and kind of the hole.

    python -m benchmarks.inpainting --photos a.jpg b.jpg --output inpainting/

For every photo, range of the hole's share and kind of hole, the command line trains on the photo
around the hole and fills it. The filling is compared with the original pixels. If stopped or
killed, run the same command again to continue.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from patchmatch import patch_match
from skimage.restoration import inpaint_biharmonic
from torch import Tensor

import internal_gan
from benchmarks._baselines import installed, resynthesized
from benchmarks._c2st import c2st
from benchmarks._common import (
    by_name,
    environment,
    keep_apart,
    kept,
    means,
    number,
    pictures,
    positive,
    run,
    training_parser,
)
from benchmarks._processes import Job as Training
from benchmarks._processes import Processes, report
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.masks import write_mask
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.random_holes import KINDS
from internal_gan.images.resize import resize
from internal_gan.judging.fidelity import judge_hole
from internal_gan.report.table import as_markdown
from internal_gan.runs.folder import RunFolder


def biharmonic(image: Tensor, hole: Tensor) -> Tensor:
    """An image (1, 3, H, W) with its hole filled by scikit-image's biharmonic inpainting.

    Source: Chui and Mhaskar, "MRA contextual-recovery extension of smooth functions on manifolds",
    Applied and Computational Harmonic Analysis, 2010.
    """
    pixels = torch.where(hole > 0, -torch.ones_like(image), image)[0].permute(1, 2, 0)
    filled = inpaint_biharmonic(pixels.double().numpy(), hole[0, 0].numpy() > 0, channel_axis=-1)
    filled = torch.from_numpy(filled).permute(2, 0, 1)[None].clamp(-1, 1)
    return torch.where(hole > 0, filled.to(image), image)


def patchmatch(image: Tensor, hole: Tensor) -> Tensor:
    """An image (1, 3, H, W) with its hole filled by PyPatchMatch, with patches of 7x7 pixels.

    Source: Barnes et al., "PatchMatch", SIGGRAPH 2009; Wexler et al., "Space-time completion of
    video", 2007.
    """
    emptied = torch.where(hole > 0, -torch.ones_like(image), image)
    mask = hole[0, 0].byte().numpy() * 255
    filled = patch_match.inpaint(levels_of(emptied, 255), mask, patch_size=3)
    return torch.where(hole > 0, pixels_of(filled).to(image), image)


def by_opencv(method: int, image: Tensor, hole: Tensor) -> Tensor:
    """An image (1, 3, H, W) with its hole filled by OpenCV, by ``method``, within 3 pixels.

    Source: Telea, "An image inpainting technique based on the fast marching method", 2004;
    Bertalmio et al., "Navier-Stokes, fluid dynamics, and image and video inpainting", 2001.
    """
    emptied = torch.where(hole > 0, -torch.ones_like(image), image)
    filled = cv2.inpaint(levels_of(emptied, 255), hole[0, 0].byte().numpy(), 3.0, method)
    return torch.where(hole > 0, pixels_of(filled).to(image), image)


OURS, FILL = "EdgeConnect", "fill"
FIGURES = ("psnr", "ssim", "l1", "patches", "sharpness", "c2st")
METHODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Telea": partial(by_opencv, cv2.INPAINT_TELEA),
    "Navier-Stokes": partial(by_opencv, cv2.INPAINT_NS),
    "biharmonic": biharmonic,
    "PyPatchMatch": patchmatch,
}
RESYNTHESIZER = "Resynthesizer"
RATIOS = ("10-20", "20-30", "30-40", "40-50")


@dataclass(frozen=True)
class Job(Training):
    """A training around a hole in a photo, which is the same for every seed."""

    kind: str
    ratio: str

    @property
    def hole(self) -> str:
        """The hole's name."""
        return f"{self.photo}-{self.kind}-{self.ratio}"

    @property
    def name(self) -> str:
        return f"{self.hole}-seed{self.seed}"


@dataclass(frozen=True)
class Settings:
    """Settings of all trainings."""

    overrides: list[str]
    size: int
    threads: int
    others: Mapping[str, Path]


def random_share(job: Job) -> tuple[float, torch.Generator]:
    """A share in the job's range and the generator that draws the hole; the same in every run."""
    rng = torch.Generator().manual_seed(zlib.crc32(job.hole.encode()))
    low, high = (float(percent) / 100 for percent in job.ratio.split("-"))
    return low + (high - low) * float(torch.rand((), generator=rng)), rng


@kept(lambda job, *_: job.result)
def do_job(job: Job, settings: Settings, processes: Processes) -> dict[str, Any]:
    """Draw the hole, train, fill and judge."""
    photo, hole, fillings = trained_fillings(job, settings, processes)
    fillings |= {name: method(photo.pixels, hole) for name, method in METHODS.items()}
    if installed(["resynthesizer"]):
        emptied = torch.where(hole > 0, -torch.ones_like(photo.pixels), photo.pixels)
        filled = resynthesized(emptied, hole)
        fillings[RESYNTHESIZER] = torch.where(hole > 0, filled, photo.pixels)
    fillings |= {name: given(folder, job, photo, hole) for name, folder in settings.others.items()}
    emptied = torch.where(hole > 0, torch.zeros_like(photo.pixels), photo.pixels)
    sheet = make_folder(job.output / "sheets") / f"{job.name}.png"
    row = [photo.pixels, emptied, *fillings.values()]  # in the order of the table
    write_image(sheet, torch.cat(row, dim=3))
    return {
        "photo": job.photo,
        "kind": job.kind,
        "ratio": job.ratio,
        "seed": job.seed,
        "share": float(hole.mean()),
        "seconds": RunFolder(job.run).status().get("seconds"),
        "figures": {name: judged(photo.pixels, made, hole) for name, made in fillings.items()},
        "environment": environment(),
    }


def judged(photo: Tensor, made: Tensor, hole: Tensor) -> dict[str, float]:
    """The figures of a filling; see FIGURES."""
    return judge_hole(photo, made, hole) | {"c2st": c2st(photo, made, inside=hole)}


def trained_fillings(
    job: Job, settings: Settings, processes: Processes
) -> tuple[Photo, Tensor, dict[str, Tensor]]:
    """Draw the hole, train around it, and fill it by the model and by task=fill.

    Returns:
        The photo; the hole, (1, 1, H, W), 1 inside and 0 elsewhere; the fillings OURS and FILL,
        each (1, 3, H, W) in [-1, 1].
    """
    mask = make_folder(job.output / "holes") / f"{job.hole}.png"
    photo = read_image(job.image)
    share, rng = random_share(job)
    hole = KINDS[job.kind](photo.size, share, rng)
    write_mask(mask, hole)
    job.train(processes, settings.threads, *settings.overrides, f"mask={mask}")
    filled = internal_gan.fill(job.image, mask, output_type="pt") * 2 - 1
    return photo, hole, {OURS: read_image(job.run / "fill" / "000.png").pixels, FILL: filled}


def given(folder: Path, job: Job, photo: Photo, hole: Tensor) -> Tensor:
    """Another method's filling, with the photo's own pixels outside the hole."""
    found = pictures(folder)
    if job.hole not in found:
        raise UserError(f"{folder}: there is no picture called {job.hole}")
    made = read_image(found[job.hole])
    if made.size != photo.size:
        raise UserError(
            f"{found[job.hole]}: {made.size[0]}x{made.size[1]} pixels; "
            f"must be {photo.size[0]}x{photo.size[1]}"
        )
    return torch.where(hole > 0, made.pixels, photo.pixels)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The null test, and means by kind and share of the hole."""
    results = record["results"]
    return {"null": as_markdown(_against_fill(results)), "holes": as_markdown(_means(results))}


def _against_fill(results: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Means of EdgeConnect's and the fillings' figures, their ratios, and how often the first is
    better."""
    each = {row: [r["figures"][row] for r in results] for row in (OURS, FILL)}
    mean = {row: means(figures) for row, figures in each.items()}
    lines = [{"row": row} | {f: number(mean[row][f]) for f in FIGURES} for row in each]
    ratios = {f: number(mean[OURS][f] / mean[FILL][f]) for f in FIGURES}
    better = {
        f: f"{sum(a[f] < b[f] for a, b in zip(each[OURS], each[FILL], strict=True))}"
        f" of {len(results)}"
        for f in ("l1", "patches", "c2st")
    }
    lines.append({"row": f"{OURS} / {FILL}"} | ratios)
    lines.append({"row": f"{OURS} is better"} | {f: better.get(f, "") for f in FIGURES})
    return lines


def _means(results: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    groups = defaultdict(list)
    for result in results:
        for method, figures in result["figures"].items():
            groups[f"{result['kind']} {result['ratio']} %", method].append(figures)
    return [
        {"hole": name, "method": method} | {f: f"{means(each)[f]:.3g}" for f in FIGURES}
        for (name, method), each in groups.items()
    ]


def prepare(photos: Sequence[Path], output: Path, settings: Settings) -> dict[str, Path]:
    """Write the photos, resized, to ``photos/`` in the output folder; their files by name. A
    UserError if one cannot be read, two have the same name, or the folder has other settings."""
    read = {name: read_image(path) for name, path in by_name(photos).items()}
    given = {"overrides": settings.overrides, "size": settings.size}
    keep_apart(output, given | ({"others": list(settings.others)} if settings.others else {}))
    return {name: write_photo(name, photo, output, settings.size) for name, photo in read.items()}


def write_photo(name: str, photo: Photo, output: Path, size: int) -> Path:
    """Write a photo, its long side resized to ``size`` pixels, to ``photos/`` in a folder."""
    path = make_folder(output / "photos") / f"{name}.png"
    write_image(path, resize(photo.pixels, fit_size(photo.size, size)).clamp(-1, 1))
    return path


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser(
        *("inpainting", __doc__, "photos", "seeds", "jobs"),
        overrides="model=edgeconnect",
        others="other methods' fillings, named like the files in holes/",
    )
    parser.add_argument("--size", type=positive, default=128, help="long side of the photos")
    parser.add_argument("--ratios", nargs="+", choices=RATIOS, default=list(RATIOS))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args(argv)
    output = options.output.absolute()
    settings = Settings(options.overrides, options.size, options.threads, dict(options.others))
    photos = prepare(options.photos, output, settings)
    jobs = [
        Job(name, seed, image, output, kind, ratio)
        for seed in options.seeds
        for kind in options.kinds
        for ratio in options.ratios
        for name, image in photos.items()
    ]
    torch.set_num_threads(options.threads)
    work = {job.name: partial(do_job, job, settings) for job in jobs}
    about = {"overrides": options.overrides, "size": options.size, "threads": options.threads}
    report("inpainting", output, work, {"settings": about}, tables, options.jobs)


if __name__ == "__main__":
    run(main)
