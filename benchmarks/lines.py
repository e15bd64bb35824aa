"""Do lines help EdgeConnect to fill holes that cut long ones: none, its own, or the true ones?

    python -m benchmarks.lines --photos mountains.jpg house.jpg --output lines/

HOLES has the holes by the photos' names. The command line trains a model around all holes of a
photo. Each hole is then filled three times: with no lines, with the edge network's lines, and with
the true ones. If stopped or killed, run the same command again to continue.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from benchmarks._common import (
    by_name,
    environment,
    keep_apart,
    kept,
    positive,
    run,
    training_parser,
)
from benchmarks._continuity import continuity
from benchmarks._processes import Job, Processes, report
from benchmarks.inpainting import write_photo
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.finishing.part import finish_inside
from internal_gan.finishing.part_finisher import DECIDES, guide_of
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.masks import write_mask
from internal_gan.images.resize import size_of
from internal_gan.judging.fidelity import judge_hole
from internal_gan.models.edgeconnect.model import OWN_LINES, EdgeConnect, evidence, guiding_lines
from internal_gan.report.table import as_markdown
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.model_file import load_model

# Top, left, height and width in pixels, in the photo with a long side of SIDE.
SIDE = 128
HOLES: dict[str, list[tuple[int, int, int, int]]] = {
    "mountains": [(4, 50, 24, 30), (54, 98, 18, 16)],  # ridge, border of a meadow
    "dune": [(14, 30, 26, 34), (16, 88, 22, 22)],  # horizon
    "house": [(16, 66, 24, 22), (32, 92, 22, 24)],  # gable, eaves
    "fruit": [(22, 44, 22, 40)],  # rims of crates
    "corn": [(24, 26, 34, 30)],  # both sides of a cob, one side of the next
    "22": [(30, 14, 26, 30), (62, 10, 28, 26)],  # foot of a wall, border of a shadow
    "5": [(62, 18, 24, 24)],  # kerb
    "24": [(40, 8, 22, 36)],  # horizon
}
GUIDES = ("none", "own", "true")
STEPS = ("drawn", "finished")
FIGURES = {"gap": 1, "angle": 1, "lines": -1, "l1": 1, "patches": 1}  # 1: lower is better


def holes_of(name: str, photo: Tensor) -> list[Tensor]:
    """The holes in a photo (1, 3, H, W), each (1, 1, H, W), 1 inside and 0 elsewhere."""
    factor = max(size_of(photo)) / SIDE
    made = []
    for box in HOLES[name]:
        top, left, height, width = (round(factor * side) for side in box)
        hole = torch.zeros_like(photo[:, :1])
        hole[..., top : top + height, left : left + width] = 1.0
        made.append(hole)
    return made


def fill(
    model: EdgeConnect, photo: Tensor, hole: Tensor, excluded: Tensor, guide: str
) -> tuple[Tensor, Tensor]:
    """The filling of a hole and the lines that guided it; see :data:`GUIDES`."""
    edges, network = None, model.edge_network
    if guide == "true":
        edges = model.find_edges(photo, torch.zeros_like(hole))
    try:
        if guide == "none":
            model.edge_network = None
        return model.inpaint(photo, hole, edges=edges, excluded=excluded)
    finally:
        model.edge_network = network


def finished(
    drawing: Tensor, hole: Tensor, excluded: Tensor, lines: Tensor | None = None
) -> Tensor:
    """A drawing with its hole rebuilt from the photo's pixels, as by ``finish.detail=patches``;
    ``lines`` (1, 1, H, W) guide the choice of patches."""
    done = finish_inside(
        levels_of(drawing, 255),
        hole[0, 0].numpy() > 0,
        excluded[0, 0].numpy() > 0,
        guide=None if lines is None else guide_of(lines),
        shortest=DECIDES * min(size_of(drawing)),
    )
    if done is None:
        return drawing
    result = drawing.clone()
    here = (..., *done.window)
    result[here] = torch.where(hole[here] > 0, pixels_of(done.pixels), drawing[here])
    return result


@kept(lambda job, *_: job.result)
def do_job(
    job: Job, overrides: Sequence[str], threads: int, processes: Processes
) -> dict[str, Any]:
    """Train, fill every hole with every guide, and judge."""
    photo = read_image(job.image).pixels
    holes = holes_of(job.photo, photo)
    excluded = torch.stack(holes).amax(dim=0)
    mask = make_folder(job.output / "holes") / f"{job.photo}.png"
    write_mask(mask, excluded)
    job.train(processes, threads, *overrides, f"mask={mask}")
    folder = RunFolder(job.run)
    model = load_model(folder.model_path)
    if not isinstance(model, EdgeConnect):
        raise UserError(f"{job.run}: not a model of EdgeConnect")
    detector = model.detector
    if detector is None:
        raise UserError(f"{job.run}: a model without edges; needs one with model/edges=")
    judged, rows = [], []
    for hole in holes:
        figures: dict[str, dict[str, dict[str, float]]] = {step: {} for step in STEPS}
        row = [torch.where(hole > 0, torch.zeros_like(photo), photo)]
        for guide in GUIDES:
            drawing, lines = fill(model, photo, hole, excluded, guide)
            own = guide == "own"
            inside = guiding_lines(evidence(lines, hole)) if own else lines
            weight = OWN_LINES if own else 1.0
            found = model.find_edges(photo, excluded)
            guiding = weight * torch.where(hole > 0, inside, found)
            filled = finished(drawing, hole, excluded, None if guide == "none" else guiding)
            made = dict(zip(STEPS, (drawing, filled), strict=True))
            for step, picture in made.items():
                figures[step][guide] = judge_hole(photo, picture, hole) | continuity(
                    detector, photo, picture, hole
                )
            row += [lines.expand(-1, 3, -1, -1) * 2 - 1, *made.values()]
        judged.append(figures)
        rows.append(torch.cat([*row, photo], dim=3))
    write_image(make_folder(job.output / "sheets") / f"{job.name}.png", torch.cat(rows, dim=2))
    return {
        "photo": job.photo,
        "seed": job.seed,
        "holes": judged,
        "seconds": folder.status().get("seconds"),
        "environment": environment(),
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Means over all holes and seeds, with how often lines are better than none."""
    return {"means": as_markdown(list(_means(record["results"])))}


def _means(results: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    holes = [hole for result in results for hole in result["holes"]]
    for step in STEPS:
        for guide in GUIDES:
            row = {"result": step, "guide": guide}
            for name, sign in FIGURES.items():
                pairs = [(hole[step][guide][name], hole[step]["none"][name]) for hole in holes]
                known = [pair for pair in pairs if not any(map(math.isnan, pair))]
                row[name] = f"{fmean(mine for mine, _ in known):.3g}" if known else ""
                if guide != "none":
                    better = sum(sign * (mine - none) < 0 for mine, none in known)
                    row[name] += f" ({better}/{len(known)})"
            yield row


def prepare(
    photos: Sequence[Path], size: int, output: Path, overrides: Sequence[str]
) -> dict[str, Path]:
    """Write the photos, resized, to ``photos/`` in the output folder; their files by name. A
    UserError if one has no holes in HOLES, or the folder has other settings."""
    named = by_name(photos)
    for name, path in named.items():
        if name not in HOLES:
            raise UserError(f"--photos {path}: no holes are known; allowed: {', '.join(HOLES)}")
    keep_apart(output, {"overrides": overrides, "size": size})
    return {name: write_photo(name, read_image(path), output, size) for name, path in named.items()}


def main(argv: Sequence[str] | None = None) -> None:
    wanted = "photos", "seeds", "jobs"
    parser = training_parser("lines", __doc__, *wanted, overrides="model=edgeconnect")
    parser.add_argument("--size", type=positive, default=SIDE, help="long side of the photos")
    options = parser.parse_args(argv)
    output, overrides, threads = options.output.absolute(), options.overrides, options.threads
    photos = prepare(options.photos, options.size, output, overrides)
    torch.set_num_threads(threads)
    jobs = [
        Job(name, seed, image, output) for seed in options.seeds for name, image in photos.items()
    ]
    work = {job.name: partial(do_job, job, overrides, threads) for job in jobs}
    about = {"overrides": overrides, "size": options.size, "threads": threads}
    report("lines", output, work, {"settings": about}, tables, options.jobs)


if __name__ == "__main__":
    run(main)
