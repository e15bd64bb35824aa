"""Cuts a hole into pieces that are filled one after another, each in a window around it.

So time and memory grow with the pixels of a hole and what surrounds them, not with the number of
its parts.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from scipy.ndimage import maximum_filter

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.images.smooth_fill import depth
from internal_gan.images.windows import Part, Window, around, extent, hull, parts, within
from internal_gan.patches.completion import FILL_PATCH
from internal_gan.shapes import Mask
from internal_gan.units import Size

# Specks, scratches and wires are thin: no pixel of them is farther than this from the outside, in
# pixels.
THIN = 12
# Pixels of a hole closer than this belong to one part when its thickness is judged, in pixels.
GAP = 16
# What is thin is continued from what lies beside it, in pieces of at most this many pixels a side.
LONGEST_PIECE = 1024
# More thin parts than this are filled together: one by one takes a tenth of a second each.
FEW_PARTS = 4
# A hole is drawn in a small copy of its surroundings, where lines cover more. Lines are a net, such
# as a fence or missing pixels, if the copy's patches without a hole miss too much of what is known.
COPY = 128  # the long side of the copy, in pixels
LOST = 1 / 8  # the largest share that may be missed


def pieces(hole: Mask, gap: int) -> Iterator[tuple[Part, bool]]:
    """The pieces of a hole, and whether they are thin.

    First come its thick parts, from top to bottom, see
    :func:`internal_gan.images.windows.parts`; a net comes before what is thick in it. What is thin
    counts as thick if it is few parts that span no more than ``LONGEST_PIECE`` pixels, and no net.
    """
    thin = torch.zeros_like(hole)
    spans = list[Window]()
    has_net = False
    for part in parts(hole, GAP):
        fine = _thin(part, hole)
        is_net = bool(fine.any()) and _is_net(Part(part.window, fine), size_of(hole))
        if is_net or torch.equal(fine, part.mask):
            thin[(..., *part.window)] += fine
            spans.append(part.window)
            has_net |= is_net
    if (
        not has_net
        and len(spans) <= FEW_PARTS
        and (not spans or max(extent(hull(spans))) <= LONGEST_PIECE)
    ):
        yield from ((part, False) for part in parts(hole, gap))
        return
    thick = ((part, False) for part in parts(hole - thin, gap))
    if not has_net:
        yield from thick
    yield from ((piece, True) for piece in Part.of(thin).divided(LONGEST_PIECE))
    yield from thick


def _thin(part: Part, hole: Mask) -> Mask:
    """What is thin of a part: it is in no square of the hole that is not."""
    # With a pixel around it, unless the photo ends there.
    rows, columns = (slice(max(0, side.start - 1), side.stop + 1) for side in part.window)
    core = depth(hole[..., rows, columns])[0, 0].numpy() > THIN
    if not core.any():
        return part.mask
    grown = maximum_filter(core, 2 * THIN + 1)[within(part.window, (rows, columns))]
    return part.mask * torch.from_numpy(~grown)


def _is_net(part: Part, size: Size) -> bool:
    side = max(2 * max(extent(part.window)), COPY)
    window = around(part.window, (side, side), size)
    hole = torch.zeros(1, 1, *extent(window))
    hole[(..., *within(part.window, window))] = part.mask
    covered = F.adaptive_max_pool2d(hole, fit_size(extent(window), COPY))
    if min(size_of(covered)) < FILL_PATCH:
        return False
    known = F.pad(1 - F.max_pool2d(covered, FILL_PATCH, stride=1), (FILL_PATCH - 1,) * 4)
    in_known = F.max_pool2d(known, FILL_PATCH, stride=1)
    share = 1 - float(hole.mean())
    return share - float(in_known.mean()) > LOST * share
