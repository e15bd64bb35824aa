"""Random holes: boxes and brush strokes that cover a given share of an image."""

import math

import torch
from torch import Tensor

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize
from internal_gan.shapes import Mask
from internal_gan.units import Size

# Of a box's sides, unless the image forces a larger one.
LARGEST_ASPECT = 2.0
# Straight pieces of a stroke; their lengths and widths as fractions of the image's short side, and
# the standard deviation of the turn from one to the next, in radians.
PIECES = 6
LENGTHS = (0.08, 0.25)
WIDTHS = (0.05, 0.13)
TURN = 0.9
PAIRS_AT_ONCE = 1_000_000
# Strokes on longer images are drawn at this long side, in pixels, and enlarged.
LARGEST_DRAWN_SIDE = 512


def random_hole(kind: str, size: Size, ratio: float, rng: torch.Generator) -> Mask:
    """A random hole of a kind in ``KINDS`` that covers a share of the image, above 0 and below 1.

    ``rng`` is on the CPU.
    """
    return KINDS[kind](size, ratio, rng)


def random_box(size: Size, ratio: float, rng: torch.Generator) -> Mask:
    """An upright box of random position and shape, of ``ratio`` up to whole rows and columns."""
    height, width = size
    draws = torch.rand(3, generator=rng)
    area = torch.tensor(ratio) * float(height * width)
    shape = LARGEST_ASPECT ** (2.0 * draws[0] - 1.0)
    columns = (area / (area * shape).sqrt().clamp(1.0, height)).round().clamp(1.0, width)
    rows = (area / columns).round().clamp(1.0, height)
    inside = []
    for length, extent, draw in ((height, rows, draws[1]), (width, columns, draws[2])):
        start = (draw * (length - extent + 1.0)).floor().clamp(max=length - extent)
        place = torch.arange(length)
        inside.append((place >= start) & (place < start + extent))
    return (inside[0][:, None] & inside[1]).to(torch.float32)[None, None]


def random_strokes(size: Size, ratio: float, rng: torch.Generator) -> Mask:
    """Bent brush strokes: every pixel has a time at which the brush reaches it, and the earliest
    ones cover ``ratio``, to the pixel or, beyond ``LARGEST_DRAWN_SIDE``, nearly so.

    Source: Yu et al., "Free-form image inpainting with gated convolution", ICCV 2019, Section 3.4.
    """
    drawn = fit_size(size, LARGEST_DRAWN_SIDE)
    if drawn != size:
        return (resize(random_strokes(drawn, ratio, rng), size) >= 0.5).to(torch.float32)
    height, width = size
    short = float(min(size))
    piece = sum(LENGTHS) * sum(WIDTHS) / 4.0 * short * short / (height * width)
    # Enough pieces for most ratios; for larger ones, the pixels nearest to the strokes are added.
    strokes = math.ceil(-1.5 * math.log1p(-min(ratio, 0.9)) / (piece * PIECES))
    start, end, radius = _pieces(size, strokes, rng)
    times = _times(size, start, end, radius)
    count = height * width
    rank = min(max(round(ratio * count), 1), count - 1)
    last = times.flatten().kthvalue(rank).values
    return (times <= last).to(torch.float32)[None, None]


KINDS = {"box": random_box, "strokes": random_strokes}


def _pieces(size: Size, strokes: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Both ends (n, 2) of straight pieces, as row and column in pixels, and their radii (n,)."""
    short = float(min(size))
    draws = torch.rand(strokes, 3 + 2 * PIECES, generator=rng)
    turns = torch.randn(strokes, PIECES, generator=rng) * TURN
    angles = 2.0 * math.pi * draws[:, :1] + turns.cumsum(dim=1)
    lengths = short * (LENGTHS[0] + (LENGTHS[1] - LENGTHS[0]) * draws[:, 3 : 3 + PIECES])
    diameters = short * (WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * draws[:, 3 + PIECES :])
    steps = torch.stack([angles.sin(), angles.cos()], dim=2) * lengths[..., None]
    extent = torch.tensor(size, dtype=torch.float32)
    first = (draws[:, 1:3] * extent)[:, None]
    points = torch.cat([first, first + steps.cumsum(dim=1)], dim=1)
    # Strokes are reflected at the border.
    points = extent - (extent - points.remainder(2.0 * extent)).abs()
    return points[:, :-1].flatten(0, 1), points[:, 1:].flatten(0, 1), diameters.flatten() / 2.0


def _times(size: Size, start: Tensor, end: Tensor, radius: Tensor) -> Tensor:
    """When the brush reaches each pixel, (height, width), counted in pieces."""
    height, width = size
    rows = torch.arange(height).view(1, -1, 1) + 0.5
    columns = torch.arange(width).view(1, 1, -1) + 0.5
    times = torch.full(size, math.inf)
    number = torch.arange(len(start))
    for part in torch.split(number, max(1, PAIRS_AT_ONCE // (height * width))):
        a, reach = start[part], radius[part].view(-1, 1, 1)
        along = end[part] - a
        length = along.norm(dim=1).clamp_min(1e-3).view(-1, 1, 1)
        dy, dx = rows - a[:, :1, None], columns - a[:, 1:, None]
        place = (dy * along[:, :1, None] + dx * along[:, 1:, None]) / length
        nearest = torch.minimum(place.clamp_min(0.0), length)
        across = dy * along[:, 1:, None] - dx * along[:, :1, None]
        away = ((across / length).square() + (place - nearest).square()).sqrt() - reach
        drawn = part.view(-1, 1, 1) + (place + reach) / (length + 2.0 * reach)
        reached = torch.where(away <= 0.0, drawn, len(start) + away)
        times = torch.minimum(times, reached.amin(dim=0))
    return times
