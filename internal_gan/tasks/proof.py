"""Copies of a picture side by side, which show whether it tiles."""

from torch import Tensor

from internal_gan.images.periodic import Wrap, resize_periodic
from internal_gan.images.pyramid import fit_size

# Pictures with a longer side, in pixels, are shrunk before they are repeated.
MAX_SIDE = 1000


def proof_name(wrap: Wrap) -> str:
    """``tiled-2x2``, or ``tiled-1x2`` if only the left and right borders meet."""
    return f"tiled-{1 + wrap[0]}x{1 + wrap[1]}"


def proof(pixels: Tensor, wrap: Wrap) -> Tensor:
    """Copies of (1, 3, H, W) side by side along the axes that wrap."""
    size = fit_size((pixels.shape[-2], pixels.shape[-1]), MAX_SIDE)
    return resize_periodic(pixels, size, wrap).repeat(1, 1, 1 + wrap[0], 1 + wrap[1])
