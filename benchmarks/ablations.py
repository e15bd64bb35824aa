"""The ablations of the three papers, a sweep each, over photos and seeds.

    python -m benchmarks.ablations --output ablations/ [NAME ...]

Every sweep is one command, printed when it starts. If stopped or killed, run the same command again
to continue.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import internal_gan
from benchmarks._common import ROOT, print_json, run, say, training_parser, write_summary
from internal_gan.errors import UserError
from internal_gan.judging.compare import Row
from internal_gan.report.table import as_differences, as_markdown, as_rows, settings_of
from internal_gan.tasks.compare import APART, PERFECT, SPREAD

PHOTOS = [
    ROOT / "examples" / "photos" / f"{name}.jpg" for name in ("dandelions", "mountains", "peaks")
]
# By family. The box lies across the stem, the edge of the meadow, and the foot of the rocks.
ALWAYS = {
    "singan": ["sample.count=4"],
    "ingan": ["retarget.shape=[[100%,50%],[100%,200%]]"],
    "edgeconnect": ["mask.box=[80,40,36,44]"],
}
# The sweeps, with their values if they are not those of conf/experiment/ablation.
ABLATIONS: dict[str, list[str]] = {
    "singan-scales": [],
    "singan-alpha": ["model.reconstruction_weight=0,10,100"],
    "ingan-encoder-encoder": ["model.cycle_weight=0,1"],
    "ingan-adversarial-loss": ["model/adversarial_loss=lsgan,wgan_lp,hinge"],
    "edgeconnect-detectors": [],
    "edgeconnect-sigma": ["model.edges.sigma=0.5,2,5"],
}


def overrides_of(name: str) -> list[str]:
    """A sweep without its photos and seeds."""
    always = ALWAYS[name.partition("-")[0]]
    return [f"experiment=ablation/{name.replace('-', '_')}", *always, *ABLATIONS[name]]


def sweep(name: str, output: Path, seeds: Sequence[int], more: Sequence[str]) -> list[Row]:
    """Run or continue a sweep, and return what its comparison knows of each run."""
    arguments = [
        *overrides_of(name),
        f"image={','.join(map(str, PHOTOS))}",
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
    return internal_gan.compare(output / name)


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The tables of each sweep: its settings, and their differences from the first."""
    return {name: _table(rows) for name, rows in record["sweeps"].items()}


def _table(rows: Sequence[Row]) -> str:
    columns = list(rows[0])
    at = columns.index("state")
    options = [name for name in columns[1:at] if name != "photo"]
    # Seconds depend on what else the machine does.
    figures = [name for name in columns[at + 1 :] if name != "seconds"]
    settings = settings_of(rows, options, figures)
    text = f"{as_markdown(as_rows(settings, PERFECT))}\n{SPREAD}\n"
    if apart := as_markdown(as_differences(settings)):
        text += f"\n{apart}\n{APART.format(settings[0].name)}\n"
    return text


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("ablations", __doc__, "seeds")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ABLATIONS))
    parser.set_defaults(seeds=[0, 1, 2])
    options = parser.parse_args(argv)
    for name in options.names:
        if name not in ABLATIONS:
            raise UserError(f"{name}: no such ablation; allowed: {', '.join(ABLATIONS)}")
    more = [f"trainer.threads={options.threads}", *options.overrides]
    output = options.output.absolute()
    sweeps = {}
    for name in options.names or ABLATIONS:
        sweeps[name] = sweep(name, output, options.seeds, more)
        made = tables({"sweeps": sweeps})
        write_summary(output, {title: f"## {title}\n\n{made[title]}" for title in made})
        say(f"{name}: {output / name / 'comparison.png'}\n{made[name]}")
    print_json(
        "ablations", {"seeds": options.seeds, "overrides": options.overrides, "sweeps": sweeps}
    )


if __name__ == "__main__":
    run(main)
