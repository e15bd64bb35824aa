"""Pictures of where the patches of a sample come from, and where they come from nowhere."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.patches.search import Nearest, nearest_patches
from internal_gan.patches.statistics import shrunk

SIZES = {1: "full-size", 2: "half-size", 4: "quarter-size"}
# A grid of at most so many patches is looked up, while no pixel is left out of them all.
MOST_QUERIES = 12_000
MOST_REFERENCES = 200_000
# Root mean squared error from which the map of errors is brightest.
BRIGHTEST = 0.15
WORST_PLACES = 3
FRAME = (1.0, -1.0, -1.0)

# Blue, green, red and yellow at the corners: top left, bottom left, top right, bottom right.
_CORNERS = ((-0.9, -0.3, 0.9), (-0.7, 0.7, -0.6), (0.9, -0.5, -0.5), (1.0, 0.7, -0.8))
# From black over violet, red and orange to light yellow.
_HEAT = (
    (-1.0, -1.0, -0.97),
    (-0.35, -0.88, -0.15),
    (0.47, -0.58, -0.33),
    (0.96, 0.11, -0.92),
    (0.98, 1.0, 0.29),
)


@dataclass(frozen=True)
class Place:
    """A patch of the sample at its full size that is far from the photo.

    Attributes:
        row, column: of its top left pixel.
        side: in pixels.
        error: root mean squared error to the nearest patch of the photo at the same shrinkage.
        shrink: what both were made smaller by.
    """

    row: int
    column: int
    side: int
    error: float
    shrink: int


def patch_maps(
    real: Tensor, sample: Tensor, patch: int = 7
) -> tuple[dict[str, Tensor], list[Place]]:
    """Maps of a sample at each of three sizes, and where it is least coherent.

    Args:
        real, sample: (1, 3, H, W) in [-1, 1]; the two sizes may differ.
        patch: side of the square patches, in pixels.

    Returns:
        By name, each (1, 3, h, w) in [-1, 1] at the size of the sample: ``source-full-size`` and so
        on, every place in the colour that :func:`colour_code` gives to where its nearest patch is
        in the real image; ``error-full-size`` and so on, from black (the patch is there) to light
        yellow (a root mean squared error of .15 or more). Then the three worst places, which do not
        overlap.

    Raises:
        UserError: the patch does not fit into a quarter of an image.
    """
    size = (sample.shape[-2], sample.shape[-1])
    code = colour_code((real.shape[-2], real.shape[-1])).to(sample.device)
    origins, errors, places = {}, {}, []
    for factor, name in SIZES.items():
        small, known = shrunk(sample, factor), shrunk(real, factor)
        nearest = nearest_patches(
            small, known, patch, _stride(small, patch, MOST_QUERIES), _apart(known)
        )
        middle = patch // 2
        rows, columns = ((at + middle) * factor for at in (nearest.row, nearest.column))
        origins[f"source-{name}"] = _spread(code[0][:, rows, columns], nearest, size, factor, patch)
        heat = _heat(nearest.error / BRIGHTEST)
        errors[f"error-{name}"] = _spread(heat, nearest, size, factor, patch)
        places += _worst(nearest, factor, patch)
    worst: list[Place] = []
    for place in sorted(places, key=lambda place: -place.error):
        if len(worst) < WORST_PLACES and not any(_overlap(place, other) for other in worst):
            worst.append(place)
    return origins | errors, worst


def colour_code(size: tuple[int, int]) -> Tensor:
    """A colour for every place of an image, (1, 3, height, width): between those of its corners."""
    corners = torch.tensor(_CORNERS).view(2, 2, 3).permute(2, 1, 0)
    down = torch.linspace(0, 1, size[0]).view(-1, 1)
    right = torch.linspace(0, 1, size[1])
    top, bottom = (
        corners[:, k, 0].view(3, 1, 1) * (1 - right) + corners[:, k, 1].view(3, 1, 1) * right
        for k in range(2)
    )
    return (top * (1 - down) + bottom * down).unsqueeze(0)


def legend(real: Tensor) -> Tensor:
    """The real image in gray under the colours of its places, (1, 3, H, W) in [-1, 1]."""
    gray = real.mean(dim=1, keepdim=True).cpu()
    return 0.45 * gray + 0.55 * colour_code((real.shape[-2], real.shape[-1]))


def framed(sample: Tensor, places: list[Place]) -> Tensor:
    """The sample with a red frame around each place, (1, 3, H, W)."""
    marked = sample.clone()
    height, width = sample.shape[-2:]
    colour = sample.new_tensor(FRAME).view(1, 3, 1, 1)
    thick = max(1, round(max(height, width) / 250))
    for place in places:
        # Around the patch, so that it stays in sight.
        top, left = max(0, place.row - thick), max(0, place.column - thick)
        bottom = min(height, place.row + place.side + thick)
        right = min(width, place.column + place.side + thick)
        marked[..., top : top + thick, left:right] = colour
        marked[..., bottom - thick : bottom, left:right] = colour
        marked[..., top:bottom, left : left + thick] = colour
        marked[..., top:bottom, right - thick : right] = colour
    return marked


def _stride(image: Tensor, patch: int, most: int) -> int:
    pixels = image.shape[-2] * image.shape[-1]
    return max(1, min(patch // 2, math.ceil(math.sqrt(pixels / most))))


def _apart(image: Tensor) -> int:
    return max(1, math.ceil(math.sqrt(image.shape[-2] * image.shape[-1] / MOST_REFERENCES)))


def _spread(
    colours: Tensor, nearest: Nearest, size: tuple[int, int], factor: int, patch: int
) -> Tensor:
    """A map with a colour for every place of the grid, (3, h, w), at the size of the sample."""
    index = []
    for side, count in zip(size, colours.shape[-2:], strict=True):
        middle = (torch.arange(side, device=colours.device) // factor - patch // 2).float()
        index.append((middle / nearest.stride).round().long().clamp(0, count - 1))
    return colours[:, index[0][:, None], index[1]].unsqueeze(0)


def _heat(share: Tensor) -> Tensor:
    """(h, w) from 0 to 1 and more as colours (3, h, w)."""
    steps = torch.tensor(_HEAT, device=share.device)
    position = share.clamp(0, 1) * (len(_HEAT) - 1)
    low = position.floor().long().clamp(max=len(_HEAT) - 2)
    weight = (position - low).unsqueeze(-1)
    return (steps[low] * (1 - weight) + steps[low + 1] * weight).permute(2, 0, 1)


def _worst(nearest: Nearest, factor: int, patch: int) -> list[Place]:
    """The places of the largest errors that do not overlap each other."""
    left, step = nearest.error.clone(), nearest.stride * factor
    reach = math.ceil(patch / nearest.stride)
    places = []
    for _ in range(WORST_PLACES):
        row, column = divmod(int(left.argmax()), left.shape[1])
        error = float(left[row, column])
        if error >= 0:
            places.append(Place(row * step, column * step, patch * factor, error, factor))
        rows = slice(max(0, row - reach + 1), row + reach)
        left[rows, max(0, column - reach + 1) : column + reach] = -1
    return places


def _overlap(one: Place, other: Place) -> bool:
    reach = max(one.side, other.side)
    return abs(one.row - other.row) < reach and abs(one.column - other.column) < reach
