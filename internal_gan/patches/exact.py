"""Cuts patches out of images, and finds the nearest ones exactly.

A place is the number of a patch, counted row by row and, in a batch, image by image. Patches are
squares of ``patch`` pixels a side, and the rows of a matrix, each flattened channel by channel:
(n, C patch^2).
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.stopping import check_stop
from internal_gan.units import Size

DISTANCES_AT_ONCE = 2**20  # distances held in memory at a time
MAX_KEPT = 2**25  # distances held in memory if they are needed twice
CUT_AT_ONCE = 20_000  # patches cut out at a time


def grid(image: Tensor, patch: int) -> Size:
    """Rows and columns of the patches in an image (..., H, W); a UserError if none fits."""
    height, width = image.shape[-2:]
    if min(height, width) < patch:
        raise UserError(
            f"patches of {patch} pixels do not fit into {height}x{width} pixels; "
            "allowed: a larger image, or smaller patches"
        )
    return height - patch + 1, width - patch + 1


def patches_at(image: Tensor, places: Tensor, patch: int) -> Tensor:
    """Cut the patches at ``places`` (n,) out of a batch (N, C, H, W); differentiable."""
    rows, columns = grid(image, patch)
    sample, place = places // (rows * columns), places % (rows * columns)
    span = torch.arange(patch, device=image.device)
    y = (place // columns)[:, None, None] + span[:, None]
    x = (place % columns)[:, None, None] + span
    return image[sample[:, None, None], :, y, x].movedim(-1, 1).flatten(1)


def nearest(
    queries: Tensor, keys: Tensor, *, weights: Tensor | None = None, excluded: Tensor | None = None
) -> Tensor:
    """Find the number of each query's nearest key, (n,), by comparing all with all.

    Args:
        queries, keys: rows, (n, d) and (m, d).
        weights: how much each value of a query counts, (n, d); equal by default.
        excluded: (n, m), true where a query may not take a key.
    """
    check_stop()
    lengths = keys.square().sum(dim=1)
    found = []
    for part in _parts(queries, keys):
        # Without the query's squared length, which all keys would have in common.
        if weights is None:
            distance = torch.addmm(lengths, queries[part], keys.T, alpha=-2)
        else:
            share = weights[part]
            distance = share @ keys.square().T - 2 * (share * queries[part]) @ keys.T
        if excluded is not None:
            distance = distance.masked_fill(excluded[part], math.inf)
        found.append(_smallest(distance))
    return torch.cat(found)


def to_nearest(queries: Tensor, keys: Tensor, excluded: Tensor | None = None) -> Tensor:
    """The Euclidean distance of each query to its nearest key, (n,); see :func:`nearest`."""
    found: Tensor = (queries - keys[nearest(queries, keys, excluded=excluded)]).norm(dim=1)
    return found


def nearest_normalised(queries: Tensor, keys: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Find a near key for every query, preferring keys that no query resembles.

    A query of (n, k) takes the key of (m, k) with the smallest d / (alpha + the key's smallest d to
    any query), where d is the mean squared difference. Returns its index, (n,), and d, (n,).

    Source: Granot et al., "Drop the GAN", CVPR 2022, Section 4.2.
    """
    lengths = keys.square().sum(dim=1)

    def squared(part: slice) -> Tensor:
        some = queries[part]
        cross = torch.addmm(lengths, some, keys.T, alpha=-2)
        return cross.add_(some.square().sum(dim=1, keepdim=True))

    def mean(total: Tensor) -> Tensor:
        return total.clamp_min_(0).div_(keys.shape[1])

    parts = list(_parts(queries, keys))
    kept = list(map(squared, parts)) if len(queries) * len(keys) <= MAX_KEPT else []
    least = torch.stack([some.amin(dim=0) for some in kept or map(squared, parts)]).amin(dim=0)
    price = alpha + mean(least)
    index = list[Tensor]()
    found = list[Tensor]()
    for distance in map(mean, kept or map(squared, parts)):
        index.append(_smallest(distance / price))
        found.append(distance.gather(1, index[-1][:, None])[:, 0])
    return torch.cat(index), torch.cat(found)


def _smallest(values: Tensor) -> Tensor:
    """The place of the smallest value in each row."""
    if values.is_cuda:
        return values.argmin(dim=1)
    return torch.from_numpy(values.numpy().argmin(axis=1))  # ten times as fast as torch


def in_order(rows: Tensor) -> Tensor:
    """Each row's float32 values, (n, m), from the smallest to the largest; differentiable."""
    if rows.is_cuda:
        return rows.sort(dim=1).values
    if rows.requires_grad:  # numpy is several times as fast
        return rows.gather(1, torch.from_numpy(rows.detach().numpy().argsort(axis=1)))
    return torch.from_numpy(np.sort(rows.numpy(), axis=1))


def squared_distances(queries: Tensor, keys: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Squared distances of all queries (n, d) to all keys (m, d), (n, m).

    The matrix product may be of bfloat16: as the keys' mean is subtracted first, it keeps the order
    well enough to find near neighbours.
    """
    centre = keys.mean(dim=0)
    queries, keys = queries - centre, keys - centre
    product = (queries.to(dtype) @ keys.to(dtype).T).float()
    return queries.square().sum(dim=1, keepdim=True) + keys.square().sum(dim=1) - 2 * product


def lattice(image: Tensor, patch: int) -> Tensor:
    """The places of all patches in an image (..., H, W), (n,)."""
    return torch.arange(math.prod(grid(image, patch)), device=image.device)


def overlapping(places: Tensor, others: Tensor, columns: int, patch: int) -> Tensor:
    """Which patches of an image, (n,), overlap which others, (m,): (n, m); ``columns`` are those of
    its :func:`grid`."""

    def near(first: Tensor, second: Tensor) -> Tensor:
        every = torch.arange(int(second.max()) + 1, device=second.device)
        return ((first[:, None] - every).abs() < patch)[:, second]

    return near(places // columns, others // columns) & near(places % columns, others % columns)


def nearest_errors(image: Tensor, reference: Tensor, patch: int) -> Tensor:
    """For every patch of an image, the root mean squared error to the nearest of another one, 0 to
    1, (n,), in bounded memory; both are (1, C, H, W) in [-1, 1]."""
    errors = []
    for some in torch.split(lattice(image, patch), CUT_AT_ONCE):
        queries = patches_at(image, some, patch)
        found = list[Tensor]()
        for others in torch.split(lattice(reference, patch), CUT_AT_ONCE):
            found.append(to_nearest(queries, patches_at(reference, others, patch)))
        errors.append(torch.stack(found).amin(dim=0) / (2 * math.sqrt(queries.shape[1])))
    return torch.cat(errors)


def _parts(queries: Tensor, keys: Tensor) -> Iterator[slice]:
    """Slices of queries, few enough to hold their distances to all keys in memory."""
    step = max(1, DISTANCES_AT_ONCE // len(keys))
    for start in range(0, len(queries), step):
        yield slice(start, start + step)
