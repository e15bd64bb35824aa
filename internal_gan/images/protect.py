"""Protected parts of an image, which keep their size and shape while the rest is stretched."""

from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.masks import dilate, soften
from internal_gan.images.transforms import Transform
from internal_gan.shapes import Mask
from internal_gan.units import Size

GROWN = 1.0  # the radius by which the protected part grows, in pixels
SEAM = 1.0  # the sigma with which it blends into the rest, in pixels

Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Stretch(Transform):
    """Stretches each axis piecewise linearly, between knots (place in the input, in the output),
    normalised, both ascending from -1 to 1."""

    rows: Knots
    columns: Knots

    def source(self, points: Tensor) -> Tensor:
        x, y = points.unbind(dim=-1)
        return torch.stack([_looked_up(x, self.columns), _looked_up(y, self.rows)], dim=-1)

    def inverse(self) -> "Stretch":
        rows, columns = (tuple((b, a) for a, b in axis) for axis in (self.rows, self.columns))
        return Stretch(rows, columns)

    def part(self, down: float, across: float) -> "Stretch":
        rows, columns = (
            tuple((a, (1 - share) * a + share * b) for a, b in axis)
            for axis, share in ((self.rows, down), (self.columns, across))
        )
        return Stretch(rows, columns)


@dataclass(frozen=True)
class Protection:
    """How protected parts are kept in an output of one size.

    Rows and columns that touch a protected part move by whole pixels; the others are stretched
    evenly, so that each part keeps its place in the whole.
    """

    transform: Stretch
    # The input row or column that each output one is copied from, -1 where it is stretched.
    rows: Tensor
    columns: Tensor
    # The original's share in every pixel, and the protected parts, of the output.
    weight: Mask
    mask: Mask

    def put_back(self, painted: Tensor, image: Tensor) -> Tensor:
        """``painted`` (1, C, height, width) with the protected parts of ``image`` (1, C, H, W)."""
        return torch.lerp(painted, _moved(image, self.rows, self.columns), self.weight)


def touched(mask: Mask) -> Size:
    """How many rows and columns a mask keeps at their size."""
    rows, columns = _kept(mask)
    return int(rows.sum()), int(columns.sum())


def protect(mask: Mask, size: Size) -> Protection:
    """Find where the parts under ``mask``, with a soft seam of a few pixels, go in an output of
    ``size``; a UserError if they do not fit, or leave no row or column to stretch."""
    knots, origins = [], []
    for what, kept, length in zip(("high", "wide"), _kept(mask), size, strict=True):
        least = int(kept.sum())
        if least > length or (least == len(kept) and least != length):
            allowed = "exactly" if least == len(kept) else "at least"
            raise UserError(
                f"the protected part with its seam is {least} pixels {what}, so the result "
                f"must be {allowed} that, not {length}; protect a smaller part, or keep this side"
            )
        pairs, copied = _stretched(kept, length)
        knots.append(tuple((2 * a / len(kept) - 1, 2 * b / length - 1) for a, b in pairs))
        origins.append(copied)
    return _protection(Stretch(*knots), origins[0], origins[1], mask)


def enlarged(protection: Protection, before: Size, mask: Mask, size: Size) -> Protection:
    """The same protection, of an input of size ``before``, for the ``mask`` of a larger input and
    an output of ``size``: each part keeps its place and has its size in the larger input."""
    rows, columns = (
        _enlarged(origins, old, new, length)
        for origins, old, new, length in zip(
            (protection.rows, protection.columns), before, mask.shape[-2:], size, strict=True
        )
    )
    return _protection(protection.transform, rows, columns, mask)


def _enlarged(origins: Tensor, old: int, new: int, length: int) -> Tensor:
    """Rescale the origins of an axis from ``old`` to ``new`` inputs, for ``length`` outputs."""
    result = torch.full((length,), -1, device=origins.device)
    shifts = origins - torch.arange(len(origins), device=origins.device)
    _, sides = torch.unique_consecutive(torch.where(origins < 0, old, shifts), return_counts=True)
    place = 0
    for side in sides.tolist():
        first = int(origins[place])
        middle = (place + side / 2) * length / len(origins)
        place += side
        if first < 0:
            continue
        top, bottom = (round(at * new / old) for at in (first, first + side))
        to = min(max(0, round(middle - (bottom - top) / 2)), max(0, length - (bottom - top)))
        count = min(bottom - top, length - to)
        result[to : to + count] = torch.arange(top, top + count, device=origins.device)
    return result


def _protection(transform: Stretch, rows: Tensor, columns: Tensor, mask: Mask) -> Protection:
    inside = (rows >= 0)[:, None] & (columns >= 0)
    parts = (_moved(part, rows, columns) * inside for part in (_weight(mask), mask))
    return Protection(transform, rows, columns, *parts)


def _weight(mask: Tensor) -> Tensor:
    return torch.maximum(mask, soften(dilate(mask, GROWN), SEAM))


def _kept(mask: Tensor) -> tuple[Tensor, Tensor]:
    """The rows and the columns that touch a protected part with its seam."""
    touching = _weight(mask)[0, 0] > 0
    return touching.any(dim=1), touching.any(dim=0)


def _stretched(kept: Tensor, length: int) -> tuple[list[tuple[int, int]], Tensor]:
    """Ends of an axis's kept and stretched pieces, in pixels of the input and of the output, and
    the origin of each row or column of the output."""
    values, counts = torch.unique_consecutive(kept, return_counts=True)
    free = int((~kept).sum())
    factor = (length - int(kept.sum())) / free if free else 1.0
    stiff = loose = 0
    knots = [(0, 0)]
    origins = torch.full((length,), -1, device=kept.device)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        start, to = knots[-1]
        if value:
            origins[to : to + count] = torch.arange(start, start + count, device=kept.device)
        stiff, loose = (stiff + count, loose) if value else (stiff, loose + count)
        knots.append((stiff + loose, stiff + round(loose * factor)))
    return knots, origins


def _moved(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return image[..., rows.clamp_min(0), :][..., columns.clamp_min(0)]


def _looked_up(values: Tensor, knots: Knots) -> Tensor:
    source, target = torch.tensor(knots, dtype=values.dtype, device=values.device).T.contiguous()
    piece = torch.bucketize(values.contiguous(), target[1:-1].contiguous(), right=True)
    length = (target[piece + 1] - target[piece]).clamp_min(1e-6)
    share = (values - target[piece]) / length
    found: Tensor = source[piece] + share * (source[piece + 1] - source[piece])
    return found
