"""One training of the quality benchmark: train, judge the samples, write the figures.

Other rows are for comparison: the network's output before finishing, samples of the photo's patches
(without training), other samples of the photo, published or made here, and as controls the photo
and our samples as JPEG, and the photo's left half against its right half.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

import internal_gan
from benchmarks._baselines import METHODS
from benchmarks._baselines import SAMPLES as OF_BASELINES
from benchmarks._c2st import classified
from benchmarks._common import environment, kept, means
from benchmarks._field_diversity import field_diversity
from benchmarks._jpeg import QUALITY, as_jpeg, blockiness
from benchmarks._processes import Job as Training
from benchmarks._processes import Processes
from internal_gan.errors import UserError
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.colours import luminance
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.figures import judge_pieces
from internal_gan.patches.statistics import patch_panel
from internal_gan.runs.folder import RunFolder

# No ratio to the published samples: the best value of these does not depend on them.
NOT_COMPARED = (
    *("sharpness", "diversity", "diversity_gpdm", "field_diversity", "c2st", "c2st_32"),
    *("c2st_jpeg", "c2st_32_jpeg", "blockiness", "largest_piece", "seams"),
)
# Rows of the second table that are computed here; others have the names given in --others, or the
# names of baselines with MADE_HERE.
CONTROL, DRAWN, PATCHES = "half against half", "ours, as drawn", "patches"
PHOTO_JPEG, OURS_JPEG = f"photo, JPEG {QUALITY}", f"ours, JPEG {QUALITY}"
MADE_HERE = ", made here"
# Samples of each model that the classifier is tested on; each takes seconds.
CLASSIFIED = 2
# A training whose wall time exceeds its own count of seconds by more than this was interrupted.
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """Settings of all trainings; the sources, ``published`` or names of ``Job.others``, whose
    samples are JPEG already; and names of :data:`METHODS`, a row each."""

    overrides: list[str]
    samples: int
    threads: int
    compressed: Sequence[str] = ()
    baselines: Sequence[str] = ()


@dataclass(frozen=True)
class Job(Training):
    """A training, the published sample of its photo, and those of other methods."""

    published: Path
    others: Mapping[str, Path] = field(default_factory=dict)

    def given_result(self, name: str) -> Path:
        """The file for the figures of images that need no training."""
        return self.output / name / f"{self.photo}.json"


@kept(lambda job, *_: job.result)
def do_job(job: Job, settings: Settings, processes: Processes) -> dict[str, Any]:
    """Train, and judge the samples."""
    compressed = settings.compressed
    published = _judge_given(job, "published", job.published, "published" in compressed)
    others = {PHOTO_JPEG: _judge_photo(job)}
    for name, path in job.others.items():
        others[name] = _judge_given(job, name, path, name in compressed)
    for name in settings.baselines:
        others[name + MADE_HERE] = _judge_baseline(job, name)
    others[CONTROL] = _judge_halves(job)
    others[PATCHES] = _judge_patches(job, settings)
    count = f"sample.count={settings.samples}"
    job.train(processes, settings.threads, *settings.overrides, count)
    samples = sorted((job.run / "sample").glob("[0-9]*[0-9].png"))
    if len(samples) != settings.samples:
        raise UserError(f"{job.run}: has {len(samples)} samples, not {settings.samples}")
    ours = _judge(job.image, samples) | _judge_origins(job.image, samples)
    others = {OURS_JPEG: _judge_ours_as_jpeg(job, samples, ours), **others}
    if drawn := sorted((job.run / "sample" / "drawn").glob("*.png")):
        others[DRAWN] = _judge(job.image, drawn)
    return {
        "photo": job.photo,
        "seed": job.seed,
        "sample_size": read_image(samples[0]).size,
        "overrides": settings.overrides,
        "samples": settings.samples,
        "threads": settings.threads,
        "seconds": _seconds(job.run),
        "ours": ours,
        "published": published,
        "others": others,
        "ratio": {
            name: value / published[name]
            for name, value in ours.items()
            if name not in NOT_COMPARED and published.get(name)
        },
        "environment": environment(),
    }


def _seconds(run: Path) -> float | None:
    """Seconds of the training with its samples; None if it was interrupted."""
    status = RunFolder(run).status()
    started, updated = (datetime.fromisoformat(status[key]) for key in ("started", "updated"))
    seconds = float(status["seconds"])
    pause = (updated - started).total_seconds() - seconds
    return seconds if pause < PAUSE_SECONDS else None


@kept(lambda job, name, *_: job.given_result(name))
def _judge_given(job: Job, name: str, given: Path, compressed: bool) -> dict[str, float]:
    return _judge(job.image, [given], compressed)


@kept(lambda job: job.given_result("photo-jpeg"))
def _judge_photo(job: Job) -> dict[str, float]:
    """Figures of the photo itself as JPEG: what compression alone costs."""
    photo = read_image(job.image).pixels
    jpeg = as_jpeg(photo)
    return _figures(photo, jpeg) | {"blockiness": blockiness(jpeg)}


def _judge_ours_as_jpeg(
    job: Job, samples: Sequence[Path], ours: Mapping[str, float]
) -> dict[str, float]:
    """Figures of our samples as JPEG; ``ours`` has those of the samples themselves, with the
    classifier's of JPEG."""
    photo, batch = _read(job.image, samples)
    jpeg = as_jpeg(batch)
    figures = _figures(photo, jpeg) | {"blockiness": fmean(map(blockiness, jpeg.chunk(len(jpeg))))}
    return figures | {name: value for name, value in ours.items() if name.endswith("_jpeg")}


def _judge_patches(job: Job, settings: Settings) -> dict[str, float]:
    """Figures of samples of the photo's patches, with the training's seed."""

    def make() -> list[Tensor]:
        made = internal_gan.sample(job.image, settings.samples, seed=job.seed, output_type="pt")
        return [pixels[None] * 2 - 1 for pixels in made]

    return _judge_made(job.image, job.output / "patches" / job.name, make)


def _judge_baseline(job: Job, name: str) -> dict[str, float]:
    """Figures of samples by another method, made here; they need no training."""

    def make() -> list[Tensor]:
        photo = read_image(job.image).pixels
        return [METHODS[name](photo, number) for number in range(OF_BASELINES)]

    return _judge_made(job.image, job.output / "baselines" / name / job.photo, make)


@kept(lambda image, folder, make: folder / "figures.json")
def _judge_made(
    image: Path, folder: Path, make: Callable[[], Sequence[Tensor]]
) -> dict[str, float]:
    """Figures of samples that ``make`` returns, (1, 3, H, W) in [-1, 1]; both are kept."""
    made = make()
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03d}.png" for number in range(len(made))]
    for path, pixels in zip(paths, made, strict=True):
        write_image(path, pixels)
    return _judge(image, paths)


@kept(lambda job: job.given_result("halves"))
def _judge_halves(job: Job) -> dict[str, float]:
    """Figures of the photo's left half as a sample of its right half: a sample needs no better."""
    left, right = read_image(job.image).pixels.tensor_split(2, dim=-1)
    figures = patch_panel(right, left) | classified(right, left)
    figures |= {"field_diversity": field_diversity(right, left), "blockiness": blockiness(left)}
    figures.pop("copy", None)
    return figures


def _judge_origins(image: Path, samples: Sequence[Path]) -> dict[str, float]:
    """Mean ``largest_piece`` and ``seams`` of finished samples."""
    photo = read_image(image).pixels
    found = []
    for path in samples:
        if not (origin := origin_path(path)).is_file():
            return {}
        sample = read_image(path).pixels
        found.append(judge_pieces(sample, read_origin(origin), photo))
    return means(found)


def _judge(image: Path, samples: Sequence[Path], compressed: bool = False) -> dict[str, float]:
    """All figures of samples, resized to the photo's size; if they are ``compressed`` as JPEG
    already, ``c2st_jpeg`` takes them as they are."""
    photo, batch = _read(image, samples)
    figures = _figures(photo, batch)
    figures["blockiness"] = fmean(blockiness(read_image(sample).pixels) for sample in samples)
    against = as_jpeg(photo)
    jpeg = [one[None] if compressed else as_jpeg(one[None]) for one in batch[:CLASSIFIED]]
    both = means([classified(against, one) for one in jpeg])
    return figures | {f"{name}_jpeg": value for name, value in both.items()}


def _read(image: Path, samples: Sequence[Path]) -> tuple[Tensor, Tensor]:
    """The photo, (1, 3, H, W), and samples, (N, 3, H, W), resized to its size; in [-1, 1]."""
    if not samples:
        raise UserError(f"{image}: there are no samples to judge")
    photo = read_image(image).pixels
    pictures = [resize(read_image(path).pixels, size_of(photo)) for path in samples]
    return photo, torch.cat(pictures).clamp(-1, 1)


def _figures(photo: Tensor, batch: Tensor) -> dict[str, float]:
    """Figures of samples (N, 3, H, W) of the photo (1, 3, H, W), both in [-1, 1]."""
    figures = patch_panel(photo, batch)
    if len(batch) > 1:
        figures["diversity_gpdm"] = diversity_gpdm(photo, batch)
    slow = [
        classified(photo, one[None]) | {"field_diversity": field_diversity(photo, one[None])}
        for one in batch[:CLASSIFIED]
    ]
    return figures | means(slow)


def diversity_gpdm(photo: Tensor, samples: Tensor) -> float:
    """Pixel diversity of samples (N, 3, H, W) by GPDM's formula: of the luma, and divided by N, not
    N - 1.

    Source: Elnekave & Weiss, "Generating natural images with direct patch distributions matching",
    ECCV 2022, Section 4.
    """
    deviation = luminance(samples).std(dim=0, correction=0).mean()
    return float(deviation / luminance(photo).std(correction=0))
