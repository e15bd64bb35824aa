"""New layouts of a small photo without training: it is warped, then its patches are restored."""

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.matching import matched
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# The photo's long side when its layout is made, in pixels, as in SinGAN's default; longer if the
# short side would be less than SHORTEST.
LONGEST, SHORTEST = 60, 14
# Sizes relative to full size, and the steps of matching at each.
SCALES, STEPS = (0.65, 1.0), 50
# Waves of the warp along the photo's long side, and the factor on its vertical movement.
WAVES, UPRIGHT = 4, 0.25


def small(photo: Pixels) -> Pixels:
    """A photo at the size at which its layout is made."""
    sides = size_of(photo)
    longest = max(LONGEST, round(SHORTEST * max(sides) / min(sides)))
    return resize(photo, fit_size(sides, longest)).clamp(-1, 1)


def layout(photo: Pixels, size: Size, rng: torch.Generator, *, freedom: float = 0.3) -> Pixels:
    """Rearrange a small photo.

    The photo is resized, mirrored at random, and warped smoothly, mostly sideways, so that skies
    stay at the top. Then its patches are matched to the photo's, coarse to fine.

    Args:
        photo: some tens of pixels a side.
        size: of the layout.
        rng: source of the mirroring and the warp, on the CPU.
        freedom: standard deviation of the warp, in half-widths of the photo; 0 neither warps nor
            mirrors, so only another size makes a difference.

    Source: the matching, coarse to fine, is from Elnekave and Weiss, ECCV 2022.
    """
    own, picture = size_of(photo), photo
    for scale in SCALES:
        picture = resize(picture, scaled(size, scale)).clamp(-1, 1)
        if scale == SCALES[0] and freedom > 0:
            picture = _warped(picture, scaled(own, scale), rng, freedom)
        picture = matched(picture, resize(photo, scaled(own, scale)).clamp(-1, 1), STEPS)
    return picture


def _warped(picture: Tensor, photo: Size, rng: torch.Generator, freedom: float) -> Tensor:
    """Mirror a picture at random and warp it; lengths are relative to the photo's size."""
    if torch.rand((), generator=rng) < 0.5:
        picture = picture.flip(3)
    height, width = size_of(picture)
    nodes = [max(3, round(WAVES * side / max(photo))) for side in (height, width)]
    waves = torch.randn(1, 2, *nodes, generator=rng) * freedom
    waves = F.interpolate(waves, (height, width), mode="bicubic", align_corners=True)[0]
    # Where each place comes from, in coordinates from -1 to 1 along the picture's sides.
    columns, rows = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)[:, None]
    across = columns + waves[0] * (photo[1] / width)
    down = rows + waves[1] * (UPRIGHT * photo[0] / height)
    grid = torch.stack([across, down.clamp(-1, 1)], dim=-1)[None]
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=True)
