"""Seams: how well a tileable picture continues across its borders, and where it was made to."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import label
from torch import Tensor

from internal_gan.images.periodic import Wrap, axes, resize_periodic
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.exact import grid, lattice, overlapping, patches_at, to_nearest
from internal_gan.shapes import Mask, Pixels

NAMES = {-2: "top and bottom", -1: "left and right"}  # of the borders along an axis
# Pictures with a longer side, in pixels, are shrunk before they are repeated.
LONGEST_REPEATED = 1000
# Steps across a border, relative to those inside.
SOFTER = 0.8  # below, the border is softer than the rest
VISIBLE = 1.3  # above, it shows
LIKE = 1.15  # up to this, it is like any other line
BESIDE = 16  # the lines beside a border are the side's length divided by this
# Patches on seams are compared with those of the photo.
STRANGE_SIDE = 200  # the long side at which they are, in pixels
BORDER_PATCH = 9  # the side of a patch, in pixels
MAX_PATCHES = 1500  # patches that are compared, chosen at random, at most
HALF_LEVEL = BORDER_PATCH * 3**0.5 / 255  # a distance of half an 8-bit step in every pixel


def seams(pixels: Pixels, wrap: Wrap) -> dict[str, float]:
    """The mean difference across each border that wraps, relative to that of neighbours inside: by
    the names in :data:`NAMES`, about 1 without a seam; none for a side of one pixel.

    A border like the strongest of the lines beside it, as on the joint of a wall, counts as 1.
    """
    found = {}
    for axis in axes(wrap):
        side = pixels.shape[axis]
        if side == 1:
            continue
        over = (pixels.narrow(axis, 0, 1) - pixels.narrow(axis, side - 1, 1)).abs().mean()
        steps = pixels.diff(dim=axis).abs().movedim(axis, 0).flatten(1).mean(dim=1)
        near = max(1, side // BESIDE)
        strongest = torch.cat([steps[:near], steps[-near:]]).max()
        like = over.clamp(steps.mean(), torch.maximum(strongest, steps.mean()))
        found[NAMES[axis]] = float(over / like) if over > 0 else 0.0
    return found


def spacing(photo: Pixels) -> float:
    """How far a photo's patches are from the nearest ones that they do not overlap."""
    known = _compared(photo)
    if min(size_of(known)) < BORDER_PATCH:
        return 0.0
    columns = grid(known, BORDER_PATCH)[1]
    every = lattice(known, BORDER_PATCH)
    some = torch.randperm(len(every), generator=torch.Generator().manual_seed(0))[:MAX_PATCHES]
    others = patches_at(known, every, BORDER_PATCH)
    overlaps = overlapping(some, every, columns, BORDER_PATCH)
    return float(to_nearest(others[some], others, overlaps).mean())


def strangeness(photo: Pixels, made: Pixels, broken: Tensor, spacing: float) -> float:
    """How far the patches on the seams of a tile, ``broken`` (H, W), are from the photo's nearest
    ones, relative to its :func:`spacing`: 1 or less if none looks foreign."""
    known = _compared(photo)
    small = F.pad(_compared(made), [BORDER_PATCH // 2] * 4, mode="circular")
    if min(size_of(known)) < BORDER_PATCH or not broken.any():
        return 0.0
    seam = F.adaptive_max_pool2d(broken[None, None].float(), size_of(known))
    places = seam.flatten().nonzero()[:, 0]
    some = torch.randperm(len(places), generator=torch.Generator().manual_seed(0))[:MAX_PATCHES]
    others = patches_at(known, lattice(known, BORDER_PATCH), BORDER_PATCH)
    found = to_nearest(patches_at(small, places[some], BORDER_PATCH), others)
    return float(found.mean()) / max(spacing, HALF_LEVEL)


def _compared(picture: Pixels) -> Pixels:
    return resize(picture, fit_size(size_of(picture), STRANGE_SIDE))


def repeats(pixels: Pixels, wrap: Wrap) -> Wrap:
    """Which borders meet already: neither a step nor a patch across them is unlike the others."""
    found = seams(pixels, wrap)
    own = spacing(pixels) if min(found.values(), default=VISIBLE) <= LIKE else 0.0
    done = []
    for axis in (-2, -1):
        border = torch.zeros(size_of(pixels), dtype=torch.bool)
        across = -3 - axis
        side = pixels.shape[-3 - axis]
        middle = border.narrow(across, side // 10, side - 2 * (side // 10))  # not the other border
        middle.narrow(axis, -1 % pixels.shape[axis], 1).fill_(True)
        met = found.get(NAMES[axis], VISIBLE) <= LIKE
        done.append(met and strangeness(pixels, pixels, border, own) <= LIKE)
    return done[0], done[1]


def wraps(photo: Photo, hole: Mask | None = None) -> Wrap:
    """Which borders of a photo meet: those of a seamless texture, or left and right of a panorama,
    which is twice as wide as high. Rows, or columns, with something in a ``hole`` do not count."""
    met = []
    for axis in range(2):
        seen = photo.pixels
        if hole is not None:
            labels, _ = label((hole[0, 0] == 0).all(dim=axis).numpy())
            lengths = np.bincount(labels)[1:]
            if max(lengths, default=0) < 2 * BORDER_PATCH:
                met.append(False)
                continue
            free = np.flatnonzero(labels == 1 + lengths.argmax())
            seen = seen.narrow(3 - axis, int(free[0]), len(free))
        met.append(repeats(seen, (axis == 0, axis == 1))[axis])
    return met[0] and photo.size[1] != 2 * photo.size[0], met[1]


def seams_in_words(found: Mapping[str, float]) -> str:
    """The ratios in words.

    >>> seams_in_words({"top and bottom": 1.034, "left and right": 0.6})
    '1.03 x (top and bottom), 0.60 x, softer (left and right)'
    """
    words = []
    for name, ratio in found.items():
        judged = ""
        if ratio < SOFTER:
            judged = ", softer"
        elif ratio > VISIBLE:
            judged = ", a visible seam"
        words.append(f"{ratio:.2f} x{judged} ({name})")
    return ", ".join(words)


def proof_name(wrap: Wrap) -> str:
    """``tiled-2x2``, or ``tiled-1x2`` if only the left and right borders meet."""
    return f"tiled-{1 + wrap[0]}x{1 + wrap[1]}"


def proof(pixels: Pixels, wrap: Wrap) -> Pixels:
    """Copies side by side along the axes that wrap, which show whether a picture tiles."""
    size = fit_size(size_of(pixels), LONGEST_REPEATED)
    return resize_periodic(pixels, size, wrap).repeat(1, 1, 1 + wrap[0], 1 + wrap[1])
