"""A photo at another size or in another shape, put together of its patches; nothing is learnt.

The size changes little by little. In each step the picture so far is stretched a little, noise
hides what that has spoilt, and patches of the photo replace it. Since each step changes little,
single things stay single and whole. One jump repeats many small things better, and smaller patches
leave each kind of thing the room that it has in the photo. So layouts are drawn in several ways,
and the one nearest to the photo is used.

Source: Simakov et al., "Summarizing visual data using bidirectional similarity", CVPR 2008, section
4 (small steps of size). The steps of denoising are those of :mod:`internal_gan.patches.denoiser`.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn import functional as F

from internal_gan.images.periodic import NO_WRAP
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.images.transforms import Resize, Then, Transform, pixel_centres
from internal_gan.models.patches.layout import (
    COARSE,
    SHARE,
    detailed,
    nearest,
    price_of,
    shrunk,
    tries,
    white,
)
from internal_gan.patches.denoiser import Denoiser, Known, denoised
from internal_gan.patches.matching import matched
from internal_gan.shapes import Mask, Pictures, Pixels
from internal_gan.units import Size


class Way(NamedTuple):
    """How a layout comes to its size: the factor by which a side changes in a step, at most; the
    side of a patch, in pixels; the level of the noise in each step, and its steps of denoising."""

    growth: float
    patch: int
    level: float
    steps: int


# Small steps with large patches, larger steps with smaller patches, and one jump.
WAYS = Way(1.05, COARSE.patch, 0.35, 6), Way(1.12, 9, 0.35, 8), Way(math.inf, 9, 0.72, 12)
TRIES_PER_WAY = 8  # layouts drawn in each way; fewer if they are large
MATCHING_STEPS = 5  # steps of matching the nearest layout to the photo's mix; more tear it
MAX_STEPS = 32  # of size; on a longer way, steps are larger
# How much a transform stretches is measured between places of a grid.
PLACES = 9  # along each side
FARTHEST = 8.0  # the largest factor of stretching that counts


def reshaped(photo: Pixels, route: "Route", rng: torch.Generator) -> Pixels:
    """Draw an image at another size with the patches of a photo (1, 3, h, w), some tens of pixels a
    side; ``rng``, on the CPU, is the source of the noise."""
    real = shrunk(photo)
    drawn = torch.cat([_drawn(photo, real, route, way, rng) for way in WAYS])
    known = route.end.known(route.image)
    layout = matched(nearest(real, drawn, known), real, 0 if known else MATCHING_STEPS)
    return detailed(photo, layout, route.end.size, rng, NO_WRAP, known)


def _drawn(photo: Pixels, real: Pixels, route: "Route", way: Way, rng: torch.Generator) -> Pictures:
    """Coarse layouts at a route's end, each from noise of its own; ``real``: the photo, shrunk."""
    count = tries(scaled(route.end.size, SHARE), TRIES_PER_WAY)
    price = price_of(photo)
    pictures = shrunk(route.image).repeat(count, 1, 1, 1)
    before: Transform | None = None
    for frame in route.frames(way.growth):
        here = scaled(frame.size, SHARE)
        pictures = frame.moved(pictures, here, before).clamp(-1, 1)
        known = frame.known(route.image, here)
        denoiser = Denoiser(real, min(way.patch, *here), price=price)
        noise = white(rng, count, here, photo)
        start = pictures
        pictures = denoised(denoiser, noise, way.steps, level=way.level, start=start, known=known)
        before = frame.transform
    return pictures


class Frame(NamedTuple):
    """A place on a route: the size, the transform from the image (None: it is resized), and where
    the transformed image stays, (1, 1, *size), 1 there."""

    size: Size
    transform: Transform | None = None
    kept: Mask | None = None

    def moved(self, pictures: Pictures, size: Size, before: Transform | None = None) -> Pictures:
        """The image, or what a transform ``before`` has made of it, as it is here, at ``size``."""
        way = self.transform
        if way is not None and before is not None:
            way = Then(before.inverse(), way)
        return (way or resize)(pictures, size)

    def known(self, image: Pixels, size: Size | None = None) -> Known | None:
        """What of the image is kept, by default at the frame's own size."""
        if self.kept is None or self.transform is None:
            return None
        size = size or self.size
        given = self.moved(image, self.size)
        source = (self.transform.inverse()(self.kept, size_of(image)) > 0.5).float()
        where = F.adaptive_max_pool2d(self.kept, size)
        return Known(resize(given, size).clamp(-1, 1), where, source)


@dataclass(frozen=True)
class Route:
    """From an image, often the photo, to a result at the ``end``; every point moves straight, in
    pixels. In the image, things are as large as in the photo."""

    image: Pixels
    end: Frame

    def frames(self, growth: float) -> list[Frame]:
        """Places on the route, the last of them its end. From one to the next, no side changes by
        more than a factor of about ``growth``, unless the way is long; there is only one if there
        is no straight way, as to an image turned over."""
        steps = math.ceil(math.log(self._stretch()) / math.log(growth) - 1e-9)
        steps = min(max(1, steps), MAX_STEPS)
        # The side that changes most does so by equal factors.
        factors = [new / old for new, old in zip(self.end.size, size_of(self.image), strict=True)]
        most = max(factors, key=lambda factor: abs(math.log(factor)))
        shares = [step / steps for step in range(1, steps)]
        if abs(most - 1) > 0.01:
            shares = [(most**share - 1) / (most - 1) for share in shares]
        try:
            return [*map(self.frame, shares), self.end]
        except ValueError:
            return [self.end]

    def frame(self, share: float) -> Frame:
        """The place after a share of the route; a ValueError if there is no straight way."""
        own = size_of(self.image)
        end = self.end
        height, width = ((1 - share) * a + share * b for a, b in zip(own, end.size, strict=True))
        size = max(1, round(height)), max(1, round(width))
        if end.transform is None:
            return Frame(size)
        now = end.transform.part(share * end.size[0] / height, share * end.size[1] / width)
        if end.kept is None:
            return Frame(size, now)
        kept = now(end.transform.inverse()(end.kept, own), size) > 0.5
        return Frame(size, now, kept.float())

    def _stretch(self) -> float:
        """The largest factor by which anything is stretched, or shrunk, along an axis."""
        own = torch.tensor(size_of(self.image)[::-1])
        places = (self.end.transform or Resize()).source(pixel_centres((PLACES, PLACES)))[0]
        factors = [
            2 * side / PLACES / (places.diff(dim=axis) * own).norm(dim=-1).clamp_min(1e-6)
            for axis, side in enumerate(self.end.size)
        ]
        both = torch.cat([factor.flatten() for factor in factors])
        return min(FARTHEST, float(torch.maximum(both, 1 / both).max()))
