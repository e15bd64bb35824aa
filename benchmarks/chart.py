"""Plots the time and peak memory of sampling against the image size.

    python -m benchmarks.chart sampling.json memory.json --output sampling.svg

The files are what `benchmarks.sampling` and `benchmarks.memory` printed. Needs matplotlib, which
comes with the extra `benchmarks`.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._common import existing_file, run
from internal_gan.errors import UserError
from internal_gan.files import read_json_object


def points(rows: Sequence[Mapping[str, Any]], figure: str) -> list[tuple[float, float]]:
    """Megapixels and the median of a figure, smallest image first."""
    return sorted((r["size"][0] * r["size"][1] / 1e6, r[figure]["median"]) for r in rows)


def read(path: Path, benchmark: str, part: str) -> list[Mapping[str, Any]]:
    """The measurements in a file that a benchmark printed.

    Raises:
        UserError: the file is from another benchmark.
    """
    record = read_json_object(path)
    if not record or record.get("benchmark") != benchmark or part not in record:
        raise UserError(f"{path}: is not what benchmarks.{benchmark} prints")
    rows: list[Mapping[str, Any]] = record[part]
    return rows


def draw(
    seconds: Sequence[tuple[float, float]], memory: Sequence[tuple[float, float]], output: Path
) -> None:
    """Two charts side by side, as SVG, PNG or PDF by the name of ``output``.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            "matplotlib is not installed; install the extra with: "
            "pip install 'internal-gan[benchmarks]'"
        ) from error
    figure = Figure(figsize=(8, 3), layout="constrained")
    for axes, values, label in zip(
        figure.subplots(1, 2),
        (seconds, memory),
        ("seconds an image", "peak memory, MiB"),
        strict=True,
    ):
        axes.plot([x for x, _ in values], [y for _, y in values], "o-")
        axes.set(xlabel="megapixels", ylabel=label, xlim=(0, None), ylim=(0, None))
        axes.grid(alpha=0.3)
    figure.savefig(output)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chart", description=__doc__)
    parser.add_argument("sampling", type=existing_file)
    parser.add_argument("memory", type=existing_file)
    parser.add_argument("--output", type=Path, required=True, help="such as sampling.svg")
    options = parser.parse_args(argv)
    seconds = points(read(options.sampling, "sampling", "results"), "seconds")
    memory = points(read(options.memory, "memory", "sampling"), "peak_mib")
    draw(seconds, memory, options.output)


if __name__ == "__main__":
    run(main)
