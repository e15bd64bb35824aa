"""Puts defects, cut out of their photos, onto other photos, and rebuilds what is around them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.masked import MIN_WINDOW, WINDOW_TIMES, PartFinisher
from internal_gan.finishing.origin import own_places
from internal_gan.finishing.seams import hide_inside
from internal_gan.images.masks import dilate
from internal_gan.images.photo import Photo
from internal_gan.images.resize import resize, size_of
from internal_gan.images.windows import around, bounds, extent
from internal_gan.patches.fast import Flags
from internal_gan.patches.origins import taken
from internal_gan.shapes import Mask
from internal_gan.units import Size

# Pixels around a defect that are cut out with it, and those around them that are rebuilt.
RIM, RING = 1, 12
# How strongly colours are held while seams are hidden: corrections reach three pixels, so that a
# joint beside a scratch does not colour the scratch.
HOLD = 0.1
TRIES = 100  # places that are tried before all are compared


def cut_out(photo: Photo, mask: Mask, least: float) -> Tensor:
    """A defect with its surroundings, (1, 4, h, w): colours in [-1, 1], and 1 in the defect.

    Beyond the photo's border, its last pixels are repeated; ``least`` is the smallest scale that
    the defect will have.
    """
    margin, planes = math.ceil((RIM + RING + 2) / least), torch.cat([photo.pixels, mask], 1)
    rows, columns = (torch.arange(s.start - margin, s.stop + margin) for s in bounds(mask))
    height, width = photo.size
    found = planes[..., rows.clamp(0, height - 1)[:, None], columns.clamp(0, width - 1)]
    found[:, 3] *= ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
    return found


def moved(cut: Tensor, scale: float, turn: float) -> Tensor:
    """A cut-out, scaled, and turned by degrees; its mask keeps its area, so that lines stay."""
    height, width = (max(1, round(scale * side)) for side in size_of(cut))
    area = max(1, round(scale**2 * float(cut[:, 3].sum())))
    cut = resize(cut, (height, width))
    if turn:
        cut = torch.from_numpy(ndimage.rotate(cut.numpy(), turn, (3, 2), mode="nearest"))
    inside = cut[:, 3:] >= cut[:, 3:].flatten().topk(area).values[-1]
    return torch.cat([cut[:, :3].clamp(-1, 1), inside], 1)


def place(cut: Tensor, allowed: Flags, rng: np.random.Generator) -> tuple[int, int] | None:
    """Where a cut-out begins, at random, if its whole defect is in ``allowed`` pixels (H, W) of a
    photo; None if there is no such place."""
    box = bounds(cut[:, 3:])
    mask = cut[(0, 3, *box)].numpy() > 0
    free = [side - own + 1 for side, own in zip(allowed.shape, mask.shape, strict=True)]
    # A defect as large as the photo would leave nothing of it.
    if min(free) < 1 or max(free) <= 2 * RIM + 1:
        return None
    rows, columns = mask.nonzero()
    for _ in range(TRIES):
        top, left = (int(rng.integers(side)) for side in free)
        if allowed[rows + top, columns + left].all():
            break
    else:
        from scipy.signal import oaconvolve  # importing it takes a second

        flipped = mask[::-1, ::-1].astype(np.float32)
        found = np.argwhere(oaconvolve(np.float32(~allowed), flipped, mode="valid") < 0.5)
        if not len(found):
            return None
        top, left = map(int, found[rng.integers(len(found))])
    return top - box[0].start, left - box[1].start


def laid(cut: Tensor, top: int, left: int, size: Size) -> Tensor:
    """A cut-out on a canvas, (1, 4, H, W), 0 elsewhere; what lies outside is lost."""
    height, width = size_of(cut)
    return F.pad(cut, (left, size[1] - left - width, top, size[0] - top - height))


def graft(photo: Photo, cut: Tensor, top: int, left: int) -> Finished:
    """A photo with a defect whose cut-out begins at a row and a column; beyond ``RIM + RING``
    pixels around the defect it equals the photo, bit for bit.

    The defect gets the light of its place, on average. The ring around it is rebuilt from patches
    of the photo, and seams are hidden. In the origin, the defect is from no photo.
    """
    box = bounds(laid(cut, top, left, photo.size)[:, 3:])
    side = max(MIN_WINDOW, WINDOW_TIMES * (max(extent(box)) + 2 * (RIM + RING)))
    window = around(box, (side, side), photo.size)
    here, size, corner = photo.crop(*window), extent(window), [span.start for span in window]
    canvas = laid(cut, top - corner[0], left - corner[1], size)
    mask, under = canvas[:, 3:], here.pixels
    inner, part = (dilate(mask, RIM + ring) for ring in (0, RING))
    ring = part - inner
    light = (ring * (under - canvas[:, :3])).sum(dim=(2, 3), keepdim=True) / ring.sum()
    over = canvas[:, :3] + light
    # Patches need not resemble the defect, only the rim that is cut out with it.
    rim = replace(here, pixels=torch.where(inner > mask, over, under).clamp(-1, 1))
    _, at, found = PartFinisher(rim, ring, excluded=inner).rebuilt(under, 1.0)
    found &= inner[0, 0].numpy() == 0
    # The photo above the canvas is the source of all pixels.
    source = np.ascontiguousarray(np.moveaxis(torch.cat([under, over], 2)[0].numpy(), 0, -1))
    given = own_places(size) + np.array([size[0], 0], np.int32)
    origins = np.where(found[..., None], at, given)
    made = taken(source, origins)
    made = made + hide_inside(made, origins, source, part[0, 0].numpy() > 0, HOLD)
    finished = torch.from_numpy(np.moveaxis(made, -1, 0)[None].copy()).clamp(-1, 1)
    pixels, places = photo.pixels.clone(), own_places(photo.size)
    known = np.ones(photo.size, np.bool_)
    pixels[..., *window] = torch.where(part > 0, finished, under)
    places[window], known[window] = at + np.array(corner), found
    return PartFinisher(photo, torch.zeros(1, 1, *photo.size)).traced(pixels, places, known)
