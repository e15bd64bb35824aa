"""Seconds of a drawing by SinGAN and by the closed form, by size.

    python -m benchmarks.sampling > sampling.json

The model has random weights, which cost the same as trained ones. The closed form draws sizes of up
to --largest pixels.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks._common import (
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
from internal_gan.config.arguments import prepare
from internal_gan.config.build import build
from internal_gan.config.compose import compose
from internal_gan.device import prepare_device
from internal_gan.errors import UserError
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import resize
from internal_gan.models.base import Model, Recipe
from internal_gan.models.patches.layout import layout
from internal_gan.models.singan.model import SinGAN
from internal_gan.report.table import as_markdown
from internal_gan.units import Size, three_digits

SIZES = ((45, 60), (90, 120), (188, 250), (500, 500), (1000, 1000), (2000, 2000))


def untrained(overrides: Sequence[str], photo: Path, size: Size) -> Model:
    """The model that a command would train on a photo resized to ``size``, with all stages as after
    training, but random weights."""
    options = compose(prepare(overrides))
    device, _ = prepare_device(options.device)
    recipe: Recipe = build(options.model)
    model = recipe.prepare(resize(read_image(photo).pixels, size).clamp(-1, 1).to(device))
    model.restore(model.metadata() | {"finished": model.num_stages})
    return model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def measure(model: SinGAN, sizes: Sequence[Size], rounds: int) -> list[dict[str, Any]]:
    """Sample every size in turn, ``rounds`` times after a round that does not count."""
    seconds: list[list[float]] = [[] for _ in sizes]
    for number in range(rounds + 1):
        for wanted, found in zip(sizes, seconds, strict=True):
            start = time.perf_counter()
            next(model.samples(1, wanted, seed=number))
            if number:
                found.append(time.perf_counter() - start)
        say(f"round {number} of {rounds}")
    return [
        {
            "size": (height, width),
            "seconds": spread(found),
            "megapixels_per_second": spread([height * width / 1e6 / s for s in found]),
        }
        for (height, width), found in zip(sizes, seconds, strict=True)
    ]


def measure_formula(photo: Tensor, largest: int, result: dict[str, Any]) -> None:
    """Add the seconds of one drawing by the closed form, if the result's size is small enough."""
    height, width = result["size"]
    if height * width <= largest:
        small = resize(photo, (height, width)).clamp(-1, 1)
        start = time.perf_counter()
        layout(small, (height, width), torch.Generator().manual_seed(0))
        result["formula_seconds"] = time.perf_counter() - start
        say(f"closed form at {height}x{width}")


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """Seconds of a drawing by its size."""
    rows = []
    for found in record["results"]:
        row = {
            "size": "x".join(map(str, found["size"])),
            "seconds, SinGAN": shown(found["seconds"]),
            "megapixels a second": shown(found["megapixels_per_second"]),
        }
        seconds = found.get("formula_seconds")
        times = None if seconds is None else seconds / found["seconds"]["median"]
        row["seconds, closed form"] = three_digits(seconds)
        row["SinGAN's drawings in that time"] = three_digits(times)
        rows.append(row)
    return {"sizes": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("--sizes", type=size, nargs="+", default=SIZES, metavar="HxW")
    parser.add_argument("--largest", type=positive, default=90 * 120)
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
        "device": model.device.type if model.device.type == "cpu" else torch.cuda.get_device_name(),
    }
    results = measure(model, options.sizes, options.rounds)
    photo = read_image(options.photo).pixels
    for result in results:
        measure_formula(photo, options.largest, result)
    print_json("sampling", about | {"results": results})


if __name__ == "__main__":
    run(main)
