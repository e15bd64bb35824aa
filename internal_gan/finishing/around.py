"""What lies around a hole: one colour, or one slow gradient, which goes on in it; and a thin rim,
which a mask left of a thing, and which does not.
"""

import numpy as np
import torch
from scipy.ndimage import binary_dilation, distance_transform_edt, label, uniform_filter

from internal_gan.images.frames import lines_of
from internal_gan.images.masks import dilate
from internal_gan.images.photo import Margins, Photo
from internal_gan.images.windows import Part, Window, extent, parts, within
from internal_gan.shapes import Flags, Mask

# A ring of pixels around the hole decides whether its surroundings are flat: nearly all must lie on
# one plane through their colours.
RING = 2  # its width, in pixels
GRAIN = 12 * 2 / 255  # the largest difference from the plane, in [-1, 1], such as that of grain
FEW_OFF = 0.1  # the share of pixels that may differ more, as where compression smears a line
LEAST = 24  # pixels that the ring must have

# A mask may leave a thin rim of a thing around its hole. Most pixels of the rim are darker than
# what lies beyond, or most are lighter, and the difference ends within the rim's width.
WIDEST = 4  # pixels
BEYOND = (5, 8)  # from this to this distance from the hole, in pixels
MOST = 0.7  # the least share of the innermost ring that differs one way
AGAINST = 0.05  # the largest share of it that differs the other way
SHORTEST_RING = 64  # pixels in each ring; around a speck, a texture may be darker by chance


def flat_around(photo: Photo, part: Part, window: Window, closed: Mask) -> Flags | None:
    """Where a window shows the one colour that is all around a part of its hole, (h, w); None if
    there is none.

    Args:
        photo: as :func:`internal_gan.images.levels.spread` gives it.
        closed: of the window, 1 where no pixel may be taken from, the hole included.
    """
    known = closed[0, 0].numpy() == 0
    inside = np.zeros(extent(window), np.bool_)
    inside[within(part.window, window)] = part.mask[0, 0].numpy() > 0
    ring = binary_dilation(inside, np.ones((3, 3)), RING) & known
    if ring.sum() < LEAST:
        return None
    image = photo.crop(*window).pixels[0].permute(1, 2, 0).numpy()
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in extent(window))
    where = np.ones((*extent(window), 3), np.float32)
    fitted = ring
    where[..., 0], where[..., 1] = rows[:, None], columns
    for _ in range(2):  # the second time without outliers
        plane = np.linalg.lstsq(where[fitted], image[fitted], rcond=None)[0]
        near = np.abs(image - where @ plane).max(axis=2) <= GRAIN
        fitted = ring & near
        if fitted.sum() < (1 - FEW_OFF) * ring.sum():
            return None
    labels, _ = label(near & known)
    flat = np.isin(labels, np.setdiff1d(labels[ring], 0))
    # Single pixels of strong grain count as flat; a line one pixel wide does not.
    found: Flags = (flat | (uniform_filter(flat.astype(np.float32), 3) > 0.7)) & known
    return found


def lines_beside(photo: Photo, hole: Mask) -> Mask:
    """1 in a thin line along a border, where a hole comes near it."""
    lines = lines_of(photo, hole)
    if not any(lines):
        return torch.zeros_like(hole)
    inside = Margins(*(-side for side in lines)).around_size(photo.size)
    return lines.part(inside) * dilate(hole, BEYOND[1])


def with_rims(photo: Photo, hole: Mask) -> Mask:
    """A hole with the rims around its parts; ``photo`` as for :func:`flat_around`."""
    wide = hole.clone()
    for box, _ in parts(hole, 2 * BEYOND[1]):
        rows, columns = (slice(max(0, side.start - 16), side.stop + 16) for side in box)
        here = (..., rows, columns)
        away = np.ceil(distance_transform_edt(hole[here][0, 0].numpy() == 0))
        colours = photo.crop(rows, columns).pixels[0].numpy()
        far = ((away >= BEYOND[0]) & (away <= BEYOND[1])).astype(np.float32)
        size = 1, 2 * BEYOND[1] + 1, 2 * BEYOND[1] + 1
        share = uniform_filter(far, size[1:])
        off = colours - uniform_filter(colours * far, size) / np.maximum(share, 1e-6)
        off = max(off, key=lambda one: abs(one[away == 1].mean()))  # a rim may differ in hue only
        off[share < 1e-3] = 0  # nothing lies beyond
        rings = [off[away == step] for step in range(1, WIDEST + 2)]
        if min(map(len, rings)) < SHORTEST_RING:
            continue
        up, down = ((sign * rings[0] > GRAIN).mean() for sign in (1, -1))
        first, *means = (abs(float(ring.mean())) for ring in rings)
        ends = [4 * mean <= first - GRAIN for mean in means]
        if max(up, down) >= MOST and min(up, down) <= AGAINST and any(ends):
            # One more pixel, since a part of the rim may lie in it.
            wide[here][0, 0][torch.from_numpy(away <= 2 + ends.index(True))] = 1
    return wide
