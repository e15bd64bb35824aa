"""Seams: how well a tileable picture continues across its borders."""

from collections.abc import Mapping

from internal_gan.images.periodic import Wrap, axes, resize_periodic
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.shapes import Pixels

NAMES = {-2: "top and bottom", -1: "left and right"}
# Pictures with a longer side, in pixels, are shrunk before they are repeated.
LONGEST_REPEATED = 1000
# Steps across a border, relative to those inside.
SOFTER = 0.8  # below, the border is softer than the rest
VISIBLE = 1.3  # above, it shows


def seams(pixels: Pixels, wrap: Wrap) -> dict[str, float]:
    """The mean difference across each border that wraps, relative to that of neighbours inside: by
    the names in :data:`NAMES`, about 1 without a seam; none for a side of one pixel."""
    found = {}
    for axis in axes(wrap):
        side = pixels.shape[axis]
        if side == 1:
            continue
        over = (pixels.narrow(axis, 0, 1) - pixels.narrow(axis, side - 1, 1)).abs().mean()
        inside = pixels.diff(dim=axis).abs().mean()
        found[NAMES[axis]] = float(over / inside.clamp(min=1e-9))
    return found


def seams_in_words(found: Mapping[str, float]) -> str:
    """The ratios in words.

    >>> seams_in_words({"top and bottom": 1.034, "left and right": 0.6})
    '1.03 x (top and bottom), 0.60 x, softer (left and right)'
    """
    return ", ".join(f"{ratio:.2f} x{_judged(ratio)} ({name})" for name, ratio in found.items())


def _judged(ratio: float) -> str:
    if ratio < SOFTER:
        return ", softer"
    return ", a visible seam" if ratio > VISIBLE else ""


def proof_name(wrap: Wrap) -> str:
    """``tiled-2x2``, or ``tiled-1x2`` if only the left and right borders meet."""
    return f"tiled-{1 + wrap[0]}x{1 + wrap[1]}"


def proof(pixels: Pixels, wrap: Wrap) -> Pixels:
    """Copies side by side along the axes that wrap, which show whether a picture tiles."""
    size = fit_size(size_of(pixels), LONGEST_REPEATED)
    return resize_periodic(pixels, size, wrap).repeat(1, 1, 1 + wrap[0], 1 + wrap[1])
