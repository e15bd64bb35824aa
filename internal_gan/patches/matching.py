"""Gives a drawing the photo's mix of patches: each kind about as often as in the photo."""

import torch
from torch.nn import functional as F

from internal_gan.images.periodic import NO_WRAP, Wrap
from internal_gan.images.pyramid import MAX_LEVELS
from internal_gan.images.resize import size_of
from internal_gan.patches.losses import SlicedWasserstein
from internal_gan.shapes import Pixels

MATCHED_PATCH = 7  # the side of a patch, in pixels
DIRECTIONS = 24  # compared at each size in each step
BANK = 256  # directions prepared in advance
PLACES = 8192  # patches of the drawing compared at each size in each step, about
# Adam's initial learning rate, about the largest change of a pixel in [-1, 1]; it then falls.
RATE = 0.03
BETAS = (0.9, 0.999)  # how much of Adam's means stays in each step
EPS = 1e-8  # keeps Adam from dividing by 0


def matched(drawing: Pixels, photo: Pixels, steps: int, wrap: Wrap = NO_WRAP) -> Pixels:
    """Bring a drawing's mix of patches closer to the photo's, in ``steps`` of gradient descent.

    This lowers the sliced Wasserstein distance between their patches, at full size and at
    successive halves. What is drawn too often turns into the most similar things that are drawn too
    rarely; the rest of the layout hardly moves. If either is smaller than a patch, nothing changes.

    Args:
        photo: with pixels of the same size as the drawing's.
        wrap: whether the drawing wraps from bottom to top, and from right to left.

    Source: Elnekave and Weiss, "Generating natural images with direct patch distribution
    matching", ECCV 2022; here started from a drawing instead of a blurred photo.
    """
    if steps == 0 or min(*size_of(drawing), *size_of(photo)) < MATCHED_PATCH:
        return drawing
    exact = torch.autocast(drawing.device.type, enabled=False)
    with torch.inference_mode(False), torch.enable_grad(), exact:
        rng = torch.Generator(photo.device).manual_seed(0)
        distance = SlicedWasserstein(
            photo,
            rng,
            patch=MATCHED_PATCH,
            projections=DIRECTIONS,
            bank=BANK,
            places=PLACES,
            levels=MAX_LEVELS,
        )
        levels = len(distance.quantiles)
        pixels = drawing.float().clone().requires_grad_()
        mean, square = torch.zeros_like(pixels), torch.zeros_like(pixels)
        border = (0, (MATCHED_PATCH - 1) * wrap[1], 0, (MATCHED_PATCH - 1) * wrap[0])
        for step in range(steps):
            around = F.pad(pixels, border, mode="circular")
            terms = [distance(around, rng, step * levels + level) for level in range(levels)]
            (gradient,) = torch.autograd.grad(torch.stack(terms).sum(), pixels)
            # Adam by hand: creating torch's own would load its compiler first, which takes longer
            # than matching a drawing.
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            unbiased = [1 - beta ** (step + 1) for beta in BETAS]
            rate = RATE * (1 - step / steps) / unbiased[0]
            spread = (square.sqrt() / unbiased[1] ** 0.5).add_(EPS)
            with torch.no_grad():
                pixels.addcdiv_(mean, spread, value=-rate)
    return pixels.detach().clamp(-1, 1)
