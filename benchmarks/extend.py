"""Extending photos compared with mirrored edges and hole filling.

    python -m benchmarks.extend --photos a.jpg b.jpg --large c.jpg d.jpg --output extend/

A quarter of each photo is cut off at the right and at the bottom, and extended again by every
method. The large photos are extended by a tenth on each side, with the photo's own size. If
stopped or killed, run the same command again to continue.
"""

import argparse
import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import cv2
import numpy as np
import torch
from scipy.ndimage import label
from torch import Tensor
from torch.nn import functional as F

from benchmarks._baselines import installed, resynthesized
from benchmarks._c2st import c2st
from benchmarks._common import (
    by_name,
    environment,
    existing_file,
    keep_apart,
    kept,
    number,
    positive,
    print_json,
    run,
    say,
    write_json,
)
from benchmarks._continuity import continuity
from benchmarks.commands import cost_of
from benchmarks.inpainting import by_opencv
from internal_gan.files import make_folder, read_json_object
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.colours import to_uint8
from internal_gan.images.edges import Canny
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.photo import Margins, margins_of
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import judge_hole
from internal_gan.patches.exact import grid, patches_at
from internal_gan.report.table import as_markdown

CUT, ADDED = 0.25, 0.1
# A seam is compared with the steps between this many rows or columns on either side of it.
BESIDE = 8
# What is repeated is judged on the result of this long side, by squares of this side, in pixels.
SMALL, SQUARE = 128, 15
# A square repeats another if their difference is at most this share of its contrast. Of smooth
# things, such as skies, nobody sees that: squares of a lower contrast (root mean square, of values
# in [-1, 1]) do not count.
ALIKE, CONTRAST = 0.35, 0.15
OURS = "internal-gan"
FIGURES = ("step", "repeated", "c2st", "sharpness", "patches", "l1", "gap", "angle", "seconds")


def mirrored(canvas: Tensor, part: Tensor, margins: Margins) -> Tensor:
    """The photo with its edges mirrored, as often as the margins need."""
    top, right, bottom, left = margins
    height, width = size_of(canvas)
    photo = canvas[0, :, top : height - bottom, left : width - right].numpy()
    made = np.pad(photo, ((0, 0), (top, bottom), (left, right)), mode="symmetric")
    return torch.from_numpy(made)[None]


METHODS: dict[str, Callable[[Tensor, Tensor, Margins], Tensor]] = {
    "mirrored": mirrored,
    "Telea": lambda canvas, part, _: by_opencv(cv2.INPAINT_TELEA, canvas, part),
    "Navier-Stokes": lambda canvas, part, _: by_opencv(cv2.INPAINT_NS, canvas, part),
}
if installed(["resynthesizer"]):
    METHODS["Resynthesizer"] = lambda canvas, part, _: resynthesized(canvas, part)


def step(made: Tensor, margins: Margins) -> float:
    """The mean step across the photo's border, relative to the steps beside it; 1 is no seam."""
    top, right, bottom, left = margins
    height, width = size_of(made)
    kept = made[..., top : height - bottom, :], made[..., left : width - right]
    lines = [(kept[0], 3, left), (kept[0], 3, width - right)]
    lines += [(kept[1], 2, top), (kept[1], 2, height - bottom)]
    found = []
    for pixels, axis, place in lines:
        if not 0 < place < pixels.shape[axis]:
            continue
        steps = pixels.diff(dim=axis).abs().mean(dim=(0, 1, 5 - axis))
        nearby = torch.cat([steps[max(0, place - 1 - BESIDE) : place - 1], steps[place:][:BESIDE]])
        found.append(float(steps[place - 1] / nearby.mean().clamp_min(1e-6)))
    return fmean(found)


def repeated(made: Tensor, part: Tensor) -> float:
    """The share of the squares of ``part``, 1 where it is new, that repeat another place."""
    size = fit_size(size_of(made), SMALL)
    small, new = resize(made, size), F.adaptive_avg_pool2d(part, size)
    rows, columns = grid(small, SQUARE)
    places = torch.arange(rows * columns)
    where = torch.stack([places // columns, places % columns], dim=1)
    squares = patches_at(small, places, SQUARE).view(len(places), 3, -1)
    squares = (squares - squares.mean(dim=2, keepdim=True)).flatten(1)
    contrast, found = squares.norm(dim=1), list[Tensor]()
    inside = places[F.avg_pool2d(new, SQUARE, 1).flatten() > 0.5]
    for some in torch.split(inside, 512):
        near = (where[some, None] - where).abs().amax(dim=2) < SQUARE
        off = torch.cdist(squares[some], squares).masked_fill(near, math.inf).amin(dim=1)
        seen = contrast[some] > CONTRAST * math.sqrt(squares.shape[1])
        found.append(seen & (off < ALIKE * contrast[some]))
    return float(torch.cat(found).float().mean()) if found else 0.0


def extended(photo: Path, folder: Path, margins: Margins) -> tuple[Path, float]:
    """The file of a photo extended by the command line, and the whole command's seconds."""
    made, timed = folder / "extend" / "000.png", folder / "seconds.json"
    if not timed.is_file():
        wanted = ",".join(map(str, margins))
        make_folder(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)  # of a benchmark that was killed
        options = ["task=extend", f"image={photo}", f"extend.margins=[{wanted}]"]
        write_json(timed, {"seconds": cost_of(options, folder).seconds})
    return made, float(read_json_object(timed)["seconds"])


@kept(lambda photo, output, size: output / "results" / f"{photo.stem}.json")
def do_cut(photo: Path, output: Path, size: int) -> dict[str, Any]:
    """Cut a photo, extend it by every method, and judge."""
    whole = read_image(photo).pixels
    whole = resize(whole, fit_size(size_of(whole), size)).clamp(-1, 1)
    height, width = size_of(whole)
    margins = Margins(0, round(CUT * width), round(CUT * height), 0)
    part = torch.ones(1, 1, height, width)
    part[..., : height - margins.bottom, : width - margins.right] = 0.0
    cut = make_folder(output / "cut") / f"{photo.stem}.png"
    write_image(cut, whole[..., : height - margins.bottom, : width - margins.right])
    whole = to_uint8(whole) / 127.5 - 1
    canvas = torch.where(part > 0, 0.0, whole)
    made, seconds = {}, {}
    file, seconds[OURS] = extended(cut, output / "runs" / photo.stem, margins)
    made[OURS] = read_image(file).pixels
    for name, method in METHODS.items():
        started = time.perf_counter()
        made[name] = torch.where(part > 0, method(canvas, part, margins), whole)
        seconds[name] = time.perf_counter() - started
    detector = Canny(sigma=2.0, low=0.1, high=0.2)
    figures = {
        name: {
            "step": step(one, margins),
            "repeated": repeated(one, part),
            "c2st": c2st(whole, one, inside=part),
            "seconds": seconds[name],
            **judge_hole(whole, one, part),
            **continuity(detector, whole, one, part),
        }
        for name, one in made.items()
    }
    sheet = make_folder(output / "sheets") / f"{photo.stem}.png"
    write_image(sheet, torch.cat([whole, canvas, *made.values()], dim=3))
    return {
        "photo": photo.stem,
        "figures": figures,
        "largest_piece": new_piece(file, part),
        "environment": environment(),
    }


@kept(lambda photo, output: output / "results" / f"large-{photo.stem}.json")
def do_large(photo: Path, output: Path) -> dict[str, Any]:
    """Extend a photo by a tenth on each side, and judge it."""
    size = read_image(photo).size
    margins = margins_of([f"{100 * ADDED:g}%"] * 4, size)
    file, seconds = extended(photo, output / "runs" / f"large-{photo.stem}", margins)
    made = read_image(file).pixels
    part = torch.ones_like(made[:, :1])
    part[(..., *margins.window(size))] = 0.0
    return {
        "photo": photo.stem,
        "megapixels": size[0] * size[1] / 1e6,
        "seconds": seconds,
        "step": step(made, margins),
        "repeated": repeated(made, part),
        "largest_piece": new_piece(file, part),
        "environment": environment(),
    }


def new_piece(file: Path, part: Tensor) -> float:
    """The share of the new pixels that are copied from the photo in one piece, for the largest."""
    origin = read_origin(origin_path(file))
    new = part[0, 0].numpy() > 0
    shift = origin.places - np.stack(list(np.indices(new.shape)), axis=-1)
    _, pieces = np.unique(shift[new], axis=0, return_inverse=True)
    numbers = np.zeros(new.shape, np.int64)
    numbers[new] = pieces.ravel() + 1
    frequent = np.bincount(numbers[new])[1:].argsort()[-20:] + 1
    largest = (np.bincount(label(numbers == one)[0].ravel())[1:].max() for one in frequent)
    return int(max(largest)) / int(new.sum())


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Means of every method over the cut photos, and a row for each large photo."""
    cut = [
        {"method": method}
        | {
            figure: number(nanmean([one["figures"][method][figure] for one in record["cut"]]))
            for figure in FIGURES
        }
        for method in record["cut"][0]["figures"]
    ]
    large = [
        {
            "photo": one["photo"],
            "megapixels": number(one["megapixels"]),
            "seconds": number(one["seconds"]),
            "step": number(one["step"]),
            "repeated": number(one["repeated"]),
            "largest piece": number(one["largest_piece"]),
        }
        for one in record["large"]
    ]
    pieces = [one["largest_piece"] for one in record["cut"]]
    note = f"Largest piece of the new part: {number(fmean(pieces))}, at most {number(max(pieces))}."
    return {"cut": f"{as_markdown(cut)}\n{note}", "large": as_markdown(large)}


def nanmean(values: Sequence[float]) -> float:
    """The mean of the values that are known."""
    return fmean(value for value in values if not math.isnan(value))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extend", description=__doc__)
    parser.add_argument("--photos", type=existing_file, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--large", type=existing_file, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--output", type=Path, required=True, help="folder for runs and results")
    parser.add_argument("--size", type=positive, default=384, help="long side of the cut photos")
    options = parser.parse_args(argv)
    output = options.output.absolute()
    keep_apart(output, {"size": options.size})
    found: dict[str, list[dict[str, Any]]] = {"cut": [], "large": []}
    for name, photo in by_name(options.photos).items():
        found["cut"].append(do_cut(photo.absolute(), output, options.size))
        say(f"{name}: {found['cut'][-1]['figures'][OURS]['seconds']:.1f} s")
    for name, photo in by_name(options.large).items():
        found["large"].append(do_large(photo.absolute(), output))
        say(f"{name}: {found['large'][-1]['seconds']:.1f} s")
    print_json("extend", {"size": options.size, **found})


if __name__ == "__main__":
    run(main)
