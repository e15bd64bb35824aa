"""A hole filled with patches of what is around it, from coarse to fine, without any network.

Sources: Y. Wexler, E. Shechtman, M. Irani, "Space-time completion of video", PAMI 2007 (the search
and the weighted means); C. Barnes et al., "PatchMatch", SIGGRAPH 2009 (matches carried to the finer
size); N. Granot et al., "Drop the GAN", CVPR 2022, section 4.2 (the normalised distance).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.fill import depth, fill_smoothly
from internal_gan.images.pyramid import halved

PATCH = 7  # side in pixels
ROUNDS = 4  # searches at every size
# No smaller size is begun with than one that has so many known patches.
FEWEST = 150
# The smaller, the more patches that nothing resembles yet are preferred to smooth ones, which are
# near to everything; squared differences of colours in [-1, 1].
ALPHA = 0.08
# What a step into the hole costs a patch of its say: the border is known best.
TRUST = 1.3
# What the way from the top to the bottom counts, and that from side to side, as a difference of
# colours: in most scenes things lie at heights of their own.
DOWN, ACROSS = 0.6, 0.2
# Pairs of patches that are compared within seconds; beyond, matches found at half the size are
# taken as they are, which looks the same.
MOST_PAIRS = 1e8
# Distances held at once.
AT_ONCE = 2**22


def complete(
    image: Tensor,
    hole: Tensor,
    barred: Tensor | None = None,
    *,
    lines: Tensor | None = None,
    rng: torch.Generator | None = None,
) -> Tensor:
    """Fill a hole with known patches of the image.

    At the smallest size the hole is filled ring by ring, each pixel with the middle of the known
    patch that suits what is there. Then, at every size, each patch that reaches into the hole finds
    the one nearest to it, and where these overlap, the mean of the best stays.

    Args:
        image: (1, 3, H, W) in [-1, 1]; what it has inside of the hole is of no account.
        hole: (1, 1, H, W), 1 inside and else 0.
        barred: (1, 1, H, W), 1 where, beside the hole, no patch may be taken from.
        lines: (1, 1, H, W) in [0, 1], edges known everywhere: patches are chosen by them, too.
        rng: a random half of the patches fills the smallest size; None: all of them.

    Returns:
        (1, 3, H, W): ``image`` outside of the hole, bit for bit. Without any patch to take it is
        filled smoothly.
    """
    barred = hole if barred is None else torch.maximum(hole, barred.to(hole))
    start = fill_smoothly(image, hole)
    if not hole.any() or not has_patches(barred):
        return start
    guide = start[:, :0] if lines is None else lines.to(start)
    filled, _ = _complete(start, hole, barred, guide, rng)
    return torch.where(hole > 0, filled, image)


def has_patches(barred: Tensor) -> bool:
    """Whether a patch is left that may be taken; ``barred`` as for :func:`complete`."""
    return bool(_known(barred).any())


def _complete(
    image: Tensor, hole: Tensor, barred: Tensor, guide: Tensor, rng: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """The filled image, and for every patch, row by row, the one that it was filled with."""
    height, width = image.shape[-2:]
    reaching = _touched(hole).nonzero().flatten()
    places = _known(barred).nonzero().flatten()
    pairs = len(reaching) * len(places)

    coarse, *masks = halved(image, hole, barred)
    smallest = min(coarse.shape[-2:]) < 2 * PATCH or int(_known(masks[1]).sum()) < FEWEST
    matches = torch.arange((height - PATCH + 1) * (width - PATCH + 1), device=image.device)
    if smallest:
        places = places[:: math.ceil(pairs / MOST_PAIRS)]
    else:
        size = coarse.shape[-2:]
        lines = F.adaptive_max_pool2d(guide, size) if guide.numel() else coarse[:, :0]
        _, found = _complete(coarse, masks[0], masks[1], lines, rng)
        matches[reaching] = _carried(found, size[1], (height, width))[reaching]
        carried = _patches_at(image, matches[reaching])
        image = _averaged(image, hole, reaching, carried, torch.ones_like(carried[:, 0]))
        if pairs > MOST_PAIRS:
            return image, matches

    keys = _described(torch.cat([image, guide], dim=1), places, PATCH // 2)
    if smallest:
        image = _peeled(image, hole, keys, guide, rng)
    trust = _patches_at(TRUST ** -depth(hole), reaching).mean(dim=1)
    for _ in range(ROUNDS):
        wanted = _described(torch.cat([image, guide], dim=1), reaching, PATCH // 2)
        nearest, distance = _nearest(wanted, keys)
        spread = distance.sort().values[int(0.75 * len(distance))].clamp_min(1e-8)
        say = trust * torch.exp(-distance / (2 * spread)) + 1e-12
        colours = keys[nearest][:, : image.shape[1] * PATCH**2]
        image = _averaged(image, hole, reaching, colours, say)
        matches[reaching] = places[nearest]
    return image, matches


def _peeled(
    image: Tensor, hole: Tensor, keys: Tensor, guide: Tensor, rng: torch.Generator | None
) -> Tensor:
    """The hole filled ring by ring from its border inwards."""
    if rng is not None:
        order = torch.randperm(len(keys), generator=rng).to(keys.device)
        keys = keys[order[: max(1, len(keys) // 2)]]
    squares = keys.square()
    middle, channels = PATCH // 2, image.shape[1]
    left = hole
    while left.any():
        known = 1 - left
        near = F.max_pool2d(known, 3, stride=1, padding=1)
        ring = (near * left).flatten().nonzero().flatten()
        if not len(ring):
            break
        seen = torch.cat([known.expand(-1, channels, -1, -1), torch.ones_like(guide)], dim=1)
        around, counts = (F.pad(x, (middle,) * 4) for x in (torch.cat([image, guide], dim=1), seen))
        wanted = _described(around, ring, 0)
        counted = F.pad(_patches_at(counts, ring), (0, 2), value=1.0)
        nearest = torch.cat(
            [
                (share @ squares.T - 2 * (share * some) @ keys.T).argmin(dim=1)
                for some, share in zip(*(_split(x, keys) for x in (wanted, counted)), strict=True)
            ]
        )
        colours = keys[nearest][:, : channels * PATCH**2].view(-1, channels, PATCH, PATCH)
        flat = image.flatten(2).clone()
        flat[0, :, ring] = colours[..., middle, middle].T
        image = flat.view_as(image)
        left = left.flatten().index_fill(0, ring, 0).view_as(left)
    return image


def _nearest(wanted: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """For every patch the nearest key, by the normalised distance, and its mean squared one."""
    lengths = keys.square().sum(dim=1)

    def distances(some: Tensor) -> Tensor:
        cross = torch.addmm(lengths, some, keys.T, alpha=-2)
        return (cross + some.square().sum(dim=1, keepdim=True)).clamp_min_(0) / keys.shape[1]

    least = torch.stack([distances(some).amin(dim=0) for some in _split(wanted, keys)]).amin(dim=0)
    nearest, found = [], []
    for some in _split(wanted, keys):
        distance = distances(some)
        nearest.append((distance / (ALPHA + least)).argmin(dim=1))
        found.append(distance.gather(1, nearest[-1][:, None])[:, 0])
    return torch.cat(nearest), torch.cat(found)


def _carried(matches: Tensor, coarse_width: int, size: tuple[int, int]) -> Tensor:
    """Matches of patches at half the size as those of every patch of an image of this size."""
    rows, columns = (side - PATCH + 1 for side in size)
    coarse_columns = coarse_width - PATCH + 1
    coarse_rows = len(matches) // coarse_columns
    y = torch.arange(rows, device=matches.device)[:, None]
    x = torch.arange(columns, device=matches.device)[None]
    coarse_y, coarse_x = (y // 2).clamp(max=coarse_rows - 1), (x // 2).clamp(max=coarse_columns - 1)
    match = matches[coarse_y * coarse_columns + coarse_x]
    row = (2 * (match // coarse_columns) + y - 2 * coarse_y).clamp(0, rows - 1)
    column = (2 * (match % coarse_columns) + x - 2 * coarse_x).clamp(0, columns - 1)
    return (row * columns + column).flatten()


def _averaged(
    image: Tensor, hole: Tensor, reaching: Tensor, patches: Tensor, say: Tensor
) -> Tensor:
    """The hole filled with the weighted mean of the patches that overlap there."""
    size = image.shape[-2:]
    count = (size[0] - PATCH + 1) * (size[1] - PATCH + 1)
    votes = patches.new_zeros(count, patches.shape[1])
    votes[reaching] = patches * say[:, None]
    weights = patches.new_zeros(count)
    weights[reaching] = say
    total = F.fold(votes.T[None], size, PATCH)
    sums = F.fold(weights.expand(1, PATCH**2, -1), size, PATCH)
    return torch.where(hole > 0, total / sums.clamp_min(1e-20), image)


def _patches_at(image: Tensor, positions: Tensor) -> Tensor:
    """Some patches as rows, (n, C PATCH^2); ``positions`` (n,) counts them all, row by row."""
    columns = image.shape[-1] - PATCH + 1
    span = torch.arange(PATCH, device=image.device)
    y = (positions // columns)[:, None, None] + span[:, None]
    x = (positions % columns)[:, None, None] + span
    return image[0][:, y, x].transpose(0, 1).flatten(1)


def _described(image: Tensor, positions: Tensor, margin: int) -> Tensor:
    """The same, and where their middles lie in the measure of their colours, (n, C PATCH^2 + 2).

    Args:
        margin: how far the middle of the first patch is from the border of what is measured; 0
            where ``image`` was padded.
    """
    columns = image.shape[-1] - PATCH + 1
    height, width = (side - PATCH + 2 * margin for side in image.shape[-2:])
    where = torch.stack(
        [
            (positions // columns + margin) * (DOWN * PATCH / max(height, 1)),
            (positions % columns + margin) * (ACROSS * PATCH / max(width, 1)),
        ],
        dim=1,
    )
    return torch.cat([_patches_at(image, positions), where], dim=1)


def _touched(mask: Tensor) -> Tensor:
    """For every patch whether it holds a pixel of the mask."""
    return F.max_pool2d(mask, PATCH, stride=1).flatten() > 0


def _known(barred: Tensor) -> Tensor:
    if min(barred.shape[-2:]) < PATCH:
        return torch.zeros(0, dtype=torch.bool, device=barred.device)
    return ~_touched(barred)


def _split(patches: Tensor, keys: Tensor) -> tuple[Tensor, ...]:
    """So few patches at a time that their distances to all keys can be held."""
    return torch.split(patches, max(1, AT_ONCE // len(keys)))
