"""Cuts a hole into pieces that are filled one after another, each in a window around it.

So time and memory grow with the pixels of a hole and what surrounds them, not with the number of
its parts.
"""

from collections.abc import Iterator

from internal_gan.images.smooth_fill import depth
from internal_gan.images.windows import Part, extent, hull, parts
from internal_gan.shapes import Mask

# Specks, scratches and wires are thin: no pixel of them is farther than this from the outside. They
# are told from thick parts if at least GAP pixels lie between.
THIN = 12
GAP = 16
# What is thin is continued from what lies beside it, in pieces of at most so many pixels a side.
LONGEST = 1024


def pieces(hole: Mask, gap: int) -> Iterator[tuple[Part, bool]]:
    """The pieces of a hole, and whether they are thin.

    First come its thick parts, from top to bottom, see
    :func:`internal_gan.images.windows.parts`. What is thin counts as thick if it spans no more
    than ``LONGEST`` pixels.
    """
    thin = [part for part in parts(hole, GAP) if _is_thin(part, hole)]
    if not thin or max(extent(hull(part.window for part in thin))) <= LONGEST:
        yield from ((part, False) for part in parts(hole, gap))
        return
    thick = hole.clone()
    for part in thin:
        thick[(..., *part.window)] -= part.mask
    yield from ((part, False) for part in parts(thick, gap))
    yield from ((piece, True) for piece in Part.of(hole - thick).divided(LONGEST))


def _is_thin(part: Part, hole: Mask) -> bool:
    # With a pixel around it, unless the photo ends there.
    rows, columns = (slice(max(0, side.start - 1), side.stop + 1) for side in part.window)
    return bool(depth(hole[..., rows, columns]).max() <= THIN)
