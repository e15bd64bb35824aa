"""Makes pictures of a photo's own pixels, coarse to fine.

At the small sizes, where the drawing decides the layout, all patches of the picture are matched to
near ones of the photo; every pixel then becomes the photo's pixel that most of the patches covering
it vote for. The result is carried octave by octave to the full size, and searched again only near
seams: inside a piece, the copy is its own best match.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt

from internal_gan.finishing.seams import near_seams
from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.windows import box_of
from internal_gan.patches.fast import PATCH, around, grid, search, touching
from internal_gan.patches.origins import carry, field_of, nearest, taken, vote
from internal_gan.shapes import Flags, Image, Places
from internal_gan.units import Size

# How often all patches are searched for and vote, at each size at which the drawing decides.
SEARCHES_PER_SIZE = 3  # in a whole picture
SEARCHES_IN_PARTS = 2  # in a part of one
# How often a search passes over the picture to continue neighbours' matches.
SWEEPS_FROM_SCRATCH = 2  # without matches to begin with
SWEEPS_FROM_MATCHES = 1  # with matches, as from a smaller size
# After each doubling of the size, patches near seams are searched for again this often, since a
# match carried from half the size may be a pixel off.
SEAM_SEARCHES = 2
SHIFTS_IN_PARTS = 1  # in a part, these searches try to move each match by up to this many pixels
# Price of each neighbour that a patch near a seam does not continue, in squared colour levels.
BREAK_PRICE = 300.0
# The search prefers patches of the photo that the picture still lacks; the smaller this is, the
# more strongly. In mean squared differences of colours in [0, 1]. Source: Granot et al., "Drop the
# GAN", CVPR 2022, Section 4.2.
COMPLETENESS_ALPHA = 0.01


class Fixed(NamedTuple):
    """Pixels whose origins are known: where they are, (H, W), and their rows and columns in the
    photo, (H, W, 2)."""

    where: Flags
    origins: Places

    def resized(self, ratio: float, size: Size, source: Size) -> "Fixed":
        """The same where target and source are ``ratio`` times as large, as in :func:`carry`."""
        rows, columns = nearest(size, ratio, self.where.shape)
        return Fixed(self.where[rows[:, None], columns], carry(self.origins, ratio, size, source))

    def imposed(self, origins: Places) -> Places:
        """``origins``, replaced in place where they are known."""
        np.copyto(origins, self.origins, where=self.where[..., None])
        return origins


@dataclass(frozen=True)
class Level:
    """One size of a picture, and the photo that it is made of.

    Attributes:
        scale: of this size, relative to the one at which the layout is decided.
        photo: its channels after the third guide the search.
        size: of the picture; a patch fits into each side that does not wrap.
        drawing: what to draw, if the walk may begin here.
        fixed: pixels that are given.
        part: the only pixels to search for, all others, and none of these, being fixed; not with
            ``wrap``. Without it, patches that the picture lacks are preferred.
        allowed: the photo's patches that may be taken, (h, w), given with a part.
    """

    scale: float
    photo: Image
    size: Size
    wrap: Wrap = NO_WRAP
    drawing: Image | None = None
    fixed: Fixed | None = None
    part: Flags | None = None
    allowed: Flags | None = None

    def carried(self, origins: Places, scale: float) -> Places:
        """The origins at this size, from those at a smaller ``scale``."""
        origins = carry(origins, self.scale / scale, self.size, self.photo.shape[:2])
        return self.fixed.imposed(origins) if self.fixed else origins

    def decided(
        self, origins: Places | None, copies: Places | None
    ) -> tuple[Places, Places | None]:
        """Search for all patches of the drawing or, with origins, of the picture that they make.

        ``copies`` are near patches of it for all of the photo's; without a part, they are returned.
        """
        picture = self._made_of(origins)
        weights = None
        searches = SEARCHES_IN_PARTS
        if self.part is None:
            searches = SEARCHES_PER_SIZE
            copies, distances = search(
                self.photo, around(picture, self.wrap), start=copies, sweeps=SWEEPS_FROM_MATCHES
            )
            # Smaller for those that the picture lacks.
            values = PATCH * PATCH * picture.shape[2] * 255.0**2
            weights = (1 / (COMPLETENESS_ALPHA + distances / values)).astype(np.float32)
        for number in range(searches):
            last = self.scale == 1 and number == searches - 1
            origins = self._searched(
                *(picture, origins, self.part),
                even=not last,
                active=self._reaching,
                sweeps=SWEEPS_FROM_SCRATCH if origins is None else SWEEPS_FROM_MATCHES,
                weights=weights,
            )
            picture = self._made_of(origins)
        assert origins is not None
        return origins, copies

    def rebuilt(self, origins: Places, scale: float) -> Places:
        """The origins at this size, from those at a smaller ``scale``, at which the layout is
        decided: near seams, pieces are searched for that fit better."""
        origins = self.carried(origins, scale)
        reaching = self._reaching
        height, width = grid(self.size, self.wrap)
        for _ in range(SEAM_SEARCHES):
            near = near_seams(origins, PATCH - 1, self.wrap)
            active = np.roll(near, (-(PATCH // 2),) * 2, (0, 1))[:height, :width]
            if self.part is not None and reaching is not None:
                near = near & self.part
                active = active & reaching
            if not near.any():
                break
            origins = self._searched(
                *(taken(self.photo, origins), origins, near),
                even=False,
                active=np.ascontiguousarray(active),
                price=BREAK_PRICE,
                shifts=0 if reaching is None else SHIFTS_IN_PARTS,
            )
        return origins

    def _searched(
        self, picture: Image, origins: Places | None, pixels: Flags | None, even: bool, **how: Any
    ) -> Places:
        """Search a picture as :func:`search` does, and let its patches vote on ``pixels``."""
        start = None if origins is None else field_of(origins, self.photo.shape[:2], self.wrap)
        if self.allowed is None:
            field = search(picture, self.photo, wrap=self.wrap, start=start, **how).places
        else:
            field = self._searched_in_box(picture, self.allowed, start, **how)
        voted = vote(field, self.size, self.wrap, even=even, active=pixels, origins=origins)
        if self.fixed and (self.part is None or origins is None):  # otherwise they are unchanged
            voted = self.fixed.imposed(voted)
        return voted

    def _searched_in_box(
        self, picture: Image, allowed: Flags, start: Places | None, active: Flags, **options: Any
    ) -> Places:
        """Search the active places, in the smallest box around them; the others keep ``start``."""
        if start is None:
            result = np.zeros((*active.shape, 2), np.int32)
        else:
            result = _permitted(start, allowed, active)
        box = box_of(active)
        pixels = tuple(slice(span.start, span.stop + PATCH - 1) for span in box)
        result[box] = search(
            np.ascontiguousarray(picture[pixels]),
            self.photo,
            allowed=allowed,
            start=None if start is None else np.ascontiguousarray(result[box]),
            active=np.ascontiguousarray(active[box]),
            **options,
        ).places
        return result

    def _made_of(self, origins: Places | None) -> Image:
        if origins is None:
            assert self.drawing is not None
            return self.drawing
        picture = taken(self.photo, origins)
        if self.drawing is not None:
            picture[..., 3:] = self.drawing[..., 3:]
        return picture

    @cached_property
    def _reaching(self) -> Flags | None:
        return None if self.part is None else touching(self.part)


def walk(levels: Iterable[Level]) -> Iterator[tuple[Level, Places]]:
    """Choose a photo pixel for every pixel of a picture, at each level in turn, the first of which
    has a drawing."""
    origins: Places | None = None
    copies: Places | None = None
    before = 0.0
    for level in levels:
        if origins is not None:
            origins = level.carried(origins, before)
        if copies is not None:
            sizes = grid(level.photo.shape[:2]), grid(level.size, level.wrap)
            copies = carry(copies, level.scale / before, *sizes)
        origins, copies = level.decided(origins, copies)
        yield level, origins
        before = level.scale


def _permitted(field: Places, allowed: Flags, active: Flags) -> Places:
    """Replace active matches that are not allowed by those of the nearest places that are."""
    good: Flags = taken(allowed, field)
    bad = active & ~good
    if not bad.any():
        return field
    if not good.any():
        field[bad] = np.argwhere(allowed)[0]
        return field
    reach = PATCH
    box = box_of(bad)
    while True:
        here = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in box)
        nearest = distance_transform_edt(~good[here], return_distances=False, return_indices=True)
        moved = bad[here].nonzero()
        found = tuple(nearest[(slice(None), *moved)])
        # Places outside are farther away than the reach.
        far = np.hypot(*np.subtract(found, moved))
        if (good[here].any() and far.max() <= reach) or nearest.shape[1:] == good.shape:
            break
        reach *= 4
    inside = field[here]
    inside[moved] = inside[found]
    return field
