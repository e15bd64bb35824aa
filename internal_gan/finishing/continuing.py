"""Margins beside what is smooth, such as a sky; and how easily each border of a photo continues.

Nothing is drawn patch by patch beside a sky, since its few rows, repeated, are stripes. Its colours
go on as they change towards the border, and its finest details, blocks of the photo's own pixels,
are put on them.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.fft import dct, idct
from scipy.ndimage import binary_closing, binary_erosion, label
from torch import Tensor

from internal_gan.finishing.seams import Hiding, hide
from internal_gan.finishing.sizes import small_copy, thinned
from internal_gan.images.colours import in_floats
from internal_gan.images.levels import colours_of, largest_level, levels_of, spread
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import gaussian_blur, resize, size_of
from internal_gan.images.smooth_fill import fill_smoothly
from internal_gan.patches.exact import lattice, overlapping, patches_at, squared_distances
from internal_gan.patches.origins import carry, own_places, taken
from internal_gan.shapes import Flags, Mask, Pixels, Places
from internal_gan.units import Size

# How easily a border continues is judged by the patches of a small copy.
COMPARED = 64  # its long side, in pixels
COMPARED_PATCH = 7  # the side of a patch, in pixels
NEIGHBOURS = 3  # a patch is compared with its third nearest elsewhere
THING = 0.16  # above this distance (0 to 1), a patch is part of a thing that the border cuts
# What is smooth is found in another copy.
SMOOTH_SIDE = 256  # its long side, in pixels
STEEPEST = 4.0  # levels of 255 between neighbouring pixels, once blurred by SOFT
SOFT = 1.5  # sigma in pixels
ROUGHEST = 7.0  # standard deviation around a pixel, in levels of 255
RIM = 2  # pixels around what is not smooth that do not count as smooth either
MOSTLY = 0.8  # the share of the border that must be smooth
LEAST_DEPTH = 8  # rows that must be smooth behind half of the border
# Above the border, colours go on changing as they did below it, but less and less. Both lengths are
# shares of the depth of what is smooth.
DAMPING = 0.5  # within this, the change falls to 1/e
NEAR = 0.25  # within this, the influence of rows below the border falls to 1/e
OUTLIERS = 0.01  # the share of the photo's colours at either end that may be exceeded
# Details finer than this blur are grain, which is taken from the photo in square blocks.
GRAIN = 4.0  # sigma, in pixels of the copy
# The border's length divided by a block's side: the first one that leaves enough blocks.
SIDES = 4, 6, 8, 12, 16, 24, 32, 48
CHOICE = 24  # random blocks, of which the best is used
UNUSUAL = 4.0  # standard deviations; blocks avoid pixels that differ more, such as a bird
OVERLAP = 2  # pixels in which a block is compared with those beside it
# Where something else reaches the border, a place above it is left to be finished.
OVER = 0.75  # the height of that place, relative to its width
AROUND = 4  # pixels by which it is wider on each side


class Continued(NamedTuple):
    """A margin.

    Attributes:
        colours: (1, 3, h, w), of the photo's kind.
        places: (h, w, 2), rows and columns in the photo.
        left: (h, w), where something else reaches the border, and is left to be finished.
    """

    colours: Tensor
    places: Places
    left: Flags


def continues(photo: Photo) -> tuple[float, float, float, float]:
    """How hard it is to continue a photo above, at its right, below and at its left: how far the
    patches at that border are from those elsewhere that are most alike, 0 to 1.

    Skies have .01 to .04, grass and water about .06; above .1, hardly anything goes on well. If a
    border cuts a thing, such as a pole before a sky, that alone counts.
    """
    pixels = in_floats(thinned(photo.colours, COMPARED))
    size = fit_size(size_of(pixels), COMPARED)
    small = resize(pixels, (max(size[0], COMPARED_PATCH), max(size[1], COMPARED_PATCH)))
    places = lattice(small, COMPARED_PATCH)
    columns = small.shape[-1] - COMPARED_PATCH + 1
    patches = patches_at(small, places, COMPARED_PATCH)
    row = places // columns
    column = places % columns
    found = []
    for border in row == 0, column == columns - 1, row == row[-1], column == 0:
        distance = squared_distances(patches[border], patches)
        distance[overlapping(places[border], places, columns, COMPARED_PATCH)] = math.inf
        near = distance.kthvalue(min(NEIGHBOURS, len(patches)), dim=1).values.clamp(0, math.inf)
        unlike = (near / patches.shape[1]).sqrt() / 2
        unlike = torch.where(unlike.isfinite(), unlike, 1.0)
        most = float(unlike.max())
        found.append(most if most > THING else float(unlike.mean()))
    return found[0], found[1], found[2], found[3]


def continued(
    photo: Photo, sides: Margins, unknown: Mask, excluded: Mask, rng: torch.Generator | None
) -> Continued | None:
    """The margin at the only side that has one; None if the photo is not smooth there.

    Where each pixel comes from is decided in a small copy, so that a preview shows the same.

    Args:
        unknown: 1 where the photo shows nothing that counts.
        excluded: 1 where no pixel may be taken from.
    """
    if photo.has_few_colours:
        return None
    turns, length = next((number, side) for number, side in enumerate(sides) if side)

    def turned(image: Tensor) -> Tensor:  # the border is above
        return torch.rot90(image, turns, (2, 3))

    small = small_copy(photo)
    whole = turned(photo.colours)
    pixels = turned(small.pixels)
    size = size_of(turned(small.colours))
    full = size_of(whole)
    hidden, closed = (
        turned(F.adaptive_max_pool2d(mask, small.size)) for mask in (unknown, excluded)
    )
    tiny = fit_size(size, SMOOTH_SIDE)
    ratio = full[1] / size[1]
    even = resize(turned(spread(small).pixels), tiny)
    flags = _smooth(even, F.adaptive_max_pool2d(hidden, tiny))
    if flags is None:
        return None
    rows, above = (max(1, round(length * side / full[1])) for side in (tiny[1], size[1]))
    low = _without_grain(resize(pixels, tiny), flags, rows)
    grain = pixels - resize(low, (above + size[0], size[1]))[..., above:, :]
    allowed = _enlarged(flags, size) & (closed[0, 0].numpy() == 0)
    found = _blocks(grain[0].permute(1, 2, 0).numpy(), allowed, (above, size[1]), rng)
    if found is None:
        return None
    places = carry(found, ratio, (length, full[1]), full)
    low = resize(low, (length + full[0], full[1]))
    colours = _coloured(levels_of(whole, largest_level(photo)), low, places)
    left = _enlarged(_over(flags[0], rows), (length, full[1]))
    own = np.ascontiguousarray(np.rot90(own_places(photo.size), turns))
    there, left = (np.rot90(values, -turns).copy() for values in (taken(own, places), left))
    return Continued(torch.rot90(colours, -turns, (2, 3)), there, left)


def _enlarged(flags: Flags, size: Size) -> Flags:
    enlarged = F.interpolate(torch.from_numpy(flags).float()[None, None], size)
    return np.asarray(enlarged[0, 0] > 0)


def _smooth(image: Pixels, unknown: Mask) -> Flags | None:
    """(h, w), what is smooth and reaches the upper border; None if most of that is not."""
    levels = image * 127.5
    soft = gaussian_blur(levels, SOFT)
    down = soft.diff(dim=2, append=soft[..., -1:, :])
    across = soft.diff(dim=3, append=soft[..., -1:])
    steep = (down.square() + across.square()).sum(dim=1).sqrt()
    details = levels - gaussian_blur(levels, 2.0)
    rough = gaussian_blur(details.square(), 2.0).amax(dim=1).sqrt()
    smooth = (steep < STEEPEST) & (rough < ROUGHEST) & (unknown[:, 0] == 0)
    labels, _ = label(smooth[0].numpy())
    flags = np.isin(labels, np.setdiff1d(labels[0], 0))
    flags = binary_erosion(flags, np.ones((3, 3)), RIM, border_value=1)
    along = flags.sum(axis=1)[:LEAST_DEPTH]
    deep = len(along) == LEAST_DEPTH and bool((along >= along[0] / 2).all())
    return flags if deep and along[0] >= MOSTLY * flags.shape[1] else None


def _without_grain(image: Pixels, flags: Flags, rows: int) -> Tensor:
    """The colours of what is smooth without its grain, (1, 3, rows + h, w), with new rows above."""
    values = image[0].permute(1, 2, 0).double().numpy()
    height, width = flags.shape
    weight = flags.sum(axis=1)
    depth = int((weight < weight[0] / 2).argmax()) or height
    means = (values * flags[..., None]).sum(axis=1) / np.maximum(weight, 1)[:, None]
    distance = np.arange(height) / depth
    share = np.sqrt(weight * np.exp(-distance / NEAR))[:, None]
    powers = distance[:, None] ** np.arange(3)
    fitted = np.linalg.lstsq(powers * share, means * share, rcond=None)[0]
    profile = (powers @ fitted)[:, None]
    # Blurred only once the profile is subtracted, which blurring would change at the border.
    mask = torch.from_numpy(flags)[None, None].float()
    off = torch.from_numpy((values - profile).transpose(2, 0, 1)[None]).float()
    off = gaussian_blur(off * mask, GRAIN) / gaussian_blur(mask, GRAIN).clamp_min(1e-6)
    inside = fill_smoothly(off, 1 - mask)[0].permute(1, 2, 0).double().numpy() + profile
    far = np.arange(rows, 0, -1)[:, None]
    change = -fitted[1] * DAMPING * (1 - np.exp(-far / (depth * DAMPING)))
    bounds = np.quantile(values.reshape(-1, 3), (OUTLIERS, 1 - OUTLIERS), axis=0)
    low, *_, high = np.sort([*bounds, fitted[0]], axis=0)
    # Differences between the border's columns fade upwards as heat does: the finer, the sooner.
    columns = np.arange(width)
    known = columns[flags[0]]
    border = np.stack([np.interp(columns, known, one[flags[0]]) for one in inside[0].T])
    waves = dct(border.T - fitted[0], axis=0, norm="ortho")
    fading = np.exp(-np.pi * far * columns / width)
    above = (fitted[0] + change).clip(low, high)[:, None]
    above = above + idct(fading[..., None] * waves, axis=1, norm="ortho")
    return torch.from_numpy(np.concatenate([above, inside]).transpose(2, 0, 1)[None]).float()


def _blocks(
    grain: NDArray[np.float32], allowed: Flags, size: Size, rng: torch.Generator | None
) -> Places | None:
    """The places of blocks of grain, (*size, 2), from the border upwards: of some, each is the one
    that fits those beside it best. None if there is no choice."""
    rng = rng or torch.Generator().manual_seed(0)
    height, width = size
    off = np.abs(grain).max(axis=2)
    rare = off > UNUSUAL * math.sqrt(np.square(off[allowed]).mean() if allowed.any() else 0)
    total = np.pad((allowed & ~rare).astype(np.int32), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    for part in SIDES:
        side = max(1, width // part)
        reach = side + OVERLAP
        inside = total[reach:, reach:] - total[:-reach, reach:]
        inside = inside - (total[reach:, :-reach] - total[:-reach, :-reach])
        corners = np.argwhere(inside == reach * reach)
        # Blocks of the same rows would repeat what these have.
        if len(corners) >= CHOICE**2 and np.ptp(corners[:, 0]) >= side // 2:
            break
    else:
        return None

    def number(limit: int, count: int = 1) -> NDArray[np.int64]:
        found: NDArray[np.int64] = torch.randint(limit, (count,), generator=rng).numpy()
        return found

    places = np.zeros((*size, 2), np.int32)
    seen = np.full((height + OVERLAP, width, 3), np.nan)
    seen[height:] = grain[:OVERLAP]
    for bottom in range(height, 0, -side):
        for left, right in pairwise([0, *range(1 + int(number(side)[0]), width, side), width]):
            before = min(left, OVERLAP)
            top = max(0, bottom - side)
            around = seen[top : bottom + OVERLAP, left - before : right]
            tried = corners[number(len(corners), CHOICE)] + np.array([side - bottom + top, OVERLAP])
            errors = []
            for row, column in tried - np.array([0, before]):
                one = grain[row : row + around.shape[0], column : column + around.shape[1]]
                errors.append(np.nanmean(np.square(one - around)))
            here = np.s_[top:bottom, left:right]
            row, column = tried[np.argmin(errors)]
            places[here] = own_places((bottom - top, right - left), (row, column))
            seen[here] = taken(grain, places[here])
    return places


def _coloured(levels: NDArray[np.uint8], low: Tensor, places: Places) -> Tensor:
    """The photo's pixels with the low frequencies of the margin; seams of the grain are hidden."""
    white = np.iinfo(levels.dtype).max
    length, width = places.shape[:2]
    plain = low[0].permute(1, 2, 0).add(1).mul(white / 2).numpy()
    made = taken(levels, places) + (plain[:length] - taken(plain[length:], places))
    pixels = np.concatenate([made, levels[:1]]).astype(np.float32)
    origins = np.concatenate([places, own_places((1, width))])
    part = np.ones((length + 1, width), np.bool_)
    part[length:] = False
    fades = max(1.0, GRAIN * width / SMOOTH_SIDE)
    made += hide(pixels, origins, levels, Hiding(fades**-2, part=part))[:length]
    return colours_of(made.round().clip(0, white).astype(levels.dtype))


def _over(border: Flags, rows: int) -> Flags:
    """Above what reaches the border without being smooth, (rows, w)."""
    closed = binary_closing(np.pad(border, 2 * RIM, mode="edge"), np.ones(2 * RIM + 2))
    labels, count = label(~closed[2 * RIM : -2 * RIM])
    row, column = np.indices((rows, len(border)))
    found = np.zeros((rows, len(border)), np.bool_)
    for number in range(1, count + 1):
        (across,) = (labels == number).nonzero()
        reach = len(across) / 2 + AROUND
        away = (column - across.mean()) / reach, (rows - row) / (2 * reach * OVER)
        found |= np.hypot(*away) < 1
    return found
