"""Retargeting compared with plain resizing, seam carving, cropping, tiling and mirroring.

    python -m benchmarks.retargeting --photos fruit.png fish.png --output retargeting/
    python -m benchmarks.retargeting --photos fruit.png --overrides model=patches --output patches/

The command line trains on every photo with every seed; with model=patches nothing is trained. The
photo is retargeted to twice the width, half the width, twice both sides, 21:9 and 9:16. Both the
model's drawing and the result finished with the photo's pixels are judged by their patches. If
stopped or killed, run the same command again to continue.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import seam_carving
import torch
from torch import Tensor

import internal_gan
from benchmarks._common import by_name, environment, keep_apart, kept, number, run, training_parser
from benchmarks._processes import Job, Processes, report
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.finishing.drawing import Octaves, finish
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.models.patches.model import Patches
from internal_gan.models.retargeting import Retargets
from internal_gan.patches.statistics import layout_distances, patch_panel, repetition
from internal_gan.report.table import Setting, as_markdown
from internal_gan.units import Size

# Factors on height and width, or a ratio of width to height, for the photo's area.
SCALES: dict[str, tuple[float, float] | float] = {
    "2x wide": (1.0, 2.0),
    "0.5x wide": (1.0, 0.5),
    "2x both": (2.0, 2.0),
    "21x9": 21 / 9,
    "9x16": 9 / 16,
}
LAYOUT = ("layout coherence", "layout completeness")
FIGURES = (*LAYOUT, "coherence", "completeness", "swd", "repetition", "sharpness", "way back")
LAYOUT_PATCH = 15  # pixels a side, of a photo with a long side of 60
# Rows of a model's drawings, by its family.
TITLES = {"ingan": "InGAN", "patches": "patches"}
# Long side in pixels of the photo that finished results are made from and compared with.
FINISHED = 250
# Shortest side for `repetition`: two patches side by side must fit at a quarter of the size.
REPEATS = 4 * 2 * 7


class Settings(NamedTuple):
    """Settings of all trainings."""

    overrides: Sequence[str]
    threads: int
    others: Mapping[str, Path]


def cropped(image: Tensor, size: Size) -> Tensor | None:
    """The middle; None if the size is larger than the image."""
    top, left = ((a - b) // 2 for a, b in zip(image.shape[-2:], size, strict=True))
    return image[..., top : top + size[0], left : left + size[1]] if min(top, left) >= 0 else None


def tiled(image: Tensor, size: Size) -> Tensor | None:
    """Copies side by side; None if one fills the size."""
    return None if fits(image, size) else image.repeat(1, 1, 2, 2)[..., : size[0], : size[1]]


def mirrored(image: Tensor, size: Size) -> Tensor | None:
    """Copies side by side, every other one mirrored; None if one fills the size."""
    wide = torch.cat([image, image.flip(3)], dim=3)
    both = torch.cat([wide, wide.flip(2)], dim=2)
    return None if fits(image, size) else both[..., : size[0], : size[1]]


def fits(image: Tensor, size: Size) -> bool:
    return size[0] <= image.shape[-2] and size[1] <= image.shape[-1]


def carved(image: Tensor, size: Size) -> Tensor:
    """Seams removed or doubled by the package seam-carving.

    Source: Avidan & Shamir, "Seam carving for content-aware image resizing", SIGGRAPH 2007.
    """
    pixels = image[0].permute(1, 2, 0).contiguous().numpy()
    result = seam_carving.resize(pixels, (size[1], size[0]))
    return torch.from_numpy(np.ascontiguousarray(result)).permute(2, 0, 1)[None]


OTHERS: dict[str, Callable[[Tensor, Size], Tensor | None]] = {
    "resizing": lambda image, size: resize(image, size).clamp(-1, 1),
    "seam carving": carved,
    "cropping": cropped,
    "tiling": tiled,
    "mirroring": mirrored,
}


def figures_of(image: Tensor, result: Tensor) -> dict[str, float]:
    """Patch statistics of a retargeted image; distances in thousandths of black to white."""
    panel = patch_panel(image, result)
    layout = layout_distances(image, result, (LAYOUT_PATCH,))
    figures = {name: 1000 * value for name, value in zip(LAYOUT, layout.values(), strict=False)}
    figures |= {
        "coherence": 1000 * panel["coherence"],
        "completeness": 1000 * panel["completeness"],
        "swd": 1000 * fmean(panel[f"swd{shrink}"] for shrink in (1, 2, 4)),
        "sharpness": panel["sharpness"],
    }
    if min(*size_of(image), *size_of(result)) >= REPEATS:
        figures["repetition"] = repetition(image, result)
    return figures


def judge(
    model: Retargets, job: Job, others: Mapping[str, Path]
) -> dict[str, dict[str, dict[str, float]]]:
    """Figures by scale and method for a model; also writes all results as images.

    ``way back`` is the error of the cycle reconstruction, the mean |G(G(x)) - x| of the network,
    in thousandths of black to white.
    """
    title = TITLES[model.family]
    image = model.image.cpu()
    large = read_image(job.image).pixels
    large = resize(large, fit_size(size_of(large), FINISHED)).clamp(-1, 1)
    pictures = make_folder(job.folder("pictures"))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, scale in SCALES.items():
        size, finished_size = (_at(size_of(each), scale) for each in (image, large))
        drawn = model.retarget(size, seed=job.seed)
        results = {title: drawn}
        for method, make in OTHERS.items():
            if (result := make(image, size)) is not None:
                results[method] = result
        found[name] = {method: figures_of(image, result) for method, result in results.items()}
        if model.is_trained:
            back = model.retarget(size_of(image), image=drawn)
            found[name][title]["way back"] = 500 * float((back - image).abs().mean())
        done = finish(levels_of(drawn, 255), Octaves(levels_of(large, 255)), finished_size)
        full = {
            f"{title}, finished": pixels_of(done.pixels),
            "seam carving, full size": carved(large, finished_size),
        }
        for method, folder in others.items():
            file = folder / f"{job.photo}-{name.replace(' ', '-')}.png"
            if file.is_file():
                full[method] = resize(read_image(file).pixels, finished_size).clamp(-1, 1)
        found[name] |= {method: figures_of(large, result) for method, result in full.items()}
        for method, result in (results | full).items():
            write_image(pictures / f"{name} {method}.png".replace(" ", "-"), result)
    write_image(pictures / "photo.png", image)
    return found


def _at(size: Size, scale: tuple[float, float] | float) -> Size:
    if isinstance(scale, tuple):
        return round(size[0] * scale[0]), round(size[1] * scale[1])
    height = math.sqrt(math.prod(size) / scale)
    return round(height), round(height * scale)


def model_of(job: Job, settings: Settings, processes: Processes) -> Retargets:
    """A model of the photo, trained unless it needs no training."""
    if "model=patches" in settings.overrides:
        return Patches.of(read_image(job.image))
    job.train(processes, settings.threads, *settings.overrides)
    model = internal_gan.load(job.run).network
    if not isinstance(model, Retargets):
        allowed = "model=ingan, model=patches"
        raise UserError(f"{job.run}: its model cannot retarget; allowed: {allowed}")
    return model


@kept(lambda job, *_: job.result)
def do_job(job: Job, settings: Settings, processes: Processes) -> dict[str, Any]:
    """Train on one photo, and judge."""
    model = model_of(job, settings, processes)
    return {
        "photo": job.photo,
        "seed": job.seed,
        "overrides": list(settings.overrides),
        "figures": judge(model, job, settings.others),
        "environment": environment(),
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Means over photos by scale and method, and the standard deviation over a photo's seeds."""
    means = []
    shown = set[str]()
    for scale in SCALES:
        of_method: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
        for result in record["results"]:
            for method, figures in result["figures"].get(scale, {}).items():
                shown |= figures.keys()
                for name, value in figures.items():
                    of_method[method][name][result["photo"]][result["seed"]] = value
        for method, figures in of_method.items():
            known = Setting(method, 0, figures)
            cells = {name: _cell(known, name) for name in FIGURES if name in shown}
            means.append({"scale": scale, "method": method, **cells})
    return {"means": as_markdown(means)}


def _cell(method: Setting, figure: str) -> str:
    if figure not in method.figures:
        return ""
    spread = method.spread(figure)
    return number(method.mean(figure)) + (f" ± {number(spread, 2)}" if spread else "")


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser(
        *("retargeting", __doc__, "photos", "seeds"),
        overrides="model=ingan",
        others="other methods' results, named like fruit-2x-wide.png",
    )
    options = parser.parse_args(argv)
    output = options.output.absolute()
    settings = Settings(options.overrides, options.threads, dict(options.others))
    photos = by_name(options.photos)
    apart: dict[str, Any] = {"overrides": settings.overrides}
    apart |= {"others": list(settings.others)} if settings.others else {}
    keep_apart(output, apart)
    torch.set_num_threads(options.threads)

    jobs = [
        Job(name, seed, photo, output) for seed in options.seeds for name, photo in photos.items()
    ]
    work = {job.name: partial(do_job, job, settings) for job in jobs}
    report("retargeting", output, work, apart, tables)


if __name__ == "__main__":
    run(main)
