"""New layouts of a small photo without any training: its own, warped, with its own patches."""

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.resize import resize, size_of
from internal_gan.patches.matching import matched
from internal_gan.units import Size

# The first size over that of the photo; from one to the next; steps of matching at each.
FIRST, GROWTH, STEPS = 0.65, 1.5, 50
# Waves of the warp along a side of the photo, and how much less it moves things up and down.
WAVES, UPRIGHT = 4, 0.25


def layout(photo: Tensor, size: Size, rng: torch.Generator, *, freedom: float = 0.3) -> Tensor:
    """Arrange what a small photo shows anew.

    The photo, brought to the size, is mirrored or not and warped smoothly, mostly sideways, so that
    skies stay above. Then its patches are matched with the photo's, from coarse to fine.

    Args:
        photo: (1, 3, H, W) in [-1, 1], some tens of pixels a side.
        size: (height, width) of the layout.
        rng: of the warp, on the CPU.
        freedom: standard deviation of the warp in half widths of the photo; 0: neither warped nor
            mirrored, so that only another size makes a difference.

    Returns:
        (1, 3, height, width) in [-1, 1].

    Source: matching from coarse to fine is that of Elnekave and Weiss, ECCV 2022.
    """
    scale, own = FIRST, size_of(photo)
    picture = resize(photo, _scaled(size, scale)).clamp(-1, 1)
    if freedom > 0:
        picture = _warped(picture, own, rng, freedom)
    while True:
        picture = matched(picture, resize(photo, _scaled(own, scale)).clamp(-1, 1), STEPS)
        if scale == 1.0:
            return picture
        scale = min(1.0, scale * GROWTH) if scale * GROWTH < 0.9 else 1.0
        picture = resize(picture, _scaled(size, scale)).clamp(-1, 1)


def _warped(picture: Tensor, photo: Size, rng: torch.Generator, freedom: float) -> Tensor:
    if torch.rand((), generator=rng) < 0.5:
        picture = picture.flip(3)
    height, width = size_of(picture)
    nodes = [max(3, round(WAVES * side / max(photo) / FIRST)) for side in (height, width)]
    waves = torch.randn(1, 2, *nodes, generator=rng) * freedom
    waves = F.interpolate(waves, (height, width), mode="bicubic", align_corners=True)[0]
    # Where a place comes from, in widths and heights of the picture from -1 to 1.
    columns, rows = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)[:, None]
    across = columns + waves[0] * (photo[1] * FIRST / width)
    down = rows + waves[1] * (UPRIGHT * photo[0] * FIRST / height)
    grid = torch.stack([across, down.clamp(-1, 1)], dim=-1)[None]
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=True)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
