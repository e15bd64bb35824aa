"""How an animated photo moves: a random walk in a trained model's noise."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice

import numpy as np
import torch
from torch import Tensor

from internal_gan.images.pyramid import fit_size
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.exact import grid, lattice, nearest, overlapping, patches_at
from internal_gan.shapes import Pixels

BETA = 0.9  # the paper's smoothness of the motion, in [0, 1)
PAPER_FPS = 10.0  # the paper's frames per second
# How far the noise may walk depends on how rare a photo's things are. Rarity is the distance of a
# patch to its nearest other one, relative to the photo's contrast, in a small copy.
COARSE_SIDE = 25  # its long side, in pixels
COARSE_PATCH = 9  # the side of a patch, in pixels
RAREST = 0.9  # the quantile of all patches' distances that counts
COMMON = 1.1  # up to this rarity, the noise walks freely
RARE = 1.6  # from about this rarity on, it walks least
CALMEST = 0.15  # how far it then walks, relative to a free walk

Fields = Sequence[Tensor]
Innovations = Callable[[int], Fields]


def calmness(photo: Pixels) -> float:
    """How far the coarsest scale may walk, ``CALMEST`` to 1. It walks less if the rarest patches of
    a small copy of the photo hardly resemble any other, as those of a single large thing: else a
    film would draw a second volcano, and drop it again."""
    size = fit_size(size_of(photo), COARSE_SIDE)
    if min(size) < COARSE_PATCH:
        return 1.0
    small = resize(photo, size).cpu()
    places = lattice(small, COARSE_PATCH)
    columns = grid(small, COARSE_PATCH)[1]
    patches = patches_at(small, places, COARSE_PATCH)
    others = overlapping(places, places, columns, COARSE_PATCH)
    near = nearest(patches, patches, excluded=others)
    off = (patches - patches[near]).square().mean(dim=1).quantile(RAREST)
    rarity = float((off / small.var(dim=(2, 3)).mean().clamp(min=1e-6)).sqrt())
    return min(1.0, max(CALMEST, 1 - (rarity - COMMON) / (RARE - COMMON)))


class Walk:
    """A random walk of the noise around that of the reconstruction.

    z_{t+1} = alpha z_rec + (1 - alpha) (z_t + d_{t+1}) with
    d_{t+1} = beta (z_t - z_{t-1}) + (1 - beta) u_t and white noise u.

    The difference e_t = z_t - z_rec is a second-order autoregression,
    e_{t+1} = a e_t + b e_{t-1} + c u_t, with a = (1 - alpha) (1 + beta), b = -(1 - alpha) beta and
    c = (1 - alpha) (1 - beta). With alpha 0.1 and beta 0.9 it oscillates once in about twenty
    frames, and e has 0.22 times the variance of u.

    These coefficients are for ten frames per second. For other rates, the recursion's poles are
    raised to the power 10 / fps, and c preserves the variance of e: the same motion, sampled at
    another rate. ``alpha`` is in (0, 1], ``beta`` in [0, 1).

    Source: Shaham et al. 2019, supplementary material, animation.
    """

    def __init__(self, alpha: float, beta: float, fps: float = PAPER_FPS) -> None:
        paper = (1 - alpha) * (1 + beta), -(1 - alpha) * beta
        poles = np.roots([1.0, -paper[0], -paper[1]]).astype(complex) ** (PAPER_FPS / fps)
        self.a = float(poles.sum().real)
        self.b = float(-poles.prod().real)
        deviation = (1 - alpha) * (1 - beta) * math.sqrt(_variance(*paper))
        self.c = deviation / math.sqrt(_variance(self.a, self.b))

    def variances(self, period: int | None = None) -> Iterator[float]:
        """Variance of e_0, e_1, ... relative to that of u, of a walk from rest at z_rec;
        ``period`` is a loop's length in frames."""
        if period is not None:
            turn = np.exp(2j * np.pi * np.arange(period) / period)
            response = self.c / (turn - self.a - self.b / turn)
            covariances = np.fft.ifft(np.abs(response) ** 2).real
            yield from 2 * (covariances[0] - covariances)
            return
        # The response to a single push: pushes at different times are independent.
        now = self.c
        before = 0.0
        total = 0.0
        while True:
            yield total
            total += now**2
            now, before = self.a * now + self.b * before, now

    def fields(self, innovations: Innovations, period: int | None = None) -> Iterator[Fields]:
        """e_0, e_1, ... from rest at z_rec: e_0 is zero.

        With a period, the walk is driven by u_0, ..., u_{period - 1}, repeated, and is periodic,
        less its own first state. If a period from rest ends in state s, one from state x ends in
        A^period x + s, where A is the recursion's matrix. The periodic walk therefore starts from
        x = (1 - A^period)^-1 s. Only three states are held in memory.
        """
        rest = [torch.zeros_like(u) for u in innovations(0)]
        walked = self._states(rest, rest, innovations)
        if period is None:
            yield from (now for now, _ in walked)
            return
        end = next(islice(walked, period, None))
        step = np.array([[self.a, self.b], [1.0, 0.0]])
        closed = np.linalg.inv(np.eye(2) - np.linalg.matrix_power(step, period))
        first, before = (
            [float(row[0]) * x + float(row[1]) * y for x, y in zip(*end, strict=True)]
            for row in closed
        )
        for state, _ in self._states(first, before, lambda t: innovations(t % period)):
            yield [now - start for now, start in zip(state, first, strict=True)]

    def _states(
        self, now: Fields, before: Fields, innovations: Innovations
    ) -> Iterator[tuple[Fields, Fields]]:
        """The pairs (e_0, e_-1), (e_1, e_0), ...; the first is given."""
        for t in count():
            yield now, before
            fields = zip(now, before, innovations(t), strict=True)
            now, before = [self.a * x + self.b * y + self.c * u for x, y, u in fields], now


def _variance(a: float, b: float) -> float:
    """Variance of e_{t+1} = a e_t + b e_{t-1} + u_t for white u of variance 1."""
    return (1 - b) / ((1 + b) * ((1 - b) ** 2 - a**2))
