"""What each option does to a result: its default beside another value.

    python -m benchmarks.options --output options/

Every option that touches the result is tried on a bundled photo with one other value, and one
figure is taken that it should change; pictures of both are in ``sheets/``. The same trials are a
test (tests/tasks/test_options_act.py). If stopped, run the same command again.
"""

import argparse
import contextlib
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from benchmarks._common import ROOT, number, print_json, run, say
from benchmarks.applications import motion
from internal_gan.cli import main as internal_gan
from internal_gan.config.arguments import SHORT, written
from internal_gan.config.options import Options
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.tiling import seams
from internal_gan.patches.statistics import diversity, layout_distances, sharpness
from internal_gan.report.table import as_markdown
from internal_gan.runs.records import read_results, read_status
from internal_gan.shapes import Pixels
from internal_gan.units import by

PHOTOS = ROOT / "examples" / "photos"
# Pixels of white around the photo "framed", and a difference that counts, of pixels in [-1, 1].
FRAME, SEEN = 3, 8 / 127.5
# What a task is given in every trial.
NEEDS: dict[str, str] = {
    "sample": "sample.count=1",
    "retarget": "retarget.shape=[100%,150%]",
    "fill": "mask=hole.png",
    "edit": "edit.image=edited.png mask=hole.png",
    "harmonize": "edit.image=edited.png mask=hole.png",
    "paint": "paint.image=edited.png",
    "animate": "animate.seconds=1 animate.fps=4 animate.format=png",
    "extend": "extend.margins=[0,20%,0,20%]",
    "train": "model=singan sample.count=4",
}


@dataclass(frozen=True)
class Trial:
    """A line of ``options.csv``: an option with another value.

    Attributes:
        task: with which it is tried.
        figure: one of FIGURES.
        change: the overrides; ``~KEY`` takes away what a task is given in every trial.
        before: overrides of the default, too, so that the option can act at all.
        where: the photo, or ``singan``, whose model of the mountains draws; empty: the mountains.
    """

    option: str
    does: str
    task: str
    figure: str
    change: str
    before: str
    where: str


with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as _file:
    _rows = list(csv.DictReader(_file, delimiter=";", restval=""))
TRIALS = {row["option"]: Trial(**row) for row in _rows if row["task"]}
# Options that do not touch the result, or without which there is none.
PLUMBING = {row["option"] for row in _rows if not row["task"]}


def inputs(photo: Image.Image, frame: int = 0) -> None:
    """Write into the working folder the photo, with a white frame, and the files of the trials: a
    photo with a piece copied to another place in other colours, masks and a layer."""

    def box(*fractions: float) -> Any:
        sides = zip(fractions, 2 * photo.size, strict=True)
        return tuple(round(at * side) for at, side in sides)

    photo = photo.convert("RGB")
    boxes = {"hole": (0.38, 0.36, 0.56, 0.64), "other": (0.1, 0.2, 0.26, 0.48)}
    left, top, right, bottom = box(*boxes["hole"])
    red, green, blue = photo.crop((0, top, right - left, bottom)).split()
    edited = photo.copy()
    edited.paste(Image.merge("RGB", (blue, green, red)), (left, top))
    for name, picture in (("photo", photo), ("edited", edited)):
        ImageOps.expand(picture, frame, "white").save(f"{name}.png")
    for name, fractions in {**boxes, "left": (0, 0, 0.5, 1), "line": (0, 0.48, 1, 0.52)}.items():
        mask = Image.new("L", photo.size)
        mask.paste(255, box(*fractions))
        ImageOps.expand(mask, frame).save(f"{name}.png")
    depth = np.asarray(Image.open("photo.png").convert("L")).astype(np.uint16) * 128
    depth += np.random.default_rng(0).integers(0, 257, depth.shape, np.uint16)
    Image.fromarray(depth).save("depth.png")


def command(task: str, changes: str, *more: str) -> list[str]:
    """The words of a task with what it is given in every trial, some of it changed."""
    keys = {change.partition("=")[0].removeprefix("~") for change in changes.split()}
    needs = [one for one in NEEDS.get(task, "").split() if one.partition("=")[0] not in keys]
    return [task, *more, *needs, *(one for one in changes.split() if one[0] != "~")]


@dataclass
class Made:
    """What a command made of the inputs in a folder."""

    inputs: Path
    run: Path
    default: "Made | None" = None

    def given(self, name: str) -> Pixels:
        return read_image(self.inputs / f"{name}.png").pixels

    def mask(self, name: str) -> Any:
        return self.given(name)[0, 0].numpy() > 0

    @cached_property
    def paths(self) -> list[Path]:
        """The results, or the frames of a film."""
        files = {one.file: one.kind for one in read_results(self.run)}
        kind = "result" if "result" in files.values() else "frame"
        return [self.run / file for file, one in files.items() if one == kind]

    @cached_property
    def pictures(self) -> list[Pixels]:
        return [read_image(path).pixels for path in self.paths]

    @cached_property
    def places(self) -> Any:
        """(H, W, 2), the row and column in the photo of each pixel of the first result."""
        return read_origin(origin_path(self.paths[0])).places


def _percent(share: Any) -> str:
    return f"{100 * float(share):.3g} %"


def _differs(made: Made) -> str:
    if made.default is None:
        return ""
    new, old = (one.pictures[0] for one in (made, made.default))
    same = new.shape == old.shape
    return _percent(((new - old).abs().amax(dim=1) > SEEN).float().mean()) if same else "all"


def _layout(made: Made) -> float:
    found = [layout_distances(made.given("photo"), one, (15, 21)) for one in made.pictures]
    return fmean(distance for one in found for distance in one.values())


def _near(made: Made) -> str:
    pair = [resize(one, (24, 32)) for one in (made.pictures[0], made.given("edited"))]
    return _percent((pair[0] - pair[1]).abs().mean() / 2)


def _colour(made: Made) -> str:
    inside = made.pictures[0][..., torch.from_numpy(made.mask("hole"))].mean(dim=-1)
    return _percent((inside - made.given("photo").mean(dim=(2, 3))).abs().mean() / 2)


def _avoided(made: Made) -> str:
    new, left = made.mask("hole"), made.mask("left")
    if made.places.shape[:2] != new.shape:  # a photo in the middle of a wider picture
        beside = (made.places.shape[1] - new.shape[1]) // 2
        new = np.ones(made.places.shape[:2], bool)
        new[:, beside:-beside] = False
    return _percent(left[made.places[..., 0], made.places[..., 1]][new].mean())


def _whole(made: Made) -> str:
    kept, own = made.mask("other"), np.moveaxis(np.indices(made.places.shape[:2]), 0, 2)
    moved = (made.places - own)[kept[made.places[..., 0], made.places[..., 1]]]
    return _percent(np.unique(moved, axis=0, return_counts=True)[1].max(initial=0) / kept.sum())


FIGURES: dict[str, Callable[[Made], float | str]] = {
    "size": lambda made: by(size_of(made.pictures[0])),
    "pictures": lambda made: len(made.paths),
    "files": lambda made: sum(path.is_file() for path in made.run.rglob("*")),
    "kB": lambda made: sum(path.stat().st_size for path in made.run.glob("[sa][an]*/*.*")) / 1e3,
    "differs": _differs,
    "layout": _layout,
    "diversity": lambda made: diversity(made.given("photo"), torch.cat(made.pictures)),
    "sharpness": lambda made: sharpness(made.given("photo"), made.pictures[0]),
    "border": lambda made: max(seams(made.pictures[0], (True, True)).values()),
    "moves": lambda made: motion(torch.cat(made.pictures))["second"],
    "joint": lambda made: motion(torch.cat(made.pictures))["joint"],
    "near": _near,
    "colour": _colour,
    "avoided": _avoided,
    "whole": _whole,
}


def made_by(words: Sequence[str], folder: Path, name: str) -> Made:
    """What a command makes, in the inputs' folder."""
    name = re.sub(r"\W+", "-", name).strip("-")
    place = folder / "runs" / name
    if read_status(place / "status.json").get("state") != "finished":
        say(" ".join(words))
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            try:
                internal_gan([*words, f"output=runs/{name}"])
            except SystemExit as end:
                if end.code:
                    raise UserError(f"{' '.join(words)}: exit code {end.code}") from end
    return Made(folder, place)


def do_trial(trial: Trial, output: Path) -> dict[str, Any]:
    """An option's row."""
    family, photo = (trial.where, "") if trial.where == "singan" else ("", trial.where)
    folder = make_folder(output / (photo or "mountains"))
    if not (folder / "depth.png").is_file():
        frame = FRAME if photo == "framed" else 0
        file = PHOTOS / f"{'mountains' if frame else folder.name}.jpg"
        with Image.open(file) as picture, contextlib.chdir(folder):
            inputs(picture, frame)
    source = "checkpoint=runs/train" if family else "image=photo.png"
    if family:
        made_by(command("train", "", "image=photo.png"), folder, "train")
    default, other = (
        made_by(command(trial.task, words, source), folder, f"{trial.task} {family} {words}")
        for words in (trial.before, trial.change)
    )
    other.default = default
    _sheet(make_folder(output / "sheets") / f"{trial.option}.png", default, other)
    found = map(FIGURES[trial.figure], (default, other))
    return dict(zip(("option", "default", "other"), (trial.option, *found), strict=True))


def _sheet(path: Path, *both: Made) -> None:
    """The last picture of a default, and that of the other value."""
    pair = [Image.open(one.paths[-1]).convert("RGBA") for one in both]
    sheet = Image.new("RGB", (sum(one.width for one in pair), max(one.height for one in pair)))
    for left, one in zip((0, pair[0].width), pair, strict=True):
        sheet.paste(one, (left, 0), one)
    sheet.save(path)


def _value(trial: Trial) -> str:
    """The default and the other value, as written."""

    def values(words: str) -> dict[str, str]:
        pairs = (word.partition("=") for word in words.split())
        return {SHORT.get(key, key): value for key, _, value in pairs}

    before = values(f"{NEEDS.get(trial.task)} {trial.before}")
    default = before.get(trial.option, written(attrgetter(trial.option)(Options())))
    return f"{default} → {values(trial.change)[trial.option]}"


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The options that act on the result."""
    rows = []
    for row in record["rows"]:
        trial, both = TRIALS[row["option"]], (row["default"], row["other"])
        default, other = (one if isinstance(one, str) else number(one) for one in both)
        cells = {"option": f"`{trial.option}`", "default → other": _value(trial)}
        cells |= {"what it does": trial.does, "figure": trial.figure}
        rows.append(cells | {"default": default, "other": other})
    return {"acting": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.options", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder for runs and sheets")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="some options")
    options = parser.parse_args(argv)
    chosen = [one for one in TRIALS.values() if any(word in one.option for word in options.only)]
    rows = [do_trial(one, options.output.absolute()) for one in chosen]
    print_json("options", {"rows": rows})


if __name__ == "__main__":
    run(main)
