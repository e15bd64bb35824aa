"""New layouts of a small photo without training: its patches, put together by the formula of
:mod:`internal_gan.patches.denoiser`."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from internal_gan.images.periodic import Wrap
from internal_gan.images.pyramid import fit_size, pyramid_sizes, scaled, wider_limit
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.denoiser import Denoiser, denoised
from internal_gan.patches.matching import matched
from internal_gan.shapes import Mask, Pictures, Pixels
from internal_gan.units import Size

# The sizes at which a photo is drawn, as in SinGAN's default pyramid.
LONGEST, SHORTEST = 60, 12  # the long side of the finest and the short side of the coarsest
MAX_ASPECT = 2.0  # of longer photos, the short side has LONGEST / MAX_ASPECT pixels
FACTOR = 0.65  # from a size to the next smaller one, at least
# Price of a patch that leaves its height, if height explains all differences in the photo. Skies
# stay above, while in a texture everything may be everywhere.
PRICE = 20.0
# Where a picture is held, a patch is as large as so many of its pixels, but no larger than this
# share of the drawing, and no smaller than so many pixels of it.
HELD_PIXELS, LARGEST, SMALLEST = 4.2, 0.2, 3
HELD_STEPS = 15


class Pass(NamedTuple):
    """One size at which a layout is drawn, as a share of the full one; the side of a patch there,
    in pixels; the steps of denoising, and those of matching afterwards."""

    share: float
    patch: int
    steps: int
    matching: int


# The first, of 24 pixels, decides what goes where, by patches of nearly half the side; the second
# adds detail. Matching brings back what is drawn too rarely.
PASSES = Pass(0.4, 11, 20, 100), Pass(1.0, 17, 10, 50)
# In a pyramid, the sides of the smallest and the largest picture in pixels, and those of a patch,
# relative to the picture. Pictures in between have patches in between.
WHOLE, DETAIL = (18, 0.5), (60, 0.28)
SMALL_PIXELS = 192  # in a picture; of larger ones, fewer are drawn
MAX_PIXELS = 4096  # in a picture; larger ones would take too long
AT_ONCE = 64  # pictures drawn at once
# If pixels are kept, so many layouts are drawn, and the one farthest from the photo is used.
TRIES = 4


def sizes_of(photo: Pixels) -> list[Size]:
    """The sizes at which a photo is drawn, coarsest first: those of SinGAN's default pyramid,
    unless the photo is very long."""
    size = size_of(photo)
    longest = wider_limit(size, LONGEST, MAX_ASPECT) or LONGEST
    share = MAX_PIXELS / math.prod(fit_size(size, longest))
    longest = round(longest * min(1.0, math.sqrt(share)))
    return pyramid_sizes(size, scale_factor=FACTOR, min_size=SHORTEST, max_size=longest)


def layout(
    photo: Pixels,
    size: Size,
    rng: torch.Generator,
    *,
    start: Pixels | None = None,
    level: float = 1.0,
    wrap: Wrap = (False, False),
    kept: Mask | None = None,
) -> Pixels:
    """Put a small photo's patches together anew.

    Args:
        photo: some tens of pixels a side.
        size: of the layout.
        rng: source of the noise, on the CPU.
        start: a picture of this size, by default the resized photo.
        level: of the noise that hides it at first; at 1, nothing of it is left.
        wrap: whether the layout wraps from bottom to top, and from right to left.
        kept: 1 where ``start`` stays, (1, 1, h, w).
    """
    own, device = size_of(photo), photo.device
    start = picture = resize(photo, size).clamp(-1, 1) if start is None else start
    for number, (share, patch, steps, matching) in enumerate(PASSES):
        here = scaled(size, share)
        real, given = resize(photo, scaled(own, share)).clamp(-1, 1), resize(start, here)
        count = 1 if kept is None or number else TRIES
        noise = torch.randn(count, 3, *here, generator=rng, device="cpu").to(device)
        side = min(patch, *here, *size_of(real))
        denoiser = Denoiser(real, side, price=price_of(photo, wrap), wrap=wrap)
        still = None if kept is None else F.adaptive_max_pool2d(kept, here)
        if number == 0:
            picture = denoised(denoiser, noise, steps, level=level, start=given)
            if still is not None:
                # Known before, kept pixels would lead to the photo, since patches are large here.
                far = ((picture - given).abs() * (1 - still)).sum(dim=(1, 2, 3)).argmax()
                picture = torch.where(still > 0, given.clamp(-1, 1), picture[far, None])
        else:
            known = None if still is None else (given.clamp(-1, 1), still)
            picture = denoised(denoiser, noise, steps, coarser=picture, known=known)
        picture = matched(picture, real, matching, wrap, kept=still)
    return picture


def held(
    photo: Pixels,
    picture: Pixels,
    noise: Pixels,
    *,
    price: float = 0.0,
    balanced: bool = False,
    wrap: Wrap = (False, False),
) -> Pixels:
    """Draw a picture that shrinks to a given one, out of a small photo's patches.

    Args:
        picture: smaller than the drawing; the larger it is, the smaller the patches.
        noise: white, of the drawing's size.
        price, balanced, wrap: see :class:`internal_gan.patches.denoiser.Denoiser`.
    """
    size, (height, width) = size_of(noise), size_of(picture)
    side = math.sqrt(math.prod(size)) * HELD_PIXELS / math.sqrt(height * width)
    side = max(SMALLEST, round(min(side, LARGEST * max(size))))
    side = min(side, *size, *size_of(photo))
    denoiser = Denoiser(photo, side, price=price, balanced=balanced, wrap=wrap)
    return denoised(denoiser, noise, HELD_STEPS, coarser=picture)


def price_of(photo: Pixels, wrap: Wrap = (False, False)) -> float:
    """What it costs a patch to leave its height: nothing where the top meets the bottom."""
    return 0.0 if wrap[0] else PRICE * height_share(photo)


def layouts(
    photo: Pixels, sizes: Sequence[Size], most: int, rng: torch.Generator
) -> list[Pictures]:
    """New layouts at the sizes of a pyramid, coarsest first, each a coarser one with more detail.

    At sizes of up to SMALL_PIXELS there are ``most`` of them. The time that one takes grows with
    the square of its area, so at larger sizes there are fewer, and none above MAX_PIXELS.
    """
    price, found, device = price_of(photo), list[Pictures](), photo.device
    (width, share), (full_width, full_share) = WHOLE, DETAIL
    for size in sizes:
        pixels, side = size[0] * size[1], max(size)
        count = round(most * min(SMALL_PIXELS / pixels, 1) ** 1.5)
        real = resize(photo, size).clamp(-1, 1)
        if count == 0 or pixels > MAX_PIXELS:
            found.append(real[:0])
            continue
        finer = min(max((side - width) / (full_width - width), 0), 1)
        patch = round((share + (full_share - share) * finer) * side)
        denoiser, drawn = Denoiser(real, patch, price=price), list[Pictures]()
        for first in range(0, count, AT_ONCE):
            last = min(first + AT_ONCE, count)
            noise = torch.randn(last - first, 3, *size, generator=rng, device="cpu").to(device)
            if found:
                drawn.append(denoised(denoiser, noise, 10, coarser=found[-1][first:last]))
            else:
                drawn.append(denoised(denoiser, noise, 20))
        found.append(torch.cat(drawn))
    return found


def height_share(photo: Pixels) -> float:
    """The share of the colours' variance that is between the rows of a photo: nearly 0 in a
    texture, nearly 1 where sky, sea and sand lie above each other."""
    rows = photo.mean(dim=3, keepdim=True)
    centred = photo - photo.mean(dim=(2, 3), keepdim=True)
    between = (rows - rows.mean(dim=2, keepdim=True)).square().mean()
    return float(between / centred.square().mean().clamp_min(1e-8))
