"""The ablations of the three papers, a sweep each: a table over seeds and a grid of images.

    python -m benchmarks.ablations --output ablations/ [NAME ...]

Every sweep is one command, printed when it starts. If stopped or killed, run the same command again
to continue.
"""

import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks._common import add_seeds, print_json, run, say, training_parser, write_summary
from internal_gan.errors import UserError
from internal_gan.report.table import as_markdown

PHOTOS = Path(__file__).resolve().parents[1] / "examples" / "photos"
SINGAN = ("sample.count=4",)
INGAN = ("retarget.scale=[[1.0,0.5],[1.0,2.0]]",)
# The box lies across the foot of the rocks.
EDGECONNECT = ("mask.box=[68,40,36,44]",)


@dataclass(frozen=True)
class Ablation:
    """A sweep over one option.

    Attributes:
        photo: file name of a bundled photo.
        option: the varied option, as named in the sweep's table.
        overrides: of the sweep, without the photo and the seeds.
    """

    photo: str
    option: str
    overrides: Sequence[str]


def _ablation(family: str, name: str, option: str, photo: str, *more: str) -> Ablation:
    always = {"singan": SINGAN, "ingan": INGAN, "edgeconnect": EDGECONNECT}[family]
    return Ablation(photo, option, [f"experiment=ablation/{family}_{name}", *always, *more])


ABLATIONS = {
    "singan-scales": _ablation("singan", "scales", "model.num_scales", "mountains.jpg"),
    "singan-alpha": _ablation("singan", "alpha", "model.reconstruction_weight", "mountains.jpg"),
    "singan-adversarial-loss": _ablation(
        "singan", "adversarial_loss", "model/adversarial_loss", "mountains.jpg"
    ),
    "singan-adversarial-weight": _ablation(
        "singan", "adversarial_weight", "model.adversarial_weight", "mountains.jpg"
    ),
    "ingan-encoder-encoder": _ablation(
        "ingan", "encoder_encoder", "model.cycle_weight", "dandelions.jpg"
    ),
    "ingan-discriminator-scales": _ablation(
        "ingan", "discriminator_scales", "model.discriminator.scales", "dandelions.jpg"
    ),
    "ingan-patch-losses": _ablation("ingan", "patch_losses", "model/patch_loss", "dandelions.jpg"),
    "ingan-adversarial-loss": _ablation(
        "ingan", "adversarial_loss", "model/adversarial_loss", "dandelions.jpg"
    ),
    "edgeconnect-sigma": _ablation(
        *("edgeconnect", "sigma", "model.edges.sigma", "peaks.jpg", "model.edges.sigma=0.5,2,5")
    ),
    "edgeconnect-detectors": _ablation("edgeconnect", "detectors", "model/edges", "peaks.jpg"),
    "edgeconnect-adversarial-loss": _ablation(
        "edgeconnect", "adversarial_loss", "model/adversarial_loss", "peaks.jpg"
    ),
}


def sweep(
    name: str, ablation: Ablation, output: Path, seeds: Sequence[int], more: Sequence[str]
) -> list[dict[str, str]]:
    """Run or continue a sweep, and return the rows of its table.

    Raises:
        UserError: a job failed.
    """
    arguments = [
        *ablation.overrides,
        f"image={PHOTOS / ablation.photo}",
        f"seed={','.join(map(str, seeds))}",
        *more,
        f"output={output / name}",
        "skip_finished=true",
    ]
    say(f"{name}: internal-gan -m {' '.join(arguments)}")
    output.mkdir(parents=True, exist_ok=True)
    log = output / f"{name}.txt"
    with log.open("w", encoding="utf-8") as file:
        command = [sys.executable, "-m", "internal_gan", "-m", *arguments]
        code = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, check=False
        ).returncode
    if code:
        raise UserError(f"{name}: exit code {code}; see {log}")
    with (output / name / "comparison.csv").open(encoding="utf-8", newline="") as file:
        return means(list(csv.DictReader(file)), ablation.option)


def means(jobs: Sequence[Mapping[str, str]], option: str) -> list[dict[str, str]]:
    """A row for each value of an option: the mean of each figure over the seeds ± half the range.

    Raises:
        UserError: the sweep did not vary the option.
    """
    if not jobs or option not in jobs[0]:
        raise UserError(f"{option}: the sweep's table has no such column")
    by_value = defaultdict(list)
    for row in jobs:
        by_value[row[option]].append(row)
    figures = [name for name in jobs[0] if name not in ("job", option, "seed", "state")]
    return [
        {option: value} | {name: _spread([row[name] for row in rows]) for name in figures}
        for value, rows in by_value.items()
    ]


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A table for each sweep, by its name."""
    return {name: as_markdown(rows) for name, rows in record["sweeps"].items()}


def _spread(cells: Sequence[str]) -> str:
    numbers = [float(cell) for cell in cells if cell]
    if not numbers:
        return ""
    half = (max(numbers) - min(numbers)) / 2
    return f"{fmean(numbers):.3g}" + (f" ± {half:.2g}" if len(numbers) > 1 else "")


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("ablations", __doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ABLATIONS))
    add_seeds(parser, 0, 1)
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in ABLATIONS:
            raise UserError(f"{name}: no such ablation; allowed: {', '.join(ABLATIONS)}")
    more = [f"trainer.threads={options.threads}", *options.overrides]
    output = options.output.absolute()
    sweeps = {}
    for name in options.names or ABLATIONS:
        sweeps[name] = sweep(name, ABLATIONS[name], output, options.seeds, more)
        made = tables({"sweeps": sweeps})
        titled = {title: f"## {title}\n\n{table}" for title, table in made.items()}
        write_summary(output, titled)
        say(f"{name}: {output / name / 'comparison.png'}\n{made[name]}")
    print_json(
        "ablations", {"seeds": options.seeds, "overrides": options.overrides, "sweeps": sweeps}
    )


if __name__ == "__main__":
    run(main)
