"""The optimal denoiser of one photo's patches, and pictures drawn with it; nothing is learnt.

Noise turns a patch x of the photo into y = (1 - t) x + t n, where n is white noise and the level t
goes from 0 to 1. If all patches are equally likely, the expectation of x given y has a closed form:
the mean of all patches, each with the weight exp(-|y - (1 - t) x|^2 / 2 t^2). A convolutional
diffusion model whose field is one patch learns this mean; here it is computed.

Sources: Kamb and Ganguli, "An analytic theory of creativity in convolutional diffusion models"
(arXiv 2412.20292); for one image, Qiu, Kutulakos and Lindell, "Efficient and training-free
single-image diffusion models" (arXiv 2606.04299). The steps are those of Song et al., "Denoising
diffusion implicit models", ICLR 2021. Balanced weights are optimal transport's with an entropy:
Cuturi, "Sinkhorn distances", NeurIPS 2013.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from internal_gan.images.periodic import NO_WRAP, Wrap, resize_periodic
from internal_gan.images.resize import size_of
from internal_gan.patches.exact import grid, lattice, patches_at
from internal_gan.shapes import Mask, Pictures, Pixels
from internal_gan.stopping import check_stop

STRIDE = 2  # from one denoised patch of a picture to the next, in pixels
# Where patches overlap, their means are averaged by a Gaussian window.
WINDOW_SIGMA = 0.25  # its standard deviation, relative to the patch
# How often the photo's patches are used is balanced.
ROUNDS = 10  # of balancing
MIN_USE = 1e-3  # a patch that is used less counts as used this much, relative to even use
MAX_BALANCED = 4096  # patches of a picture from which use is estimated
WEIGHTS_AT_ONCE = 2**22  # weights computed at once
# The weight of a patch is divided by exp(KNOWN_PRICE) for each pixel that is known in exactly one
# of the two: the photo's patch or the picture's.
KNOWN_PRICE = 10.0
# Weights below this count as 0: they change no sum, and numbers near the smallest that a float can
# be would make the product ten times as slow.
NO_WEIGHT = 1e-20


class Known(NamedTuple):
    """Pixels that a picture keeps, (1, 3, h, w), and where, (1, 1, h, w), 1 there. The photo has
    them where ``source`` is 1, (1, 1, H, W), of any size, and the picture has them only once."""

    pixels: Pixels
    where: Mask
    source: Mask


class Denoiser:
    """Denoises pictures that consist of a photo's patches.

    Args:
        photo: of the size at which things are as large as in the pictures.
        patch: side of the patches, in pixels; smaller if the photo is.
        price: of a patch that leaves its height: its weight is divided by exp(price d^2) if it
            moves by the share d of the picture's height.
        balanced: whether all patches are used about equally often.
    """

    def __init__(
        self,
        photo: Pixels,
        patch: int,
        *,
        price: float = 0.0,
        balanced: bool = True,
        wrap: Wrap = NO_WRAP,
    ) -> None:
        self.patch = patch = min(patch, *size_of(photo))
        self.price = price
        self.balanced = balanced
        self.wrap = wrap
        self._size = size_of(photo)
        rows, columns = grid(photo, patch)
        places = lattice(photo, patch)
        self._patches = patches_at(photo, places, patch)
        self._lengths = self._patches.square().sum(dim=1) / 2
        self._heights = _heights(places // columns, rows)
        span = torch.arange(patch, device=photo.device) - (patch - 1) / 2
        bell = torch.exp(-span.square() / (2 * (WINDOW_SIGMA * patch) ** 2))
        self._window = (bell[:, None] * bell).flatten()

    def __call__(self, noisy: Pictures, level: float, known: Known | None = None) -> Pictures:
        """The expectation of pictures, at least a patch large, given what noise of a ``level``
        above 0 made of them, and what is ``known``."""
        check_stop()
        height, width = size_of(noisy)
        patch = self.patch
        device = noisy.device
        pixels = noisy.flatten(2)
        span = torch.arange(patch, device=device)
        once = None
        if known is not None:
            source = F.adaptive_max_pool2d(known.source, self._size)
            once = patches_at(source, lattice(source, patch), patch)
        tops, lefts = (
            _every(min(STRIDE, patch), side if wraps else side - patch + 1).to(device)
            for side, wraps in zip((height, width), self.wrap, strict=True)
        )

        def pixels_of(chosen: Tensor) -> Tensor:
            """The numbers of the pixels in some of the patches, (n, patch^2)."""
            rows = (tops[chosen // len(lefts), None] + span) % height
            columns = (lefts[chosen % len(lefts), None] + span) % width
            return (rows[:, :, None] * width + columns[:, None]).flatten(1)

        def weights_of(chosen: Tensor, inside: Tensor) -> Tensor:
            """The logarithms of the weights of the photo's patches, (N, n, m)."""
            cut = pixels[:, :, inside].movedim(1, 2).flatten(2)
            share = 1 - level
            weights = torch.addmm(self._lengths, cut.flatten(0, 1), self._patches.T, beta=-share)
            weights = weights.mul_(share / level**2).view(len(cut), len(chosen), -1)
            if self.price:
                heights = _heights(tops[chosen // len(lefts)], height - patch + 1)
                weights -= self.price * (heights[:, None] - self._heights).square()
            if known is not None and once is not None:
                flags = known.where.flatten()[inside]
                sums = flags.sum(dim=1)[:, None] + once.sum(dim=1)
                weights -= KNOWN_PRICE * torch.addmm(sums, flags, once.T, alpha=-2)
            return weights

        count = len(tops) * len(lefts)
        even = torch.zeros(1, device=device)
        if self.balanced:
            some = torch.linspace(0, count - 1, min(count, MAX_BALANCED), device=device)
            sampled = weights_of(some := some.round().long(), pixels_of(some))
            even = _balance(sampled)
            if once is not None:  # balancing would use it more, whatever that costs
                even = torch.where(once.any(dim=1), even.clamp_max(0), even)
        total = torch.zeros_like(pixels)
        share = torch.zeros_like(pixels[0, 0])
        every = torch.arange(count, device=device)
        for part in torch.split(
            every, max(1, WEIGHTS_AT_ONCE // (len(noisy) * len(self._lengths)))
        ):
            inside = pixels_of(part)
            whole = self.balanced and len(part) == len(some) == count
            weights = ((sampled if whole else weights_of(part, inside)) + even).softmax(dim=2)
            torch.threshold_(weights, NO_WEIGHT, 0.0)
            means = (weights @ self._patches).view(*weights.shape[:2], 3, -1) * self._window
            total.index_add_(2, inside.flatten(), means.movedim(2, 1).flatten(2))
            share.index_add_(0, inside.flatten(), self._window.repeat(len(part)))
        return (total / share).view_as(noisy)


def denoised(
    denoiser: Denoiser,
    noise: Pixels,
    steps: int,
    *,
    level: float = 1.0,
    start: Pixels | None = None,
    coarser: Pixels | None = None,
    known: Known | None = None,
) -> Pixels:
    """Draw a picture of a photo's patches from noise: denoise it, at lower and lower levels.

    Args:
        noise: white, (1, 3, h, w).
        level: of the noise at first, above 0 and at most 1; below 1, the picture is like ``start``.
        coarser: a smaller picture, which this one shrinks to.
    """
    size = size_of(noise)
    wrap = denoiser.wrap
    noisy = noise if start is None else (1 - level) * start + level * noise
    levels = [level * (1 - step / steps) for step in range(steps + 1)]
    picture = noisy
    for now, then in pairwise(levels):
        picture = denoiser(noisy, now, known)
        if coarser is not None:
            missing = coarser - resize_periodic(picture, size_of(coarser), wrap)
            picture = picture + resize_periodic(missing, size, wrap)
        if known is not None:
            picture = torch.where(known.where > 0, known.pixels, picture)
        noisy = (1 - then) * picture + then * (noisy - (1 - now) * picture) / now
    return picture.clamp(-1, 1)


def _balance(weights: Tensor) -> Tensor:
    """What to add to logarithms of weights (N, n, m) so that all m are used about equally often."""
    shares = weights.double().softmax(dim=2)
    even = shares.new_ones(len(shares), 1, shares.shape[2])
    for _ in range(ROUNDS):
        per_patch = (even @ shares.mT).reciprocal()
        use = even * (per_patch @ shares) * (shares.shape[2] / shares.shape[1])
        even = even / use.clamp_min(MIN_USE)
    return even.log().to(weights.dtype)


def _every(stride: int, count: int) -> Tensor:
    """Every ``stride``-th of ``count`` numbers from 0 on, and the last."""
    return torch.tensor((*range(0, count - 1, stride), count - 1))


def _heights(rows: Tensor, count: int) -> Tensor:
    """From 0 to 1: how far down these of ``count`` rows of patches are."""
    return rows / max(1, count - 1)
