"""Super-resolution compared with interpolation: photos are shrunk, then enlarged again.

    python -m benchmarks.super_resolution --photos photos/ --output table/ --factor 4

``internal-gan -m task=super_resolution`` trains a model on each shrunk photo and enlarges it. If
stopped or killed, run the same command again to continue.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks._common import (
    given_photos,
    keep_apart,
    print_json,
    run,
    say,
    training_parser,
    write_summary,
)
from benchmarks._niqe import niqe
from benchmarks._processes import Processes
from internal_gan.config.arguments import key_of, unquote
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.files.image import read_image, to_uint8, write_image
from internal_gan.images.resize import resize
from internal_gan.judging.fidelity import psnr, ssim
from internal_gan.report.table import as_markdown
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.jobs import read_records
from internal_gan.units import Size

DEGRADATION = "antialiased bicubic, clipped and rounded to 8 bits"
METHODS = ("original", "bicubic", "lanczos", "enlarged")
DECIMALS = {"rmse": 2, "psnr": 2, "ssim": 4, "niqe": 2}

Figures = dict[str, float]


def shrink(original: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """Shrink a photo to 1/factor of its sides, rounded to 8 bits.

    Args:
        original: (1, 3, H, W) in [-1, 1].

    Returns:
        The small photo, with sides rounded down, and the original, cropped at the bottom and right
        to the size that the enlarged photo will have.

    Raises:
        UserError: nothing would be left.
    """
    sides = original.shape[-2:]
    small = (int(sides[0] / factor), int(sides[1] / factor))
    if min(small) < 1:
        raise UserError(f"{sides[0]}x{sides[1]} pixels are too small to be shrunk by {factor:g}")
    cropped = original[..., : round(small[0] * factor), : round(small[1] * factor)]
    return to_uint8(resize(cropped, small)).float() / 127.5 - 1, cropped


def interpolated(small: Tensor, size: Size) -> dict[str, Tensor]:
    """The small photo enlarged without a model, by bicubic and by Lanczos interpolation."""
    levels = to_uint8(small)[0].permute(1, 2, 0).contiguous().numpy()
    image = Image.fromarray(levels).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    lanczos = pixels.view(1, *size, 3).permute(0, 3, 1, 2).float() / 127.5 - 1
    return {"bicubic": resize(small, size).clamp(-1, 1), "lanczos": lanczos}


def judge(image: Tensor, original: Tensor | None, factor: float) -> Figures:
    """The figures of an enlarged photo.

    Args:
        image: (1, 3, H, W) in [-1, 1].
        original: of the same size; if None, NIQE is the only figure.

    Returns:
        ``rmse`` over pixels and colours in levels of 255, ``psnr`` and ``ssim`` of the luma without
        a border of ``factor`` pixels, and ``niqe``, if the image has two blocks for it.
    """
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


def judge_run(run_folder: Path, photo: Path, factor: float, shown: Path) -> dict[str, Any]:
    """The figures of a run of ``task=super_resolution``, and those of interpolation.

    Args:
        photo: the photo before shrinking.
        shown: the folder for the pictures of all methods.
    """
    enlarged = read_image(run_folder / "super_resolution" / "enlarged.png").pixels
    size = (enlarged.shape[-2], enlarged.shape[-1])
    small, original = shrink(read_image(photo).pixels, factor)
    made = interpolated(small, size) | {"enlarged": enlarged}
    figures = {method: judge(picture, original, factor) for method, picture in made.items()}
    made["original"] = original
    figures["original"] = judge(original, None, factor)
    for method, picture in made.items():
        write_image(shown / f"{method}.png", picture)
    seconds = RunFolder(run_folder).status().get("seconds")
    return {"photo": photo.stem, "size": size, "seconds": seconds, "figures": figures}


def summarise(results: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    """The mean of every figure over the photos that have it, by method.

    Args:
        results: for each photo, ``{"figures": {method: {name: value}}}``.
    """
    means = {}
    for method in METHODS:
        each = [result["figures"].get(method, {}) for result in results]
        means[method] = {
            name: fmean(figures[name] for figures in each if name in figures)
            for name in DECIMALS
            if any(name in figures for figures in each)
        }
    return {method: figures for method, figures in means.items() if figures}


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """A row for each photo and method, and the means."""
    results = record["photos"]
    rows: list[dict[str, str]] = []
    for result in results:
        title = f"{result['photo']} ({result['size'][0]}x{result['size'][1]})"
        rows += _rows(title, result["figures"])
    rows += _rows(f"**mean of {len(results)}**", summarise(results))
    return {"photos": as_markdown(rows)}


def _rows(title: str, figures: Mapping[str, Figures]) -> Iterator[dict[str, str]]:
    for method in METHODS:
        if found := figures.get(method):
            yield {"photo": title, "method": method} | {
                name.upper(): f"{found[name]:.{digits}f}" if name in found else ""
                for name, digits in DECIMALS.items()
            }


def sweep(photos: str, output: Path, arguments: Sequence[str], threads: int) -> list[str]:
    """Train on every photo and enlarge it, or continue.

    Args:
        photos: for ``image=``: a folder, or files separated by commas.

    Returns:
        A line for every photo that failed.
    """
    log = output / "log.txt"
    say(f"{photos}: training; see {log}")
    command = ["-m", "task=super_resolution", f"image={photos}"]
    command += [f"output={output / 'runs'}", "skip_finished=true", *arguments]
    try:
        with Processes() as processes:
            processes.run(command, log, threads)
    except UserError as error:
        left = [r for r in read_records(output / "runs") if r.state != "finished"]
        return [f"{r.name} {r.state}: {r.reason}" for r in left] or [str(error)]
    return []


def finished_runs(sweep: Path) -> dict[str, Path]:
    """The folders of finished runs by the names of their photos, without suffix."""
    found = {}
    for record in read_records(sweep):
        image = next(o for o in record.overrides if key_of(o) == "image")
        if record.state == "finished":
            found[Path(unquote(image.partition("=")[2])).stem] = sweep / record.name
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = training_parser("super_resolution", __doc__)
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="a folder of photos, or files"
    )
    parser.add_argument("--factor", type=float, default=4.0, help="any above 1")
    options = parser.parse_args(argv)
    photos, output, factor = given_photos(options.photos), options.output.absolute(), options.factor
    if not 1 < factor < math.inf:
        raise UserError(f"--factor {factor:g}: needs a number above 1")
    small = {name: shrink(read_image(p).pixels, factor)[0] for name, p in photos.items()}
    keep_apart(output, {"factor": factor})
    for name, pixels in small.items():
        write_image(make_folder(output / "shrunk") / f"{name}.png", pixels)
    arguments = [f"super_resolution.factor={factor:g}", *options.overrides]
    failures = sweep(str(output / "shrunk"), output, arguments, options.threads)

    torch.set_num_threads(options.threads)
    runs = finished_runs(output / "runs")
    results = [
        judge_run(runs[name], path, factor, make_folder(output / "pictures" / name))
        for name, path in photos.items()
        if name in runs
    ]
    about = {"factor": factor, "degradation": DEGRADATION}
    found = {"mean": summarise(results), "photos": results, "failures": failures}
    write_summary(output, tables(found))
    print_json("super_resolution", {**about, "overrides": options.overrides, **found})


if __name__ == "__main__":
    run(main)
