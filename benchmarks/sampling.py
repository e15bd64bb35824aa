"""Images and megapixels per second of sampling, by output size.

    python -m benchmarks.sampling > sampling.json

The model has random weights, which cost the same as trained ones.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from benchmarks._common import (
    OUTPUT_SIZES,
    PHOTO,
    existing_file,
    positive,
    print_json,
    run,
    say,
    shown,
    size,
    spread,
)
from benchmarks._models import device_name, untrained
from internal_gan.errors import UserError
from internal_gan.models.singan.model import SinGAN
from internal_gan.models.singan.sampling import samples
from internal_gan.report.table import as_markdown
from internal_gan.units import Size


def measure(model: SinGAN, sizes: Sequence[Size], rounds: int) -> list[dict[str, Any]]:
    """Sample every size in turn, ``rounds`` times after a round that does not count."""
    seconds: list[list[float]] = [[] for _ in sizes]
    for number in range(rounds + 1):
        for wanted, found in zip(sizes, seconds, strict=True):
            start = time.perf_counter()
            next(samples(model, 1, wanted, seed=number))
            if number:
                found.append(time.perf_counter() - start)
        say(f"round {number} of {rounds}")
    return [
        {
            "size": (height, width),
            "seconds": spread(found),
            "images_per_second": spread([1 / s for s in found]),
            "megapixels_per_second": spread([height * width / 1e6 / s for s in found]),
        }
        for (height, width), found in zip(sizes, seconds, strict=True)
    ]


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds of a sample by its size."""
    rows = [
        {
            "size": "x".join(map(str, found["size"])),
            "seconds a sample": shown(found["seconds"]),
            "megapixels a second": shown(found["megapixels_per_second"]),
        }
        for found in record["results"]
    ]
    return {"sizes": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--sizes", type=size, nargs="+", default=OUTPUT_SIZES, metavar="HxW")
    parser.add_argument("--overrides", nargs="+", default=[], help="such as device=cuda")
    parser.add_argument("--photo", type=existing_file, default=PHOTO)
    parser.add_argument(
        "--photo-size", type=size, default=(188, 250), help="size of the photo in training"
    )
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--threads", type=positive, default=torch.get_num_threads())
    options = parser.parse_args(argv)

    torch.set_num_threads(options.threads)
    model = untrained(options.overrides, options.photo, options.photo_size)
    if not isinstance(model, SinGAN):
        raise UserError("only SinGAN draws samples; --overrides names another model")
    about = {
        "overrides": options.overrides,
        "photo_size": options.photo_size,
        "threads": options.threads,
        "device": device_name(model.device),
    }
    print_json("sampling", about | {"results": measure(model, options.sizes, options.rounds)})


if __name__ == "__main__":
    run(main)
