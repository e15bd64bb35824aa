"""Patch search, and the pictures finished with it: seconds, distances and figures.

    OMP_NUM_THREADS=1 python -m benchmarks.patches > patches.json

Every photo is searched for the patches of its own mirror image. Distances are relative to those of
an exact search, for all patches of photos up to 250x250 pixels and for a random choice in larger
ones. Then each photo is finished from its mirror image shrunk to 60 pixels, as if that were a
network's output. One thread; seconds are processor time.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks._common import ROOT, existing_file, positive, print_json, run, say, shown, spread
from internal_gan.finishing.compilation import compile_loops
from internal_gan.finishing.drawing import Indices, finish
from internal_gan.finishing.seams import seam_figure
from internal_gan.images.files.image import read_image, to_uint8
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.patches.exact import nearest_patches, patches_at
from internal_gan.patches.fast import PATCH, Image, Index, Places, grid, search
from internal_gan.patches.statistics import SHRINKS, sliced_wasserstein
from internal_gan.report.table import as_markdown

PHOTOS = sorted((ROOT / "examples" / "photos").glob("*.jpg"))
# Patches that are searched for exactly: all of them up to 250x250 pixels, else a random choice.
ALL, CHOSEN = 60_000, 1000
DRAWING = 60

# Returns the matches of all patches of a target, (h, w, 2).
Search = Callable[[Image, Image], Places]


def ours(target: Image, photo: Image) -> Places:
    return search(target, Index(photo)).places


def pixels_of(image: Image) -> Tensor:
    """(1, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(image.astype(np.float32) / 127.5 - 1).movedim(-1, 0)[None]


def exact_distances(target: Image, photo: Image) -> tuple[Tensor, Tensor]:
    """Places in a target, (n,), and the root mean squared errors of their nearest patches."""
    count = math.prod(grid((target.shape[0], target.shape[1])))
    places = torch.arange(count)
    if count > ALL:
        places = torch.randperm(count, generator=torch.Generator().manual_seed(0))[:CHOSEN]
    known = torch.arange(math.prod(grid((photo.shape[0], photo.shape[1]))))
    errors, _ = nearest_patches(pixels_of(target), places, pixels_of(photo), known, PATCH)
    return places, errors


def distances(target: Image, photo: Image, matches: Places, places: Tensor) -> Tensor:
    """Root mean squared errors of matches, (n,)."""
    columns = grid((photo.shape[0], photo.shape[1]))[1]
    match = torch.from_numpy(matches.reshape(-1, 2).astype(np.int64))[places]
    own = patches_at(pixels_of(target), places, PATCH)
    theirs = patches_at(pixels_of(photo), match[:, 0] * columns + match[:, 1], PATCH)
    errors: Tensor = (own - theirs).norm(dim=1) / (2 * math.sqrt(own.shape[1]))
    return errors


def at_size(path: Path, longest: int) -> Image:
    photo = read_image(path, longest=longest)
    pixels = resize(photo.pixels, fit_size(photo.size, longest)).clamp(-1, 1)
    return np.ascontiguousarray(to_uint8(pixels)[0].movedim(0, -1).numpy())


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


class Stopwatch:
    """Processor seconds of blocks of code."""

    def __init__(self) -> None:
        self.seconds = list[float]()

    @contextmanager
    def running(self) -> Iterator[None]:
        started = time.process_time()
        yield
        self.seconds.append(time.process_time() - started)


def compare_searches(photos: Sequence[Image], rounds: int) -> dict[str, Any]:
    """For each method the seconds of a search, and its mean distance over the exact search's."""
    methods: dict[str, Search] = {"coherent": ours}
    whole = all(math.prod(grid((photo.shape[0], photo.shape[1]))) <= ALL for photo in photos)
    exact, watches = Stopwatch(), {name: Stopwatch() for name in methods}
    ratios: dict[str, list[float]] = {name: [] for name in methods}
    for photo in photos:
        target = mirrored(photo)
        with exact.running():
            places, least = exact_distances(target, photo)
        for name, method in methods.items():
            for _ in range(rounds):
                with watches[name].running():
                    matches = method(target, photo)
            found = distances(target, photo, matches, places)
            ratios[name].append(float(found.mean() / least.mean()))
            say(f"{photo.shape[0]}x{photo.shape[1]} {name}: {watches[name].seconds[-1]:.2f} s")
    table: dict[str, Any] = {
        name: {"seconds": spread(watch.seconds), "distance_ratio": spread(ratios[name])}
        for name, watch in watches.items()
    }
    if whole:
        table["exact"] = {"seconds": spread(exact.seconds)}
    return table


def finished_photos(photos: Sequence[Image], rounds: int) -> dict[str, Any]:
    """The mean figures of finished pictures over the photos."""
    watch, found = Stopwatch(), list[dict[str, float]]()
    for photo in photos:
        size = (photo.shape[0], photo.shape[1])
        small = resize(pixels_of(mirrored(photo)), fit_size(size, DRAWING)).clamp(-1, 1)
        drawing = np.ascontiguousarray(to_uint8(small)[0].movedim(0, -1).numpy())
        for _ in range(rounds):
            with watch.running():
                done = finish(drawing, Indices(photo), size)
        seams = seam_figure(done.pixels, done.origins, photo)
        figures = {"seams": seams, "largest_piece": done.largest_piece}
        for shrink in SHRINKS:
            real, made = pixels_of(photo), pixels_of(done.pixels)
            figures[f"swd{shrink}"] = sliced_wasserstein(real, made, shrink=shrink)
        figures["exact"] = float(done.exact.mean())
        found.append(figures)
        say(f"{size[0]}x{size[1]} finished: {watch.seconds[-1]:.2f} s")
    means = {name: float(f"{fmean(row[name] for row in found):.4g}") for name in found[0]}
    return {"seconds": spread(watch.seconds), **means}


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Searches compared with an exact one, and finished pictures, by the photos' long side."""
    searches = [
        {
            "long side": longest,
            "method": name,
            "seconds": shown(found["seconds"]),
            "distance": shown(found["distance_ratio"], 4) if "distance_ratio" in found else "1",
        }
        for longest, methods in record.get("search", {}).items()
        for name, found in methods.items()
    ]
    finished = [
        {"long side": longest}
        | {
            figure: shown(value) if isinstance(value, Mapping) else f"{value:.3g}"
            for figure, value in found.items()
        }
        for longest, found in record.get("finished", {}).items()
    ]
    return {"search": as_markdown(searches), "finished": as_markdown(finished)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patches", description=__doc__)
    parser.add_argument("--photos", type=existing_file, nargs="+", default=PHOTOS)
    help = "long sides of the photos, in pixels"
    parser.add_argument("--sizes", type=positive, nargs="+", default=[250], help=help)
    parser.add_argument("--rounds", type=positive, default=3, help="searches of each photo")
    parts = ("search", "finished")
    parser.add_argument("--parts", choices=parts, nargs="+", default=parts)
    options = parser.parse_args(argv)

    torch.set_num_threads(1)
    with suppress(RuntimeError):  # torch may have started its threads already
        torch.set_num_interop_threads(1)
    compile_loops(say)
    comparisons = {"search": compare_searches, "finished": finished_photos}
    found: dict[str, Any] = {part: {} for part in options.parts}
    for longest in options.sizes:
        photos = [at_size(path, longest) for path in options.photos]
        for part, results in found.items():
            results[str(longest)] = comparisons[part](photos, options.rounds)
    print_json("patches", {"photos": [path.name for path in options.photos], **found})


if __name__ == "__main__":
    run(main)
