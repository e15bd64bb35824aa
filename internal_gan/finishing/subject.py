"""What matters in a photo, as a guide of a filling: so the subject is not repeated there."""

from functools import cached_property

import torch
import torch.nn.functional as F

from internal_gan.finishing.sizes import thinned
from internal_gan.images.colours import in_floats
from internal_gan.images.levels import spread
from internal_gan.images.photo import Photo
from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import size_of
from internal_gan.images.smooth_fill import depth, fill_smoothly
from internal_gan.images.windows import Window, extent, within
from internal_gan.patches.importance import MAP_SIDE, importance
from internal_gan.shapes import Mask

# A photo whose median importance, 0 to 1, is this or more is an even texture without a subject.
EVEN = 0.5
# A photo with this median or less has a subject; in between, it partly counts.
UNEVEN = 0.4
STRENGTH = 1.0  # the largest importance counts like this difference of colours in [-1, 1]
# What matters at the rim of a hole goes on inside, and falls to 1/e within this many pixels.
GOES_ON = 12.0
# Around a photo, no other rim shows where a thing ends, and a face goes on less than a dune does:
# importance falls to 1/e within this times the sum of the importances of the border's pixels.
GOES_ON_AROUND = 1.25


class Subject:
    """Where patches of a photo with a hole should have something that matters in them."""

    def __init__(self, photo: Photo, hole: Mask, frame: Window | None) -> None:
        """``frame`` is the window that holds the photo, if the hole is the rest of a canvas."""
        self._photo = photo
        self._hole = hole
        self._is_around = frame is not None
        self._place = frame or (slice(0, photo.size[0]), slice(0, photo.size[1]))

    @cached_property
    def _found(self) -> Mask:
        here = (..., *self._place)
        pixels = in_floats(thinned(spread(self._photo).colours[here], MAP_SIDE))
        size = fit_size(size_of(pixels), MAP_SIDE)
        # What is in the hole has no influence.
        covered = F.adaptive_max_pool2d(thinned(self._hole[here], MAP_SIDE), size)
        found = importance(fill_smoothly(F.adaptive_avg_pool2d(pixels, size), covered))
        # In a texture everything matters equally, so nothing is the subject.
        return found * ((EVEN - found.median()) / (EVEN - UNEVEN)).clamp(0, 1)

    def guide(self, window: Window, hole: Mask) -> Mask:
        """In a window, at the size of its hole: importance outside, and inside as the rim has it,
        so that half a face is completed, but no face is put beside it."""
        ends = zip(within(window, self._place), extent(self._place), size_of(hole), strict=True)
        axes = []
        for side, whole, count in ends:
            place = side.start + (torch.arange(count) + 0.5) * (side.stop - side.start) / count
            axes.append(2 * place / whole - 1)
        grid = torch.stack(torch.meshgrid(axes[1], axes[0], indexing="xy"), dim=-1)[None]
        seen = F.grid_sample(self._found, grid, padding_mode="border", align_corners=False)
        if not self._is_around:
            seen = seen.square()  # many holes are in a texture, which matters a little everywhere
        inside = fill_smoothly(seen, hole)
        far = depth(hole) - 1
        at_rim = float(inside[far == 0].sum())
        fades = max(1.0, GOES_ON_AROUND * at_rim) if self._is_around else GOES_ON
        inside = inside * torch.exp(-far / fades)
        return STRENGTH * torch.where(hole > 0, inside, seen)
