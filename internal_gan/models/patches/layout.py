"""New layouts of a small photo without training: its patches, put together by the formula of
:mod:`internal_gan.patches.denoiser`."""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.pyramid import fit_size, pyramid_sizes, scaled, wider_limit
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.denoiser import Denoiser, Known, denoised
from internal_gan.patches.exact import lattice, patches_at, squared_distances
from internal_gan.patches.matching import matched
from internal_gan.patches.statistics import wasserstein_of_rows
from internal_gan.shapes import Pictures, Pixels
from internal_gan.units import Size

# The sizes at which a photo is drawn, as in SinGAN's default pyramid.
FINEST_SIDE = 60  # the long side at the finest, in pixels
COARSEST_SIDE = 12  # the short side at the coarsest, in pixels
MAX_ASPECT = 2.0  # of longer photos, the short side has FINEST_SIDE / MAX_ASPECT pixels
FACTOR = 0.65  # from each size to the next smaller one, at least
# Price of a patch that leaves its height, if height explains all differences in the photo. Skies
# stay above, while in a texture everything may be everywhere.
PRICE = 20.0
# How a drawing is made that shrinks to a given picture.
HELD_PIXELS = 4.2  # the side of a patch, in pixels of the given picture
LARGEST_HELD = 0.2  # its largest side, as a share of the drawing's long side
SMALLEST_HELD = 3  # its smallest side, in pixels of the drawing
HELD_STEPS = 15  # of denoising


class Pass(NamedTuple):
    """How a layout is drawn: a patch's side in pixels, steps of denoising, then of matching."""

    patch: int
    steps: int
    matching: int


# Matching brings back what is drawn too rarely.
COARSE = Pass(11, 20, 100)  # at 24 pixels, decides what goes where by patches of nearly half a side
FINE = Pass(17, 10, 50)  # adds detail
SHARE = 0.4  # the size of the first pass, relative to the full size
# A layout of another shape has no room for the photo's mix, so it takes this share of the steps of
# matching. Instead, several layouts are drawn, and the nearest to the photo is used.
MATCHING_SHARE = 0.3
TRIES = 4  # layouts that are drawn
MANY_PIXELS = 2000  # if a layout has more pixels, fewer are drawn
# The distance of a layout is that of patches of COARSE's side, both ways, plus MIX times that of
# the mixes of small patches.
MIX = 2.0
SMALL = 3  # the side of those, in pixels
# A layout whose mean difference from the photo, of 2, is at most this is a copy, and drawn again.
COPY = 0.02
# In a pyramid, a picture's long side in pixels, and the side of its patches relative to it; in
# between, the latter is interpolated linearly.
WHOLE = (18, 0.5)  # of the smallest picture
DETAIL = (60, 0.28)  # of the largest
SMALL_PIXELS = 192  # if a picture has more pixels, fewer are drawn
MAX_PIXELS = 4096  # pixels of a picture; larger ones would take too long
DRAWN_AT_ONCE = 64  # pictures drawn at once


def sizes_of(size: Size) -> list[Size]:
    """The sizes at which a photo is drawn, coarsest first: as SinGAN's, unless it is very long."""
    longest = wider_limit(size, FINEST_SIDE, MAX_ASPECT) or FINEST_SIDE
    share = MAX_PIXELS / math.prod(fit_size(size, longest))
    longest = round(longest * min(1.0, math.sqrt(share)))
    return pyramid_sizes(size, scale_factor=FACTOR, min_size=COARSEST_SIDE, max_size=longest)


def layout(photo: Pixels, size: Size, rng: torch.Generator, *, wrap: Wrap = NO_WRAP) -> Pixels:
    """Put the patches of a photo, some tens of pixels a side, together anew at a size; ``rng``, on
    the CPU, is the source of the noise, and ``wrap`` is which borders meet."""
    here = scaled(size, SHARE)
    coarse = shrunk(photo)
    new_shape = any(abs(new - old) > 1 for new, old in zip(size, size_of(photo), strict=True))
    denoiser = Denoiser(coarse, min(COARSE.patch, *here), price=price_of(photo, wrap), wrap=wrap)
    for _ in range(TRIES):
        noise = white(rng, tries(here) if new_shape else 1, here, photo)
        drawn = denoised(denoiser, noise, COARSE.steps)
        if drawn.shape != coarse.shape or float((drawn - coarse).abs().mean()) > COPY:
            break
    share = MATCHING_SHARE if new_shape else 1
    drawn = matched(nearest(coarse, drawn), coarse, round(share * COARSE.matching), wrap)
    picture = detailed(photo, drawn, size, rng, wrap, None)
    return matched(picture, photo, round(share * FINE.matching), wrap)


def detailed(
    photo: Pixels, drawn: Pixels, size: Size, rng: torch.Generator, wrap: Wrap, known: Known | None
) -> Pixels:
    """Add detail to a coarse layout, up to a size at which things are as large as in the photo."""
    denoiser = Denoiser(photo, min(FINE.patch, *size), price=price_of(photo, wrap), wrap=wrap)
    noise = white(rng, 1, size, photo)
    return denoised(denoiser, noise, FINE.steps, coarser=drawn, known=known)


def tries(size: Size, most: int = TRIES) -> int:
    """How many layouts of a size are drawn, of which the nearest to the photo is used."""
    return max(1, round(most * min(1.0, MANY_PIXELS / math.prod(size))))


def nearest(photo: Pixels, layouts: Pictures, known: Known | None = None) -> Pixels:
    """The layout nearest to the photo: in which things are neighbours, and in its mix of patches.
    What is ``known`` counts as gray in both."""

    def distance(layout: Pixels) -> float:
        pair = [photo, layout]
        if known is not None:
            flags = zip(pair, (known.source, known.where), strict=True)
            pair = [image * (1 - F.adaptive_max_pool2d(f, size_of(image))) for image, f in flags]
        sizes = *size_of(photo), *size_of(layout)
        large, small = (
            [patches_at(image, lattice(image, patch), patch) for image in pair]
            for patch in (min(COARSE.patch, *sizes), min(SMALL, *sizes))
        )
        far = squared_distances(large[0], large[1]).clamp_min(0).sqrt()
        far = far / (2 * math.sqrt(large[0].shape[1]))
        both_ways = float(far.amin(dim=0).mean() + far.amin(dim=1).mean())
        return both_ways + MIX * wasserstein_of_rows(small[0], small[1])

    every = layouts.chunk(len(layouts))
    return min(every, key=distance) if len(every) > 1 else layouts


def shrunk(photo: Pixels) -> Pixels:
    """A photo at the size of the first pass."""
    return resize(photo, scaled(size_of(photo), SHARE)).clamp(-1, 1)


def white(rng: torch.Generator, count: int, size: Size, like: Pixels) -> Pictures:
    """Pictures of white noise, ``count`` of them, drawn on the CPU, on the device of ``like``."""
    return torch.randn(count, 3, *size, generator=rng, device="cpu").to(like.device)


def held(
    photo: Pixels,
    picture: Pixels,
    noise: Pixels,
    *,
    price: float = 0.0,
    balanced: bool = False,
    wrap: Wrap = NO_WRAP,
) -> Pixels:
    """Draw a picture that shrinks to a given one, out of a small photo's patches.

    Args:
        picture: smaller than the drawing; the larger it is, the smaller the patches.
        noise: white, of the drawing's size.
        price, balanced, wrap: see :class:`internal_gan.patches.denoiser.Denoiser`.
    """
    size = size_of(noise)
    height, width = size_of(picture)
    side = math.sqrt(math.prod(size)) * HELD_PIXELS / math.sqrt(height * width)
    side = max(SMALLEST_HELD, round(min(side, LARGEST_HELD * max(size))))
    denoiser = Denoiser(photo, min(side, *size), price=price, balanced=balanced, wrap=wrap)
    return denoised(denoiser, noise, HELD_STEPS, coarser=picture)


def price_of(photo: Pixels, wrap: Wrap = NO_WRAP) -> float:
    """The price of a patch that leaves its height: 0 where the top meets the bottom, else in
    proportion to the share of the colours' variance that lies between rows, as of sky, sea and
    sand."""
    if wrap[0]:
        return 0.0
    rows = photo.mean(dim=3, keepdim=True)
    centred = photo - photo.mean(dim=(2, 3), keepdim=True)
    between = (rows - rows.mean(dim=2, keepdim=True)).square().mean()
    return PRICE * float(between / centred.square().mean().clamp_min(1e-8))


def layouts(photo: Pixels, sizes: list[Size], most: int, rng: torch.Generator) -> list[Pictures]:
    """New layouts at the sizes of a pyramid, coarsest first, each a coarser one with more detail.

    At sizes of up to SMALL_PIXELS there are ``most`` of them. The time that one takes grows with
    the square of its area, so at larger sizes there are fewer, and none above MAX_PIXELS.
    """
    price = price_of(photo)
    found = list[Pictures]()
    width, share = WHOLE
    full_width, full_share = DETAIL
    for size in sizes:
        pixels = size[0] * size[1]
        side = max(size)
        count = round(most * min(SMALL_PIXELS / pixels, 1) ** 1.5)
        real = resize(photo, size).clamp(-1, 1)
        if count == 0 or pixels > MAX_PIXELS:
            found.append(real[:0])
            continue
        finer = min(max((side - width) / (full_width - width), 0), 1)
        patch = round((share + (full_share - share) * finer) * side)
        denoiser = Denoiser(real, patch, price=price)
        drawn = list[Pictures]()
        for first in range(0, count, DRAWN_AT_ONCE):
            last = min(first + DRAWN_AT_ONCE, count)
            noise = white(rng, last - first, size, photo)
            coarser = found[-1][first:last] if found else None
            drawn.append(denoised(denoiser, noise, 10 if found else 20, coarser=coarser))
        found.append(torch.cat(drawn))
    return found
