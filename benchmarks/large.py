"""Large photos: quality and cost of a sample at the photo's own resolution.

    python -m benchmarks.large --photos mountains.jpg dune.jpg --output large/

The command line trains on each photo. Then one command draws a sample at the photo's own resolution
and another one a sample of 250 pixels; the cost of a megapixel is the difference between the two.
If stopped or killed, run the same command again to continue. Linux and macOS only.
"""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks._common import (
    by_name,
    environment,
    keep_apart,
    kept,
    run,
    training_parser,
)
from benchmarks._processes import Processes, report
from benchmarks.commands import cost_of
from internal_gan.files import make_folder
from internal_gan.finishing.origin import origin_path, read_origin
from internal_gan.images.files.image import read_image
from internal_gan.images.resize import size_of
from internal_gan.judging.figures import judge_pieces
from internal_gan.patches.statistics import sharpness
from internal_gan.report.table import as_markdown

# Long side of the small sample, in pixels.
SMALL = 250
# Side of the windows in which sharpness is compared, in pixels.
WINDOW = 256
PERCENTILES = (10, 50, 90)


def gradients(image: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The mean absolute gradient of each window of an image (1, 3, H, W), row by row."""
    gray = image.mean(dim=1)
    across = gray.diff(dim=-1, append=gray[..., -1:]).abs()
    down = gray.diff(dim=-2, append=gray[..., -1:, :]).abs()
    steps = (across + down)[0]
    rows, columns = (max(1, side // WINDOW) for side in steps.shape)
    windows = steps[: rows * WINDOW, : columns * WINDOW]
    parts = [part for row in windows.tensor_split(rows, 0) for part in row.tensor_split(columns, 1)]
    return np.array([float(part.mean()) for part in parts])


def judge(photo: Path, sample: Path) -> dict[str, Any]:
    """The figures of a sample of the photo's own size."""
    real, made = read_image(photo).pixels, read_image(sample).pixels
    pieces = judge_pieces(made, read_origin(origin_path(sample)), real)
    windows = [np.percentile(gradients(image), PERCENTILES) for image in (made, real)]
    return {
        "sharpness": sharpness(real, made),
        "window_sharpness": (windows[0] / windows[1]).tolist(),
        **pieces,
    }


@kept(lambda photo, output, *_: output / "results" / f"{photo.stem}.json")
def do_photo(
    photo: Path, output: Path, overrides: Sequence[str], threads: int, processes: Processes
) -> dict[str, Any]:
    """Train, sample twice, and judge."""
    name = photo.stem
    folder, log = output / "runs" / name, output / "logs" / f"{name}.txt"
    processes.train(folder, [*overrides, f"image={photo}", "sample.count=1"], log, threads)
    costs, samples = {}, {}
    for resolution in (str(SMALL), "photo"):
        drawn = make_folder(output / "samples") / f"{name}-{resolution}"
        shutil.rmtree(drawn, ignore_errors=True)  # of a benchmark that was killed
        command = ["task=sample", f"checkpoint={folder}", "sample.count=1"]
        command.append(f"finish.resolution={resolution}")
        costs[resolution] = cost_of(command, drawn, OMP_NUM_THREADS=str(threads))
        samples[resolution] = drawn / "sample" / "000.png"
    small, large = (size_of(read_image(samples[key]).pixels) for key in (str(SMALL), "photo"))
    pixels = large[0] * large[1] - small[0] * small[1]
    least, most = costs[str(SMALL)], costs["photo"]
    return {
        "photo": name,
        "size": large,
        "seconds_a_megapixel": (most.processor - least.processor) / pixels * 1e6,
        "bytes_a_pixel": (most.memory - least.memory) / pixels,
        "figures": judge(photo, samples["photo"]),
        "environment": environment(),
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A row for each photo."""
    rows = []
    for result in record["results"]:
        figures = result["figures"]
        rows.append(
            {
                "photo": result["photo"],
                "megapixels": f"{result['size'][0] * result['size'][1] / 1e6:.1f}",
                "seconds a megapixel": f"{result['seconds_a_megapixel']:.2f}",
                "bytes a pixel": f"{result['bytes_a_pixel']:.0f}",
                "sharpness": f"{figures['sharpness']:.2f}",
                "sharpness of windows": " / ".join(
                    f"{value:.2f}" for value in figures["window_sharpness"]
                ),
                "seams": f"{figures['seams']:.2f}",
                "largest piece": f"{figures['largest_piece']:.2f}",
            }
        )
    return {"photos": as_markdown(rows)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("large", __doc__, "photos")
    options = parser.parse_args(argv)
    output, photos = options.output.absolute(), by_name(options.photos)
    keep_apart(output, {"overrides": options.overrides})
    torch.set_num_threads(options.threads)
    jobs = {
        name: partial(do_photo, photo, output, options.overrides, options.threads)
        for name, photo in photos.items()
    }
    about = {"overrides": options.overrides, "threads": options.threads}
    report("large", output, jobs, about, tables)


if __name__ == "__main__":
    run(main)
