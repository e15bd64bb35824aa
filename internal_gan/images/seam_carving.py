"""Seam carving as a baseline for retargeting."""

import numpy as np
import numpy.typing as npt
import torch

from internal_gan.shapes import Pixels
from internal_gan.units import Size

Colours = npt.NDArray[np.float32]  # (height, width, 3)

# Share of the columns doubled before seams are found again; doubling all would only stretch.
GROWTH_AT_ONCE = 0.5


def seam_carve(image: Pixels, size: Size) -> Pixels:
    """Resize an image by removing or doubling seams, columns first; the result is on the CPU.

    Source: S. Avidan and A. Shamir, "Seam carving for content-aware image resizing", 2007,
    sections 3 and 4, with the gradient's magnitude as the energy.
    """
    pixels = image[0].detach().float().cpu().permute(1, 2, 0).numpy()
    pixels = _to_width(pixels, size[1])
    pixels = _to_width(pixels.swapaxes(0, 1), size[0]).swapaxes(0, 1)
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).unsqueeze(0)


def _to_width(pixels: Colours, width: int) -> Colours:
    while pixels.shape[1] < width:
        most = max(1, int(pixels.shape[1] * GROWTH_AT_ONCE))
        pixels = _widened(pixels, min(width - pixels.shape[1], most))
    for _ in range(pixels.shape[1] - width):
        pixels = _without(pixels, _seam(pixels))
    return pixels


def _widened(pixels: Colours, count: int) -> Colours:
    """``pixels`` with the ``count`` cheapest seams doubled."""
    height, width = pixels.shape[:2]
    columns = np.tile(np.arange(width), (height, 1))
    left, rows = pixels, np.arange(height)
    doubled = np.zeros((height, width), bool)
    for _ in range(count):
        seam = _seam(left)
        doubled[rows, columns[rows, seam]] = True
        left, columns = _without(left, seam), _without(columns, seam)
    # A new pixel is the mean of the doubled one and its right neighbour.
    nexts = np.concatenate([pixels[:, 1:], pixels[:, -1:]], axis=1)
    pairs = np.stack([pixels, (pixels + nexts) / 2], axis=2)
    chosen = np.stack([np.ones_like(doubled), doubled], axis=2)
    wide: Colours = pairs[chosen].reshape(height, width + count, 3)
    return wide


def _without(values: npt.NDArray[np.generic], seam: npt.NDArray[np.intp]) -> npt.NDArray:  # type: ignore[type-arg]
    kept = np.ones(values.shape[:2], bool)
    kept[np.arange(len(values)), seam] = False
    return values[kept].reshape(values.shape[0], values.shape[1] - 1, *values.shape[2:])


def _seam(pixels: Colours) -> npt.NDArray[np.intp]:
    """The cheapest seam from top to bottom: its column in every row."""
    gray = pixels.mean(axis=2)
    energy = np.abs(np.gradient(gray, axis=0)) if len(gray) > 1 else np.zeros_like(gray)
    if gray.shape[1] > 1:
        energy = energy + np.abs(np.gradient(gray, axis=1))
    height, width = energy.shape
    total = energy[0]
    steps = np.zeros((height, width), np.intp)
    beside = np.full((3, width), np.inf, np.float32)
    for row in range(1, height):
        beside[0, 1:], beside[1], beside[2, :-1] = total[:-1], total, total[1:]
        steps[row] = beside.argmin(axis=0)
        total = energy[row] + beside.min(axis=0)
    seam = np.zeros(height, np.intp)
    seam[-1] = int(total.argmin())
    for row in range(height - 1, 0, -1):
        seam[row - 1] = seam[row] + steps[row, seam[row]] - 1
    return seam
