"""Fills a hole with patches from its surroundings, coarse to fine, without a network.

The search is exhaustive and works at training sizes. EdgeConnect's completion network starts
from this filling, so the exact search keeps its output the same, bit for bit.

Sources: Y. Wexler, E. Shechtman, M. Irani, "Space-time completion of video", PAMI 2007 (the search
and the weighted means); C. Barnes et al., "PatchMatch", SIGGRAPH 2009 (matches carried to the finer
size); N. Granot et al., "Drop the GAN", CVPR 2022, Section 4.2 (the normalised distance).
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.pyramid import halved
from internal_gan.images.resize import size_of
from internal_gan.images.smooth_fill import depth, fill_smoothly
from internal_gan.patches.exact import grid, lattice, nearest, nearest_normalised, patches_at
from internal_gan.patches.origins import carry
from internal_gan.shapes import Mask, Pixels
from internal_gan.units import Size

FILL_PATCH = 7  # the side of a patch, in pixels
SEARCHES_PER_SIZE = 3  # searches for all patches of the hole, each followed by weighted means
MIN_KNOWN = 150  # known patches at the smallest size, at least
# Smooth patches are close to everything. The smaller ALPHA is, the more it favours patches that
# nothing resembles yet; in squared differences of colours in [-1, 1].
ALPHA = 0.08
# Each pixel into the hole divides a patch's weight by this: the border of the hole is known best.
DISTRUST_PER_PIXEL = 1.3
# Things keep to certain heights in most scenes. So moving a patch counts like a difference of
# colours in [-1, 1].
WHOLE_HEIGHT = 0.6  # from top to bottom
WHOLE_WIDTH = 0.2  # from side to side
# A patch around a photo is compared as if it were inside it. Left and right of the photo, it is
# mirrored into it, so that no strip along the border is repeated over and over. Above and below,
# where mirroring would put trees into a meadow, it is moved to the border.
OUTSIDE = 5.0  # how many times as much the moves between places count there
ALPHA_OUTSIDE = 0.5  # ALPHA there; large, so that the photo's middle is not repeated
MIN_PATCHES = 2  # along the short side at the smallest size
MIN_PATCHES_OUTSIDE = 6  # the same around a photo; else a patch would hold sky and ground at once
# At the largest size, every other row and column of patches is enough: they overlap far enough.
STRIDE = 2
# Pairs of patches that can be compared within seconds. If there are more, the matches found at half
# the size are kept; the result looks the same.
MAX_PAIRS = 1e8

Rng = torch.Generator | None  # of a random choice; None for the best
# The part of an image that is a photo: its ends, as fractions of the image's height and width.
Frame = NDArray[np.float64]  # ((top, bottom), (left, right))


def complete(
    image: Pixels,
    hole: Mask,
    excluded: Mask | None = None,
    *,
    guide: Tensor | None = None,
    rng: Rng = None,
    frame: Frame | None = None,
) -> Pixels:
    """Fill a hole with known patches of the image.

    At the smallest size, the hole is filled ring by ring, each pixel with the centre of the known
    patch that fits its surroundings best. Then, at every size, each patch that reaches into the
    hole is replaced by its nearest known one, and overlapping patches are averaged.

    Args:
        image: its values inside the hole are ignored, and those outside are kept.
        excluded: 1 where no patches may be taken from, in addition to the hole. If none is left,
            the hole is filled smoothly.
        guide: (1, k, H, W), known everywhere, such as edges: patches should match it, too.
        rng: if given, only a random half of the patches fills the smallest size.
        frame: where the photo is, if the hole is around it rather than in it.
    """
    excluded = hole if excluded is None else torch.maximum(hole, excluded.to(hole))
    start = fill_smoothly(image, hole)
    if not hole.any() or not has_patches(excluded):
        return start
    guide = start[:, :0] if guide is None else guide.to(start)
    filled, _ = _complete(start, hole, excluded, guide, rng, frame, STRIDE)
    return torch.where(hole > 0, filled, image)


def has_patches(excluded: Mask) -> bool:
    """Whether any patch may be taken; ``excluded`` as for :func:`complete`, the hole included."""
    return bool(_known(excluded).any())


def _complete(
    image: Tensor,
    hole: Tensor,
    excluded: Tensor,
    guide: Tensor,
    rng: Rng,
    frame: Frame | None,
    stride: int = 1,
) -> tuple[Tensor, Tensor]:
    """The filled image, and for every place, the place of the patch that filled it. Patches that
    reach into the hole are replaced in every ``stride``-th row and column, and in the last ones."""
    fine = grid(image, FILL_PATCH)
    reaching = _touched(hole).nonzero().flatten()
    places = _known(excluded).nonzero().flatten()
    axes = zip((reaching // fine[1], reaching % fine[1]), fine, strict=True)
    down, across = ((index % stride == 0) | (index == side - 1) for index, side in axes)
    reaching = reaching[down & across]
    pairs = len(reaching) * len(places)

    least = MIN_PATCHES if frame is None else MIN_PATCHES_OUTSIDE
    alpha = ALPHA if frame is None else ALPHA_OUTSIDE
    coarse, *masks = halved(image, hole, excluded)
    smallest = (
        min(coarse.shape[-2:]) < least * FILL_PATCH or int(_known(masks[1]).sum()) < MIN_KNOWN
    )
    matches = lattice(image, FILL_PATCH)
    if smallest:
        places = places[:: math.ceil(pairs / MAX_PAIRS)]
    else:
        size = coarse.shape[-2:]
        lines = F.adaptive_max_pool2d(guide, size) if guide.numel() else coarse[:, :0]
        _, found = _complete(coarse, masks[0], masks[1], lines, rng, frame)
        matches[reaching] = _carried(found, grid(coarse, FILL_PATCH), fine)[reaching]
        carried = patches_at(image, matches[reaching], FILL_PATCH)
        image = _averaged(image, hole, reaching, carried, torch.ones_like(carried[:, 0]))
        if pairs > MAX_PAIRS:
            return image, matches

    keys = _described(torch.cat([image, guide], dim=1), places, FILL_PATCH // 2, frame)
    if smallest:
        image = _peeled(image, hole, keys, guide, rng, frame)
    trust = patches_at(DISTRUST_PER_PIXEL ** -depth(hole), reaching, FILL_PATCH).mean(dim=1)
    for _ in range(SEARCHES_PER_SIZE):
        wanted = _described(torch.cat([image, guide], dim=1), reaching, FILL_PATCH // 2, frame)
        index, distance = nearest_normalised(wanted, keys, alpha)
        spread = distance.kthvalue(int(0.75 * len(distance)) + 1).values.clamp_min(1e-8)
        weights = trust * torch.exp(-distance / (2 * spread)) + 1e-12
        colours = keys[index][:, : image.shape[1] * FILL_PATCH**2]
        image = _averaged(image, hole, reaching, colours, weights)
        matches[reaching] = places[index]
    return image, matches


def _carried(matches: Tensor, coarse: Size, fine: Size) -> Tensor:
    """For every place, (n,), that of its match, from those at half the size."""
    places = np.stack(np.divmod(matches.cpu().numpy().reshape(coarse), coarse[1]), axis=-1)
    rows, columns = np.moveaxis(carry(places.astype(np.int32), 2, fine, fine), -1, 0)
    return torch.from_numpy(rows * fine[1] + columns).flatten().to(matches)


def _peeled(
    image: Tensor, hole: Tensor, keys: Tensor, guide: Tensor, rng: Rng, frame: Frame | None
) -> Tensor:
    if rng is not None:
        order = torch.randperm(len(keys), generator=rng).to(keys.device)
        keys = keys[order[: max(1, len(keys) // 2)]]
    middle = FILL_PATCH // 2
    channels = image.shape[1]
    left = hole
    while left.any():
        known = 1 - left
        rim = F.max_pool2d(known, 3, stride=1, padding=1) * left
        ring = rim.flatten().nonzero().flatten()
        seen = torch.cat([known.expand(-1, channels, -1, -1), torch.ones_like(guide)], dim=1)
        around = F.pad(torch.cat([image, guide], dim=1), (middle,) * 4)
        counts = F.pad(seen, (middle,) * 4)
        counted = F.pad(patches_at(counts, ring, FILL_PATCH), (0, 2), value=1.0)
        index = nearest(_described(around, ring, 0, frame), keys, weights=counted)
        colours = keys[index][:, : channels * FILL_PATCH**2].view(
            -1, channels, FILL_PATCH, FILL_PATCH
        )
        flat = image.flatten(2).clone()
        flat[0, :, ring] = colours[..., middle, middle].T
        image = flat.view_as(image)
        left = left.flatten().index_fill(0, ring, 0).view_as(left)
    return image


def _averaged(
    image: Tensor, hole: Tensor, reaching: Tensor, patches: Tensor, weights: Tensor
) -> Tensor:
    """The hole filled with the weighted mean of the patches that overlap there."""
    count = math.prod(grid(image, FILL_PATCH))
    every = patches.new_zeros(count, patches.shape[1]).index_copy(0, reaching, patches)
    each = weights.new_zeros(count).index_copy(0, reaching, weights)
    total = F.fold((every * each[:, None]).T[None], size_of(image), FILL_PATCH)
    sums = F.fold(each.expand(1, FILL_PATCH**2, -1), size_of(image), FILL_PATCH)
    return torch.where(hole > 0, total / sums.clamp_min(1e-20), image)


def _described(image: Tensor, places: Tensor, margin: int, frame: Frame | None) -> Tensor:
    """Patches as rows, each followed by its position in units of colour, (n, C FILL_PATCH^2 + 2);
    ``margin`` is the distance of the first patch's centre from the border, 0 if that was padded."""
    rows, columns = grid(image, FILL_PATCH)
    height, width = rows + 2 * margin - 1, columns + 2 * margin - 1
    down, across = places // columns + margin, places % columns + margin
    weights = WHOLE_HEIGHT * FILL_PATCH / height, WHOLE_WIDTH * FILL_PATCH / width
    if frame is not None:
        # The first and last centres of patches inside.
        half = FILL_PATCH // 2
        (top, bottom), (left, right) = frame
        down = down.clamp(top * height + half, bottom * height - half)
        first, last = left * width + half, right * width - half
        across = (2 * across.clamp(first, last) - across).clamp(first, last)
        weights = OUTSIDE * weights[0], OUTSIDE * weights[1]
    where = torch.stack([down * weights[0], across * weights[1]], dim=1)
    return torch.cat([patches_at(image, places, FILL_PATCH), where], dim=1)


def _touched(mask: Tensor) -> Tensor:
    """For every place, whether its patch holds a pixel of the mask."""
    return F.max_pool2d(mask, FILL_PATCH, stride=1).flatten() > 0


def _known(excluded: Tensor) -> Tensor:
    if min(excluded.shape[-2:]) < FILL_PATCH:
        return torch.zeros(0, dtype=torch.bool, device=excluded.device)
    return ~_touched(excluded)
