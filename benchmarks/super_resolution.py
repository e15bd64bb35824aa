"""Super-resolution on its field's own photos, whose originals are known.

    python -m benchmarks.super_resolution --data SelfExSR/data --output table/

``--data`` has the folders ``Set5``, ``Set14``, ``BSD100`` and ``Urban100`` of the repository
jbhuang0604/SelfExSR, with pairs of photos, small and original. ``--methods`` may add ``zssr`` and
``singan``, which are trained on each photo for minutes, and ``singan_paper_super_resolution``,
which takes hours.
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import internal_gan
from benchmarks._common import existing_folder, means, positive, print_json, run, say, write_summary
from benchmarks._niqe import niqe
from internal_gan.errors import UserError
from internal_gan.files import make_folder
from internal_gan.images.colours import to_uint8
from internal_gan.images.files.image import read_image, write_image
from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.resize import resize, size_of
from internal_gan.judging.fidelity import SSIM_WINDOW
from internal_gan.models.patches.enlarging import back_projected
from internal_gan.report.table import as_markdown
from internal_gan.units import Size

# The photos of a set that are used by default.
SETS = {"Set5": 5, "Set14": 14, "BSD100": 100, "Urban100": 20}
PAIR = re.compile(r"(.*)_LR\.png")
BACK_PROJECTIONS = 8  # of what is interpolated
DECIMALS = {"psnr": 2, "ssim": 4, "rmse": 2, "niqe": 2, "seconds": 1}
# Of MATLAB's rgb2ycbcr, which the field uses: luma from 16 to 235.
LUMA = torch.tensor([65.481, 128.553, 24.966]).view(1, 3, 1, 1) / 255
# PSNR, x4, as the papers have it; RMSE and NIQE of BSD100, as Table 3 of SinGAN's has it.
PUBLISHED = (
    ("SelfExSR (Huang, Singh and Ahuja 2015)", "the photo", "30.31", "27.40", "26.84", "", ""),
    (
        "ZSSR (Shocher, Cohen and Irani 2018)",
        "the photo",
        "31.13",
        "28.01",
        "27.12",
        "13.08",
        "7.13",
    ),
    ("SinGAN (Shaham, Dekel and Michaeli 2019)", "the photo", "", "", "", "16.22", "3.71"),
    ("DIP (Ulyanov, Vedaldi and Lempitsky 2018)", "the photo", "", "", "", "13.82", "6.35"),
    ("EDSR (Lim et al. 2017)", "many photos", "", "", "", "12.29", "6.50"),
    ("SRGAN (Ledig et al. 2017)", "many photos", "", "", "", "16.34", "3.41"),
)
PUBLISHED_COLUMNS = ("method", "learns from", "Set5", "Set14", "BSD100", "RMSE", "NIQE")

Figures = dict[str, float]
Method = Callable[[Path, Tensor, Size], Tensor]


def bicubic(path: Path, small: Tensor, size: Size) -> Tensor:
    return resize(small, size)


def lanczos(path: Path, small: Tensor, size: Size) -> Tensor:
    image = Image.fromarray(levels_of(small, 255))
    return pixels_of(np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS)))


def projected(path: Path, small: Tensor, size: Size) -> Tensor:
    picture = resize(small, size)
    for _ in range(BACK_PROJECTIONS):
        picture = back_projected(picture, small)
    return picture


def patches(detail: float) -> Method:
    def enlarged(path: Path, small: Tensor, size: Size) -> Tensor:
        factor = size[0] / small.shape[-2]
        made: Tensor = internal_gan.super_resolve(
            path, factor=factor, detail=detail, output_type="pt"
        )
        return made * 2 - 1

    return enlarged


def trained(*overrides: str) -> Method:
    def enlarged(path: Path, small: Tensor, size: Size) -> Tensor:
        factor = size[0] / small.shape[-2]
        with TemporaryDirectory() as folder:
            model: Any = internal_gan.fit(path, overrides=overrides, output=f"{folder}/run").model
            made: Tensor = model.super_resolve(path, factor=factor, output_type="pt")
        return made * 2 - 1

    return enlarged


METHODS: dict[str, Method] = {
    "bicubic": bicubic,
    "lanczos": lanczos,
    "back-projected": projected,
    "patches-true": patches(0.0),
    "patches": patches(0.3),
    "patches-sharp": patches(1.0),
    "zssr": trained("model=zssr"),
    "zssr-long": trained("model=zssr", "model.steps=4500"),
    "zssr-adversarial": trained("model=zssr", "model/discriminator=patch"),
    "singan": trained("model=singan"),
    "singan_paper_super_resolution": trained("experiment=singan_paper_super_resolution"),
}
USUAL = tuple(METHODS)[:6]


def pairs(data: Path, name: str, factor: int, most: int) -> Iterator[tuple[str, Path, Path]]:
    """The names of a set's photos, their small copies and their originals."""
    folder = data / name / f"image_SRF_{factor}"
    found = sorted(path for path in folder.glob("*") if PAIR.fullmatch(path.name))
    if not found:
        raise UserError(f"{folder}: no pair of photos; needs NAME_LR.png and NAME_HR.png")
    for small in found[:most]:
        title = small.name.removesuffix("_LR.png")
        yield title, small, small.with_name(f"{title}_HR.png")


def judge(made: Tensor, original: Tensor, factor: int) -> Figures:
    """``psnr`` and ``ssim`` of the luma without a border of ``factor`` pixels, ``rmse`` of all
    colours in levels of 255, and ``niqe``, if the picture has two blocks for it."""
    from kornia.metrics import ssim as ssim_map  # takes seconds to import

    levels = [to_uint8(image).double() for image in (original, made)]
    inside = (..., slice(factor, -factor), slice(factor, -factor))
    luma = [(image * LUMA).sum(dim=1, keepdim=True)[inside] for image in levels]
    windows = ssim_map(luma[0], luma[1], SSIM_WINDOW, max_val=255.0, padding="valid")
    error = float((luma[0] - luma[1]).square().mean())
    figures = {
        "psnr": 10 * float(np.log10(255**2 / max(error, 1e-9))),
        "ssim": float(windows.mean()),
        "rmse": float((levels[0] - levels[1]).square().mean().sqrt()),
    }
    try:
        figures["niqe"] = niqe(made)
    except UserError:
        return figures
    return figures


def do_photo(names: Sequence[str], pair: tuple[Path, Path], factor: int, shown: Path) -> Any:
    """The figures of a photo, enlarged by each method."""
    small, original = (read_image(path).pixels for path in pair)
    found = dict[str, Figures]()
    for name in names:
        began = time.process_time()
        made = METHODS[name](pair[0], small, size_of(original)).clamp(-1, 1)
        seconds = time.process_time() - began
        found[name] = judge(made, original, factor) | {"seconds": seconds}
        write_image(make_folder(shown) / f"{name}.png", made)
    return found


def tables(record: Mapping[str, Any]) -> dict[str, str]:
    """The means over the photos of each set."""
    rows = [
        {"set": f"{name} ({len(photos)})", "method": method}
        | {
            figure: f"{mean[figure]:.{digits}f}" if figure in mean else ""
            for figure, digits in DECIMALS.items()
        }
        for name, photos in record["sets"].items()
        for method in record["methods"]
        for mean in [means([photo[method] for photo in photos.values()])]
    ]
    published = [dict(zip(PUBLISHED_COLUMNS, row, strict=True)) for row in PUBLISHED]
    return {f"x{record['factor']}": as_markdown(rows), "published": as_markdown(published)}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.super_resolution")
    parser.add_argument("--data", type=existing_folder, required=True, help="the sets' folder")
    parser.add_argument("--output", type=Path, required=True, help="folder for results")
    parser.add_argument("--factor", type=int, choices=(2, 3, 4), default=4)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=[*SETS][:3])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=USUAL)
    parser.add_argument("--first", type=positive, help="so many photos of each set")
    options = parser.parse_args(argv)
    output, factor = options.output.absolute(), options.factor
    sets = dict[str, dict[str, Any]]()
    for name in options.sets:
        sets[name] = {}
        most = min(options.first or SETS[name], SETS[name])
        for title, *pair in pairs(options.data, name, factor, most):
            shown = output / "pictures" / name / title
            sets[name][title] = do_photo(options.methods, (pair[0], pair[1]), factor, shown)
            last = options.methods[-1]
            say(f"{name} {title}: {last} {sets[name][title][last]['psnr']:.2f} dB")
    record = {"factor": factor, "methods": options.methods, "sets": sets}
    write_summary(output, tables(record))
    print_json("super_resolution", record)


if __name__ == "__main__":
    run(main)
