"""New layouts of a small photo without training: its patches, put together by the formula of
:mod:`internal_gan.patches.denoiser`."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.nn import functional as F

from internal_gan.images.pyramid import fit_size, scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.denoiser import Denoiser, denoised, free_patches
from internal_gan.patches.matching import matched
from internal_gan.shapes import Mask, Pictures, Pixels
from internal_gan.units import Size

# The size of the photo when its layout is made.
LONGEST = 60  # long side in pixels, as in SinGAN's default
SHORTEST = 14  # short side in pixels, at least; the long side is then longer
# Price of a patch that leaves its height, if height explains all differences in the photo. Skies
# stay above, while in a texture everything may be everywhere.
PRICE = 20.0
# With a hole, patches are so small that at least so many are left.
MIN_FREE = 100
# Share of a pixel's colour that is from the hole, above which it is unknown at a smaller size.
MIN_HOLE = 1e-4


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
# Noise of a lower level hides nothing of a patch of the first size.
MIN_LEVEL = 0.65
# If pixels are kept, so many layouts are drawn, and the one farthest from the photo is used.
TRIES = 4


def small(photo: Pixels) -> Pixels:
    """A photo at the size at which its layout is made."""
    sides = size_of(photo)
    longest = max(LONGEST, round(SHORTEST * max(sides) / min(sides)))
    return resize(photo, fit_size(sides, longest)).clamp(-1, 1)


def layout(
    photo: Pixels,
    size: Size,
    rng: torch.Generator,
    *,
    freedom: float = 1.0,
    hole: Mask | None = None,
    kept: Mask | None = None,
) -> Pixels:
    """Put a small photo's patches together anew.

    Args:
        photo: some tens of pixels a side.
        size: of the layout.
        rng: source of the noise, on the CPU.
        freedom: how much noise hides the resized photo at first. At 1, nothing of it is left; at 0
            it is returned as it is.
        hole: all that is drawn, in a photo of the layout's size; no patch is taken from there. A
            UserError if it leaves none.
        kept: 1 where a photo of the layout's size stays, and patches are taken from as elsewhere;
            not with ``hole``.
    """
    own, device = size_of(photo), photo.device
    if hole is not None:  # nothing in it counts
        shares = (1 - hole) / (1 - hole).sum().clamp_min(1)
        photo = torch.where(hole > 0, (photo * shares).sum(dim=(2, 3), keepdim=True), photo)
    start = picture = resize(photo, size).clamp(-1, 1)
    price = PRICE * height_share(photo)
    level = MIN_LEVEL + (1 - MIN_LEVEL) * freedom
    for number, (share, patch, steps, matching) in enumerate(PASSES if freedom > 0 else ()):
        here = scaled(size, share)
        real = resize(photo, scaled(own, share)).clamp(-1, 1)
        count = 1 if kept is None or number else TRIES
        noise = torch.randn(count, 3, *here, generator=rng, device="cpu").to(device)
        drawn = None if hole is None else (resize(hole, here).abs() > MIN_HOLE).float()
        side = min(patch, *here, *size_of(real))
        while drawn is not None and side > 1 and free_patches(drawn, side).sum() < MIN_FREE:
            side -= 1
        denoiser = Denoiser(real, side, price=price, excluded=drawn)
        still = None if kept is None else F.adaptive_max_pool2d(kept, here)
        known = None if drawn is None else (real, 1 - drawn)
        if number == 0:
            first = resize(start, here)
            picture = denoised(denoiser, noise, steps, level=level, start=first, known=known)
            if still is not None:
                # Known before, kept pixels would lead to the photo, since patches are large here.
                far = ((picture - real).abs() * (1 - still)).sum(dim=(1, 2, 3)).argmax()
                picture = torch.where(still > 0, real, picture[far, None])
        else:
            known = known if still is None else (real, still)
            picture = denoised(denoiser, noise, steps, coarser=picture, known=known)
        if hole is None:
            picture = matched(picture, real, matching, kept=still)
    return picture


def layouts(
    photo: Pixels, sizes: Sequence[Size], most: int, rng: torch.Generator
) -> list[Pictures]:
    """New layouts at the sizes of a pyramid, coarsest first, each a coarser one with more detail.

    At sizes of up to SMALL_PIXELS there are ``most`` of them. The time that one takes grows with
    the square of its area, so at larger sizes there are fewer, and none above MAX_PIXELS.
    """
    price, found, device = PRICE * height_share(photo), list[Pictures](), photo.device
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
