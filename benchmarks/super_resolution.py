"""Super-resolution compared with interpolation: photos are shrunk, then enlarged again.

    python -m benchmarks.super_resolution --photos photos/ --output table/ --factor 4

Each shrunk photo is enlarged from its own patches.
"""

import argparse
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

import internal_gan
from benchmarks._common import given_photos, means, print_json, run, write_summary
from benchmarks._niqe import niqe
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import psnr, ssim
from internal_gan.report.table import as_markdown
from internal_gan.units import Size

# The network is no longer trained here: its figures are of an earlier record.
METHODS = ("original", "bicubic", "lanczos", "network", "patches")
DECIMALS = {"rmse": 2, "psnr": 2, "ssim": 4, "niqe": 2}

Figures = dict[str, float]


def shrink(original: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """Shrink a photo (1, 3, H, W) to 1/factor of its sides, rounded down, and to 8 bits; also
    returns the photo, cropped at the bottom and right to the size of the enlarged one."""
    sides = original.shape[-2:]
    small = (int(sides[0] / factor), int(sides[1] / factor))
    if min(small) < 1:
        raise UserError(f"{sides[0]}x{sides[1]} pixels are too small to be shrunk by {factor:g}")
    cropped = original[..., : round(small[0] * factor), : round(small[1] * factor)]
    return to_uint8(resize(cropped, small)).float() / 127.5 - 1, cropped


def interpolated(small: Tensor, size: Size) -> dict[str, Tensor]:
    """The small photo enlarged without a model, by bicubic and by Lanczos interpolation."""
    image = Image.fromarray(levels_of(small, 255)).resize(size[::-1], Image.Resampling.LANCZOS)
    lanczos = pixels_of(np.asarray(image))
    return {"bicubic": resize(small, size).clamp(-1, 1), "lanczos": lanczos}


def judge(image: Tensor, original: Tensor | None, factor: float) -> Figures:
    """The figures of an enlarged photo (1, 3, H, W): ``rmse`` over pixels and colours in levels of
    255, ``psnr`` and ``ssim`` of the luma without a border of ``factor`` pixels, if there is an
    original, and ``niqe``, if the image has two blocks for it."""
    figures = {}
    if original is not None:
        rim = math.ceil(factor)
        levels = [to_uint8(pixels).double() for pixels in (original, image)]
        inside = [pixels[..., rim:-rim, rim:-rim] for pixels in (original, image)]
        figures["rmse"] = float((levels[0] - levels[1]).square().mean().sqrt())
        figures["psnr"] = psnr(*inside)
        figures["ssim"] = ssim(*inside)
    try:
        figures["niqe"] = niqe(image)
    except UserError:
        return figures
    return figures


def do_photo(name: str, photo: Path, output: Path, factor: float) -> dict[str, Any]:
    """Shrink a photo, enlarge it, and judge the result and those of interpolation."""
    small, original = shrink(read_image(photo).pixels, factor)
    file = make_folder(output / "shrunk") / f"{name}.png"
    write_image(file, small)
    began = time.perf_counter()
    made = internal_gan.super_resolve(file, factor=factor, output_type="pt") * 2 - 1
    seconds = time.perf_counter() - began
    size = size_of(made)
    found = {"original": original, **interpolated(small, size), "patches": made}
    figures = {
        method: judge(picture, None if method == "original" else original, factor)
        for method, picture in found.items()
    }
    shown = make_folder(output / "pictures" / name)
    for method, picture in found.items():
        write_image(shown / f"{method}.png", picture)
    return {"photo": name, "size": size, "seconds": seconds, "figures": figures}


def means_of(results: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    """The mean of every figure over the photos that have it, by method."""
    return {
        method: means([result["figures"][method] for result in results])
        for method in METHODS
        if all(method in result["figures"] for result in results)
    }


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A row for each photo and method, and the means."""
    results = record["photos"]
    rows: list[dict[str, str]] = []
    for result in results:
        title = f"{result['photo']} ({result['size'][0]}x{result['size'][1]})"
        rows += _rows(title, result["figures"])
    rows += _rows(f"**mean of {len(results)}**", means_of(results))
    return {"photos": as_markdown(rows)}


def _rows(title: str, figures: Mapping[str, Figures]) -> Iterator[dict[str, str]]:
    for method in METHODS:
        if found := figures.get(method):
            yield {"photo": title, "method": method} | {
                name.upper(): f"{found[name]:.{digits}f}" if name in found else ""
                for name, digits in DECIMALS.items()
            }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.super_resolution")
    parser.add_argument("--output", type=Path, required=True, help="folder for results")
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="a folder of photos, or files"
    )
    parser.add_argument("--factor", type=float, default=4.0, help="any above 1")
    options = parser.parse_args(argv)
    photos, output, factor = given_photos(options.photos), options.output.absolute(), options.factor
    if not 1 < factor < math.inf:
        raise UserError(f"--factor {factor:g}: needs a number above 1")
    results = [do_photo(name, path, output, factor) for name, path in photos.items()]
    write_summary(output, tables({"photos": results}))
    print_json("super_resolution", {"factor": factor, "photos": results})


if __name__ == "__main__":
    run(main)
