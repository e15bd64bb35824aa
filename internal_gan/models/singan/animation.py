"""Animates a photo by a random walk in a trained model's noise."""

import math
from collections.abc import Iterator
from itertools import islice, repeat

import torch
from torch import Tensor

from internal_gan.errors import check_range
from internal_gan.images.resize import resize
from internal_gan.models.ladder import MAX_RESULTS
from internal_gan.models.singan.pyramid import NoisePyramid, sample_seed
from internal_gan.models.singan.sampling import sampling_memory
from internal_gan.models.singan.walk import Fields, Walk
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# Measured at 1000x1500 pixels: the walk's two states and the memory of a step.
BYTES_PER_PIXEL = 180


def animate(
    model: NoisePyramid,
    frames: int,
    *,
    alpha: float,
    beta: float,
    fps: float,
    start_scale: int = 0,
    loop: bool = False,
    seed: int = 0,
    size: Size | None = None,
) -> Iterator[Pixels]:
    """See :meth:`internal_gan.models.abilities.Redraws.animate`.

    From ``start_scale`` on, the noise starts at the reconstruction's and walks randomly around it.
    The coarser scales reconstruct the image.

    The generators were trained with noise of variance 1. If the reconstruction's noise and the walk
    together exceed that, as at scale 0 and with a small ``alpha``, their sum is divided by its
    standard deviation.
    """
    model.check_finished()
    check_range(1, MAX_RESULTS, frames=frames)
    model.check_scale(start_scale)
    walk = Walk(alpha, beta, fps)
    sizes = model.sizes_for(size, model.finished - 1)

    def innovations(t: int) -> Fields:
        rng = torch.Generator().manual_seed(sample_seed(seed, t))
        scales = range(start_scale, len(sizes))
        return [model.random_noise(scale, sizes[scale], 1, rng) for scale in scales]

    if loop:
        walked = walk.loop(innovations, frames)
        variances: Iterator[float] = repeat(walk.variance(frames))
    else:
        walked, variances = walk.steps(innovations), walk.variances()
    rest = _anchor(model, sizes, start_scale, seed)
    pairs = zip(walked, variances, strict=False)
    return (_frame(model, sizes, rest, *pair) for pair in islice(pairs, frames))


def animating_memory(model: NoisePyramid, size: Size) -> int:
    """Approximate peak memory, in bytes, for frames of ``size``."""
    return sampling_memory(model, size) + BYTES_PER_PIXEL * size[0] * size[1]


def _anchor(model: NoisePyramid, sizes: list[Size], start_scale: int, seed: int) -> Tensor:
    """The part that does not move: the noise of scale 0, or the output below the start scale."""
    if start_scale > 0:
        with torch.no_grad():
            below = model.synthesise(model.sizes[:start_scale], model.fixed_noise)
        return resize(below, sizes[start_scale - 1])
    if sizes[0] == model.sizes[0]:
        return model.fixed_noise(0, sizes[0])
    # Frames are numbered from 0, so none of them uses this seed.
    rng = torch.Generator().manual_seed(sample_seed(seed, -1))
    return model.random_noise(0, sizes[0], 1, rng)


def _frame(
    model: NoisePyramid, sizes: list[Size], rest: Tensor, walked: Fields, variance: float
) -> Tensor:
    start_scale = len(sizes) - len(walked)

    def noise(scale: int, _: Size) -> Tensor:
        field = walked[scale - start_scale]
        if scale > 0:
            return field / math.sqrt(max(variance, 1.0))
        return (rest + field) / math.sqrt(1.0 + variance)

    base = rest if start_scale > 0 else None
    with torch.no_grad():
        image = model.synthesise(sizes, noise, first=start_scale, image=base)
    return image.clamp(-1, 1).cpu()
