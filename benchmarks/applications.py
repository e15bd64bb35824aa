"""Every application of every family, measured: the null test, and what a change has moved.

    python -m benchmarks.applications --output applications/

On each photo, the photo's own patches stand beside the family that is trained for an application.
Super-resolution, whose originals must not be learnt, has :mod:`benchmarks.super_resolution`.
The figures are means over photos, and are compared with those in docs/results/data; one that has
moved by more than it varies between seeds is printed, and the exit code is then 1. With several
seeds, the figures to compare with are measured anew. If stopped, run the same command again.
"""

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import internal_gan
from benchmarks._common import (
    ROOT,
    by_name,
    environment,
    keep_apart,
    kept,
    means,
    number,
    run,
    say,
    training_parser,
    write_json,
    write_summary,
)
from internal_gan.errors import UserError
from internal_gan.files import make_folder, read_json_object
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.masks import write_mask
from internal_gan.images.random_holes import random_strokes
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import judge_hole
from internal_gan.judging.tiling import seams
from internal_gan.patches.statistics import (
    coherence,
    diversity,
    layout_distances,
    sharpness,
    sliced_wasserstein,
)
from internal_gan.report.table import as_markdown
from internal_gan.shapes import Mask, Pictures, Pixels
from internal_gan.units import Size

PHOTOS = [ROOT / "examples" / "photos" / f"{name}.jpg" for name in ("gravel", "mountains", "peaks")]
LANDED = ROOT / "docs" / "results" / "data" / "applications.json"
LONGEST = 320  # of the photo and of results, in pixels
SAMPLES, FPS, SECONDS = 4, 8, 3
PAINTED, COLOURS = 16, 5  # a painting's long side in pixels and levels of each colour
STILL = 1.0  # gray levels; a pixel of a film that changes less does not move
# A figure has moved if it differs by more than so many standard deviations over seeds, or shares.
DEVIATIONS, SHARE = 3.0, 0.05

Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A photo, shrunk to LONGEST, with a seed, and a folder for what is made of it."""

    name: str
    photo: Pixels
    seed: int
    folder: Path

    @cached_property
    def file(self) -> Path:
        path = make_folder(self.folder) / "photo.png"
        write_image(path, self.photo)
        return path

    @property
    def size(self) -> Size:
        return size_of(self.photo)

    def box(self, top: float, left: float, share: float = 0.25) -> Any:
        """The pixels of a box, by fractions of the sides."""
        height, width = self.size
        rows, columns = round(top * height), round(left * width)
        return (
            ...,
            slice(rows, rows + round(share * height)),
            slice(columns, columns + round(share * width)),
        )

    @cached_property
    def holes(self) -> dict[str, Mask]:
        """A box on the left and strokes on the right."""
        box = torch.zeros(1, 1, *self.size)
        box[self.box(0.35, 0.15, 0.3)] = 1
        strokes = random_strokes(self.size, 0.2, torch.Generator().manual_seed(self.seed))
        strokes[..., : self.size[1] // 2] = 0
        return {"box": box, "strokes": strokes}

    @cached_property
    def hole(self) -> Path:
        path = self.folder / "hole.png"
        write_mask(path, sum(self.holes.values(), torch.zeros(1, 1, *self.size)).clamp(max=1))
        return path

    def pixels(self, made: Tensor) -> Pixels:
        """A result of the API with ``output_type="pt"``, in [-1, 1]."""
        return made * 2 - 1

    def shown(self, name: str, made: Pixels) -> Pixels:
        """A result, whose picture is kept to look at."""
        write_image(make_folder(self.folder / "pictures") / f"{name}.png", made[:1])
        return made


def layout(case: Case, made: Pictures) -> float:
    """The mean of the layout distances of some pictures."""
    each = [layout_distances(case.photo, one[None], (15, 21)) for one in made]
    return statistics.fmean(statistics.fmean(distances.values()) for distances in each)


def samples(model: Any, case: Case, name: str) -> Figures:
    made = case.pixels(model.sample(SAMPLES, seed=case.seed, output_type="pt"))
    case.shown(f"samples-{name}", made)
    tile = case.pixels(model.sample(seed=case.seed, tileable=True, output_type="pt"))
    return {
        "layout": layout(case, made),
        "diversity": diversity(case.photo, made),
        "swd1": statistics.fmean(sliced_wasserstein(case.photo, one[None]) for one in made),
        "seams": max(seams(tile, (True, True)).values()),
    }


def start_scales(model: Any, case: Case, name: str) -> Figures:
    found: Figures = {}
    for scale in (1, 2):
        how = {"seed": case.seed, "start_scale": scale, "output_type": "pt"}
        made = case.shown(f"scale-{scale}-{name}", case.pixels(model.sample(SAMPLES, **how)))
        found |= {f"diversity {scale}": diversity(case.photo, made)}
        found |= {f"layout {scale}": layout(case, made)}
    return found


def sizes(model: Any, case: Case, name: str) -> Figures:
    found: Figures = {}
    height, width = case.size
    # A model of InGAN draws one picture of each size.
    how = {} if name == "ingan" else {"seed": case.seed}
    wanted = {"wide": (height, 2 * width), "narrow": (height, width // 2)}
    for title, shape in {**wanted, "21:9": "21:9", "9:16": "9:16"}.items():
        at = None if isinstance(shape, str) else "photo"
        made = model.retarget(shape, resolution=at, output_type="pt", **how)
        made = case.shown(f"{title.replace(':', 'x')}-{name}", case.pixels(made))
        found |= {f"layout {title}": layout(case, made)}
        found |= {f"swd1 {title}": sliced_wasserstein(case.photo, made)}
    return found


def holes(model: Any, case: Case, name: str) -> Figures:
    made = case.pixels(model.fill(case.file, case.hole, output_type="pt"))
    case.shown(f"filled-{name}", made)
    found: Figures = {}
    for title, hole in case.holes.items():
        figures = judge_hole(case.photo, made, hole)
        found |= {f"{figure} {title}": figures[figure] for figure in ("l1", "patches")}
    return found


def paint(model: Any, case: Case, name: str) -> Figures:
    small = resize(case.photo, _fitted(case.size, PAINTED)).clamp(-1, 1)
    flat = ((small + 1) / 2 * (COLOURS - 1)).round() / (COLOURS - 1) * 2 - 1
    painting = torch.nn.functional.interpolate(flat, case.size)
    made = model.paint((painting[0] + 1) / 2, seed=case.seed, output_type="pt")
    made = case.shown(f"paint-{name}", case.pixels(made))
    off = (resize(made, size_of(flat)) - flat).abs().mean() / 2
    return {"layout": layout(case, made), "painting": float(off)}


def edit(model: Any, case: Case, name: str) -> Figures:
    given, mask = _pasted(case, case.photo[case.box(0.55, 0.1)])
    made = case.pixels(model.edit(given, mask, seed=case.seed, output_type="pt"))
    around = case.shown(f"edit-{name}", made)[case.box(0.15, 0.45, 0.45)]
    return {"coherence": coherence(case.photo, around), "change": _kept(case, given, made)}


def harmonize(model: Any, case: Case, name: str) -> Figures:
    foreign = case.photo[case.box(0.55, 0.1)].flip(1) * 0.8 - 0.2
    given, mask = _pasted(case, foreign)
    made = case.pixels(model.harmonize(given, mask, seed=case.seed, output_type="pt"))
    inside = case.shown(f"harmonize-{name}", made)[case.box(0.25, 0.55)]
    return {"swd1": sliced_wasserstein(case.photo, inside), "change": _kept(case, given, made)}


def films(model: Any, case: Case, name: str) -> Figures:
    # The formula's films close by themselves.
    how = {"fps": FPS, "loop": name != "patches", "seed": case.seed, "output_type": "pt"}
    frames = case.pixels(torch.cat(list(model.animate(SECONDS, **how))))
    middle = case.shown(f"film-{name}", frames[len(frames) // 2, None])
    return motion(frames) | {"sharpness": sharpness(case.photo, middle)}


def motion(frames: Pictures) -> Figures:
    """How much a loop moves, in gray levels of 255: the mean change from ``frame`` to frame and
    from ``second`` to second, the share of pixels that ``move``, the mean second difference in time
    (``flicker``) and the step over its ``joint``, relative to the largest inside."""
    gray = frames.mean(dim=1) * 127.5
    steps = gray.diff(dim=0).abs().mean(dim=(1, 2))
    return {
        "frame": float(steps.mean()),
        "second": float((gray[FPS:] - gray[:-FPS]).abs().mean()),
        "move": float(((gray - gray[0]).abs().amax(dim=0) > STILL).float().mean()),
        "flicker": float(gray.diff(n=2, dim=0).abs().mean()),
        "joint": float((gray[-1] - gray[0]).abs().mean()) / max(float(steps.max()), 1e-6),
    }


# Each application with the family that is trained for it.
Measure = Callable[[Any, Case, str], Figures]
APPLICATIONS: dict[str, tuple[str, Measure]] = {
    "samples": ("singan", samples),
    "start scales": ("singan", start_scales),
    "sizes": ("ingan", sizes),
    "holes": ("edgeconnect", holes),
    "paint": ("singan", paint),
    "edit": ("singan", edit),
    "harmonize": ("singan", harmonize),
    "films": ("singan", films),
}


def _fitted(size: Size, longest: int) -> Size:
    factor = longest / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _pasted(case: Case, piece: Pixels) -> tuple[Tensor, Mask]:
    """The photo with a piece pasted into it, in [0, 1], and the mask of the piece."""
    given, mask = case.photo.clone(), torch.zeros(1, 1, *case.size)
    here = case.box(0.25, 0.55)
    given[here], mask[here] = piece, 1
    return (given[0] + 1) / 2, mask


def _kept(case: Case, given: Tensor, made: Pixels) -> float:
    """How far a result is from what was pasted, at a coarse size: 0 to 1."""
    here = case.box(0.25, 0.55)
    pair = [image[here] for image in (given[None] * 2 - 1, made)]
    first, second = (resize(image, (4, 4)) for image in pair)
    return float((first - second).abs().mean() / 2)


def train(case: Case, family: str, overrides: Sequence[str], threads: int) -> Any:
    """The model of a photo, trained before or now."""
    folder = case.folder / family
    if (folder / "config.yaml").is_file():
        return internal_gan.resume(folder).model
    say(f"{case.name}, seed {case.seed}: training {family}")
    how = [f"trainer.threads={threads}", *overrides]
    if family == "singan":
        how.append("sample.count=1")
    mask = case.hole if family == "edgeconnect" else None
    fit = internal_gan.fit(
        case.file, family, mask=mask, overrides=how, seed=case.seed, output=folder
    )
    return internal_gan.load(fit.folder)


@kept(lambda case, *_: case.folder / "figures.json")
def measure(
    case: Case, titles: Sequence[str], overrides: Sequence[str], threads: int
) -> dict[str, dict[str, Figures]]:
    """The figures of applications by family, with ``seconds``."""
    models: dict[str, Any] = {"patches": internal_gan.Patches(case.file)}
    found: dict[str, dict[str, Figures]] = {}
    for title in titles:
        family, work = APPLICATIONS[title]
        models[family] = models.get(family) or train(case, family, overrides, threads)
        for name in ("patches", family):
            say(f"{case.name}, seed {case.seed}: {title} by {name}")
            began = time.perf_counter()
            figures = work(models[name], case, name)
            seconds = {"seconds": time.perf_counter() - began}
            found.setdefault(title, {})[name] = figures | seconds
    return found


def landed(measured: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The means of all figures over photos and seeds, and their deviation over seeds, from the
    result of :func:`measure` for every seed and photo."""
    found: dict[str, Any] = {}
    for title in measured[0][0]:
        for name in ("patches", APPLICATIONS[title][0]):
            each = [means([one[title][name] for one in photos]) for photos in measured]
            found.setdefault(title, {})[name] = {
                figure: {
                    "mean": statistics.fmean(one[figure] for one in each),
                    "spread": statistics.stdev(one[figure] for one in each) if each[1:] else None,
                }
                for figure in each[0]
            }
    return found


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The figures that differ by more than they vary, in words; seconds never count."""
    for title, families in after.items():
        for family, figures in families.items():
            for figure, now in figures.items():
                known = before.get(title, {}).get(family, {}).get(figure)
                if known is None or figure == "seconds":
                    continue
                most = max(DEVIATIONS * (known["spread"] or 0), SHARE * abs(known["mean"]))
                if abs(now["mean"] - known["mean"]) > most:
                    yield (
                        f"{title} by {family}: {figure} {number(now['mean'])}; landed: "
                        f"{number(known['mean'])}, up to {number(most)} more or less"
                    )


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A row for each figure: by the photo's patches, and by the family trained for it."""
    rows = []
    for title, families in record["figures"].items():
        (_, patches), (family, trained) = families.items()
        for figure in patches:
            if figure == "seconds":  # of several calls, beside whatever else the machine does
                continue
            now, then = (one[figure]["mean"] for one in (patches, trained))
            ours, theirs = (_varying(**one[figure]) for one in (patches, trained))
            ratio = number(now / then) if then and math.isfinite(now / then) else ""
            rows.append(
                {"application": title, "figure": figure, "patches": ours}
                | {"trained": f"{theirs} ({family})", "patches / trained": ratio}
            )
    return {"null": as_markdown(rows)}


def _varying(mean: float, spread: float | None) -> str:
    return number(mean) + ("" if spread is None else f" ± {number(spread, 1)}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("applications", __doc__, "photos", "seeds")
    parser.add_argument("--only", nargs="+", choices=[*APPLICATIONS], default=[*APPLICATIONS])
    parser.set_defaults(photos=PHOTOS)
    for action in parser._actions:
        action.required = action.dest == "output"
    options = parser.parse_args(argv)
    output, settings = options.output.absolute(), {"overrides": options.overrides}
    keep_apart(output, {**settings, "only": options.only})
    torch.set_num_threads(options.threads)
    measured = list[list[dict[str, Any]]]()
    for seed in options.seeds:
        photos = []
        for name, path in by_name(options.photos).items():
            pixels = read_image(path).pixels
            photo = resize(pixels, _fitted(size_of(pixels), LONGEST)).clamp(-1, 1)
            case = Case(name, photo, seed, output / f"{name}-seed{seed}")
            photos.append(measure(case, options.only, options.overrides, options.threads))
        measured.append(photos)
    found = {"photos": [*by_name(options.photos)], "seeds": options.seeds, **settings}
    found |= {"figures": landed(measured), "environment": environment()}
    write_json(output / "applications.json", found)
    write_summary(output, tables(found))
    print(json.dumps({"benchmark": "applications", **found}, indent=2))
    if len(options.seeds) > 1:
        return
    before = read_json_object(LANDED)
    if before.get("photos") != found["photos"]:
        raise UserError(f"{LANDED.name}: is of other photos; nothing is compared")
    lines = [*moved(before["figures"], found["figures"])]
    say("\n".join(lines) or "No figure has moved by more than it varies.")
    sys.exit(bool(lines))


if __name__ == "__main__":
    run(main)
