"""Enlarged photos beside the photos that they were shrunk from, in figures and as a table."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.evaluation.fidelity import psnr, rmse, ssim
from internal_gan.evaluation.niqe import niqe
from internal_gan.images.files.image import to_uint8
from internal_gan.images.resize import resize

# The word for it in the records.
DEGRADATION = "antialiased bicubic, clipped and rounded to 8 bits"
METHODS = ("bicubic", "lanczos", "enlarged")
_DECIMALS = {"rmse": 2, "psnr": 2, "ssim": 4, "niqe": 2}


def shrink(original: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """A photo as an 8-bit file of 1/factor of its sides would have it.

    Args:
        original: (1, 3, H, W) in [-1, 1].

    Returns:
        The small photo, whose sides are rounded down, and the original less the rows and columns
        at its end that the enlarged one will not have.
    """
    small = (int(original.shape[-2] / factor), int(original.shape[-1] / factor))
    height, width = round(small[0] * factor), round(small[1] * factor)
    cropped = original[..., :height, :width]
    if min(small) < 1:
        return cropped[..., :0, :0], cropped
    return to_uint8(resize(cropped, small)).float() / 127.5 - 1, cropped


def interpolated(small: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
    """The small photo enlarged without a model, by bicubic interpolation and by Lanczos'."""
    levels = to_uint8(small)[0].permute(1, 2, 0).contiguous().numpy()
    image = Image.fromarray(levels).resize((size[1], size[0]), Image.Resampling.LANCZOS)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    lanczos = pixels.view(1, *size, 3).permute(0, 3, 1, 2).float() / 127.5 - 1
    return {"bicubic": resize(small, size).clamp(-1, 1), "lanczos": lanczos}


def judge(image: Tensor, original: Tensor | None, factor: float) -> dict[str, float]:
    """The figures of an enlarged photo.

    Args:
        image: (1, 3, H, W) in [-1, 1].
        original: of the same size; None where there is none, and then NIQE is all.

    Returns:
        ``rmse``, ``psnr`` and ``ssim`` (these two without a border of ``factor`` pixels) and
        ``niqe``, which is left out where the image has no two blocks for it.
    """
    figures = {}
    if original is not None:
        border = math.ceil(factor)
        figures["rmse"] = rmse(original, image)
        figures["psnr"] = psnr(original, image, border)
        figures["ssim"] = ssim(original, image, border)
    try:
        figures["niqe"] = niqe(image)
    except UserError:
        return figures
    return figures


def summarise(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean of every figure over the photos that have it, by method.

    Args:
        results: for each photo, ``{"figures": {method: {name: value}}}``.
    """
    means: dict[str, dict[str, float]] = {}
    for method in ("original", *METHODS):
        found = [result["figures"].get(method, {}) for result in results]
        names = [name for name in _DECIMALS if any(name in figures for figures in found)]
        if names:
            means[method] = {
                name: fmean(figures[name] for figures in found if name in figures) for name in names
            }
    return means


def markdown(results: Sequence[Mapping[str, Any]], factor: float) -> str:
    """A table with a row for each photo and method, and the means."""
    is_compared = any("psnr" in result["figures"]["bicubic"] for result in results)
    what = f"Photos shrunk by {factor:g} ({DEGRADATION}) and enlarged again."
    if not is_compared:
        what = f"Photos enlarged by {factor:g}, with no original to compare with."
    lines = [
        f"{what} RMSE: over colours, in "
        "levels of 255; PSNR in dB and SSIM: of the luma, without the border; NIQE: lower is more "
        "natural.",
        "",
        "| photo | method | RMSE | PSNR | SSIM | NIQE |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        lines += _rows(f"{result['photo']} ({result['size'][0]}x{result['size'][1]})", result)
    lines += _rows(f"mean of {len(results)}", {"figures": summarise(results)})
    return "\n".join(lines) + "\n"


def _rows(title: str, result: Mapping[str, Any]) -> list[str]:
    rows = []
    for method, figures in result["figures"].items():
        cells = [
            f"{figures[name]:.{digits}f}" if name in figures else ""
            for name, digits in _DECIMALS.items()
        ]
        rows.append(f"| {' | '.join([title, method, *cells])} |")
    return rows
