"""Maps of a sample: where in the photo its patches come from, and which are foreign."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.images.colours import colour_code
from internal_gan.images.resize import size_of
from internal_gan.patches.exact import grid, lattice, nearest_patches
from internal_gan.patches.statistics import shrinks, shrunk
from internal_gan.shapes import Pixels
from internal_gan.units import Size

SIZES = {1: "full-size", 2: "half-size", 4: "quarter-size"}
# About this many patches are searched for, or more if needed to cover every pixel.
MAX_QUERIES = 12_000
MAX_REFERENCES = 200_000
# Root mean squared error at which the error map is brightest.
BRIGHTEST = 0.15
WORST_PLACES = 3
FRAME = (1.0, -1.0, -1.0)

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
    """A patch of the sample that is far from every patch of the photo.

    Attributes:
        row, column, side: at the sample's full size, in pixels.
        error: root mean squared error to the nearest patch of the photo.
        shrink: factor by which both images were shrunk.
    """

    row: int
    column: int
    side: int
    error: float
    shrink: int


def patch_maps(
    real: Pixels, sample: Pixels, patch: int = 7
) -> tuple[dict[str, Pixels], list[Place]]:
    """Maps of a sample, by patches of a side in pixels, and its worst places that do not overlap.

    ``source-full-size`` and so on show where in the real image the nearest patch lies, by
    :func:`internal_gan.images.colours.colour_code`. ``error-full-size`` and so on show its root
    mean squared error, from black (0) to light yellow (.15 or more). Sizes at which a
    patch does not fit into both images are left out.
    """
    size, code = size_of(sample), colour_code(size_of(real)).to(sample.device)
    origins, errors, places = {}, {}, []
    for factor in shrinks(real, sample, patch):
        name, small, known = SIZES[factor], shrunk(sample, factor), shrunk(real, factor)
        stride = max(1, min(patch // 2, _spacing(small, MAX_QUERIES)))
        wanted = lattice(small, patch, stride)
        others = lattice(known, patch, _spacing(known, MAX_REFERENCES))
        error, nearest = nearest_patches(small, wanted, known, others, patch)
        across = grid(known, patch)[1]
        rows, columns = ((at + patch // 2) * factor for at in (nearest // across, nearest % across))
        origin, heat = code[0][:, rows, columns], _heat(error / BRIGHTEST)
        origins[f"source-{name}"] = _spread(origin, stride, size, factor, patch)
        errors[f"error-{name}"] = _spread(heat, stride, size, factor, patch)
        places += _worst(error, stride, factor, patch)
    worst: list[Place] = []
    for place in sorted(places, key=lambda place: -place.error):
        if len(worst) < WORST_PLACES and not any(_overlap(place, other) for other in worst):
            worst.append(place)
    return origins | errors, worst


def legend(real: Pixels) -> Pixels:
    """The real image in gray, tinted with the colours of places."""
    return 0.45 * real.mean(dim=1, keepdim=True).cpu() + 0.55 * colour_code(size_of(real))


def framed(sample: Pixels, places: list[Place]) -> Pixels:
    """A copy of the sample with a red frame around each place."""
    marked = sample.clone()
    height, width = sample.shape[-2:]
    colour = sample.new_tensor(FRAME).view(1, 3, 1, 1)
    thick = max(1, round(max(height, width) / 250))
    for place in places:
        # Outside the patch, which stays visible.
        top, left = max(0, place.row - thick), max(0, place.column - thick)
        bottom = min(height, place.row + place.side + thick)
        right = min(width, place.column + place.side + thick)
        marked[..., top : top + thick, left:right] = colour
        marked[..., bottom - thick : bottom, left:right] = colour
        marked[..., top:bottom, left : left + thick] = colour
        marked[..., top:bottom, right - thick : right] = colour
    return marked


def _spacing(image: Tensor, most: int) -> int:
    """The spacing of a grid with about ``most`` points."""
    return math.ceil(math.sqrt(image.shape[-2] * image.shape[-1] / most))


def _spread(colours: Tensor, stride: int, size: Size, factor: int, patch: int) -> Tensor:
    """A grid of patch colours (3, h, w) as a map of the sample's size."""
    index = []
    for side, count in zip(size, colours.shape[-2:], strict=True):
        middle = (torch.arange(side, device=colours.device) // factor - patch // 2).float()
        index.append((middle / stride).round().long().clamp(0, count - 1))
    return colours[:, index[0][:, None], index[1]].unsqueeze(0)


def _heat(share: Tensor) -> Tensor:
    """Shares (h, w), from 0 to 1 or more, as colours (3, h, w)."""
    steps = torch.tensor(_HEAT, device=share.device)
    position = share.clamp(0, 1) * (len(_HEAT) - 1)
    low = position.floor().long().clamp(max=len(_HEAT) - 2)
    weight = (position - low).unsqueeze(-1)
    return (steps[low] * (1 - weight) + steps[low + 1] * weight).permute(2, 0, 1)


def _worst(errors: Tensor, stride: int, factor: int, patch: int) -> list[Place]:
    """The largest errors that do not overlap."""
    left, step = errors.clone(), stride * factor
    reach = math.ceil(patch / stride)
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
