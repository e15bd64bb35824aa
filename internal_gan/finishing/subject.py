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
from internal_gan.patches.importance import LONGEST, importance
from internal_gan.shapes import Mask

# The median importance of a photo without a subject, and up to which of one that has one.
EVEN, UNEVEN = 0.5, 0.4
STRENGTH = 1.0  # what matters most, in colours of [-1, 1]
# What meets the rim of a hole goes on, and falls to 1/e within so many pixels of the filling.
GOES_ON = 12.0
# Around a photo, where no other rim says where it ends, a face goes on less than a dune: by this,
# times how many pixels of the border, each with its importance.
GOES_ON_AROUND = 1.25


class Subject:
    """Where patches of a photo with a hole should have something that matters in them."""

    def __init__(self, photo: Photo, hole: Mask, frame: Window | None) -> None:
        """``frame`` is the window that holds the photo, if the hole is the rest of a canvas."""
        self._photo, self._hole, self._is_around = photo, hole, frame is not None
        self._place = frame or (slice(0, photo.size[0]), slice(0, photo.size[1]))

    @cached_property
    def _found(self) -> Mask:
        here = (..., *self._place)
        pixels = in_floats(thinned(spread(self._photo).colours[here], LONGEST))
        size = fit_size(size_of(pixels), LONGEST)
        # What is in the hole has no influence.
        covered = F.adaptive_max_pool2d(thinned(self._hole[here], LONGEST), size)
        found = importance(fill_smoothly(F.adaptive_avg_pool2d(pixels, size), covered))
        # In a texture all matters alike, so that nothing is the subject.
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
        inside, far = fill_smoothly(seen, hole), depth(hole) - 1
        at_rim = float(inside[far == 0].sum())
        fades = max(1.0, GOES_ON_AROUND * at_rim) if self._is_around else GOES_ON
        inside = inside * torch.exp(-far / fades)
        return STRENGTH * torch.where(hole > 0, inside, seen)
