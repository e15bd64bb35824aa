"""The patches of an image, and for each the nearest one of another image."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.resize import resize

QUERIES_AT_ONCE = 500
REFERENCES_AT_ONCE = 20_000


@dataclass(frozen=True)
class Nearest:
    """The nearest reference of every query on a grid of places.

    Attributes:
        error: (h, w) root mean squared error to it, in units of the range of values: 0 to 1.
        row, column: (h, w) place of its top left pixel in the reference image.
        stride: between neighbouring places of the grid, in pixels.
    """

    error: Tensor
    row: Tensor
    column: Tensor
    stride: int


def nearest_patches(
    queries: Tensor, references: Tensor, patch: int = 7, stride: int = 1, apart: int = 1
) -> Nearest:
    """The nearest patch of one image for every patch of another, by comparing each with each.

    The memory stays that of 500 x 20,000 distances, whatever the sizes.

    Args:
        queries, references: (1, 3, H, W) in [-1, 1]; the two sizes may differ.
        patch: side of the square patches, in pixels.
        stride: take every so many-th patch of the queries, in both directions.
        apart: the same of the references.

    Raises:
        UserError: the patch does not fit into an image.
    """
    known_rows, known_columns = _grid(references, patch, apart)
    rows, columns = _grid(queries, patch, stride)
    count = len(rows) * len(columns)
    least = torch.full((count,), math.inf, device=queries.device)
    place = torch.zeros(count, dtype=torch.long, device=queries.device)
    for known, first in _chunks(references, patch, known_rows, known_columns, REFERENCES_AT_ONCE):
        squares = known.square().sum(dim=1)
        for wanted, start in _chunks(queries, patch, rows, columns, QUERIES_AT_ONCE):
            here = slice(start, start + len(wanted))
            # Short of the query's own square, which is the same for every reference.
            found, index = torch.addmm(squares, wanted, known.T, alpha=-2).min(dim=1)
            closer = found < least[here]
            least[here] = torch.where(closer, found, least[here])
            place[here] = torch.where(closer, index + first, place[here])
    row = known_rows[place // len(known_columns)]
    column = known_columns[place % len(known_columns)]
    every = windows(references, patch)
    errors = []
    for wanted, start in _chunks(queries, patch, rows, columns, REFERENCES_AT_ONCE):
        here = slice(start, start + len(wanted))
        # Expanding the square is quick and finds the nearest, but loses the digits of short ones.
        match = every[:, row[here], column[here]].transpose(0, 1).flatten(1)
        errors.append((wanted - match).norm(dim=1) / math.sqrt(wanted.shape[1]))
    shape = (len(rows), len(columns))
    return Nearest(torch.cat(errors).view(shape), row.view(shape), column.view(shape), stride)


def shrunk(image: Tensor, factor: int) -> Tensor:
    """An image at 1/factor of its sides, still within [-1, 1].

    What does not fill a last pixel is left out, so that both sides shrink by the factor exactly.
    """
    height, width = image.shape[-2] // factor, image.shape[-1] // factor
    if min(height, width) < 1:
        raise UserError(
            f"{image.shape[-2]}x{image.shape[-1]} pixels cannot be judged at 1/{factor} of the "
            "size; allowed: a larger image"
        )
    whole = image[..., : height * factor, : width * factor]
    return resize(whole, (height, width)).clamp(-1, 1)


def count_patches(image: Tensor, patch: int) -> int:
    """How many patches an image has.

    Raises:
        UserError: none fits.
    """
    height, width = image.shape[-2:]
    if min(height, width) < patch:
        raise UserError(
            f"patches of {patch} pixels do not fit into {height}x{width} pixels; "
            "allowed: a larger image, or smaller patches"
        )
    return (height - patch + 1) * (width - patch + 1)


def chosen_patches(
    image: Tensor, patch: int, at_most: int, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """All patches of an image, or a random choice: (n, 3 patch^2), values from 0 to 1 wide, and
    their places (row, column): (n, 2)."""
    count = count_patches(image, patch)
    index = torch.arange(count)
    if count > at_most:
        index = torch.randperm(count, generator=rng)[:at_most]
    index = index.to(image.device)
    per_row = image.shape[-1] - patch + 1
    rows, columns = index // per_row, index % per_row
    chosen = windows(image, patch)[:, rows, columns]
    return chosen.transpose(0, 1).flatten(1), torch.stack([rows, columns], dim=1)


def windows(image: Tensor, patch: int) -> Tensor:
    """A view of every patch: (3, H - patch + 1, W - patch + 1, patch, patch), half of [-1, 1]."""
    return (image[0] / 2).unfold(1, patch, 1).unfold(2, patch, 1)


def _grid(image: Tensor, patch: int, stride: int) -> tuple[Tensor, Tensor]:
    """Rows and columns of the patches that are taken."""
    count_patches(image, patch)
    last = (side - patch for side in image.shape[-2:])
    rows, columns = (torch.arange(0, end + 1, stride, device=image.device) for end in last)
    return rows, columns


def _chunks(
    image: Tensor, patch: int, rows: Tensor, columns: Tensor, at_once: int
) -> Iterator[tuple[Tensor, int]]:
    """The patches on a grid, at most so many at once: (n, 3 patch^2), and the first's number."""
    every = windows(image, patch)
    count = len(rows) * len(columns)
    for start in range(0, count, at_once):
        index = torch.arange(start, min(start + at_once, count), device=image.device)
        at = rows[index // len(columns)], columns[index % len(columns)]
        yield every[:, at[0], at[1]].transpose(0, 1).flatten(1), start
