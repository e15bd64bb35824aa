"""Samples and fillings of a photo by other methods, made by the benchmarks themselves.

``gpdm`` is written after its paper. ``resynthesizer`` runs a package that is not among the
benchmarks' dependencies, because its licence is the GPL: it needs ``pip install resynthesizer``.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.optim import Adam

from internal_gan.images.levels import levels_of, pixels_of
from internal_gan.images.resize import resize, size_of
from internal_gan.patches.losses import SlicedWasserstein
from internal_gan.units import Size

# Of each photo; the Resynthesizer has no more.
SAMPLES = 2
# The pyramid: its short side at the coarsest scale, in pixels, and the ratio of successive scales.
COARSEST, RATIO = 28, 0.85
# Standard deviation of the noise on the coarsest photo, whose range is [-1, 1].
NOISE = 1.5
# Of patches: their side in pixels; directions in a step, out of how many; about how many places.
PATCH, DIRECTIONS, BANK, PLACES = 8, 32, 512, 4096
# Of Adam: its learning rate, and its steps at the coarsest scale and at the finest.
RATE, STEPS = 0.01, (300, 40)


def gpdm(photo: Tensor, number: int) -> Tensor:
    """A sample by direct matching of patch distributions, coarse to fine.

    It starts from the photo at the coarsest scale with strong noise. At each scale, Adam lowers the
    sliced Wasserstein distance between its patches and those of the photo at that scale; then it is
    enlarged to the next.

    The constants above are ours, chosen so that a sample of 250 pixels takes less than half a
    minute on one core: few steps, few directions, and some of the places in each. So the authors'
    own samples may be better.

    Args:
        photo: (1, 3, H, W) in [-1, 1], of at least 8 pixels a side.
        number: of the sample, from 0; each has its own noise.

    Returns:
        (1, 3, H, W) in [-1, 1].

    Source: Elnekave & Weiss, "Generating natural images with direct patch distributions matching",
    ECCV 2022.
    """
    rng = torch.Generator().manual_seed(number)
    sizes = pyramid(size_of(photo))
    picture = resize(photo, sizes[0])
    picture = picture + NOISE * torch.randn(picture.shape, generator=rng)
    for scale, size in enumerate(sizes):
        fineness = scale / max(1, len(sizes) - 1)
        steps = round(STEPS[0] + fineness * (STEPS[1] - STEPS[0]))
        picture = _closer(resize(picture, size), resize(photo, size), steps, rng)
    return picture.clamp(-1, 1)


def pyramid(finest: Size) -> list[Size]:
    """The sizes of the scales, the coarsest first.

    >>> pyramid((188, 250))[:2], len(pyramid((188, 250)))
    ([(28, 37), (33, 44)], 13)
    """
    shrunk = min(1, COARSEST / min(finest))
    count = round(math.log(shrunk, RATIO))
    factors = [shrunk ** (step / count) for step in range(count, 0, -1)]
    return [*((round(finest[0] * f), round(finest[1] * f)) for f in factors), finest]


def _closer(picture: Tensor, photo: Tensor, steps: int, rng: torch.Generator) -> Tensor:
    """Bring a picture's patches closer to the photo's, both (1, 3, h, w)."""
    distance = SlicedWasserstein(
        photo, rng, patch=PATCH, projections=DIRECTIONS, bank=BANK, places=PLACES, levels=1
    )
    pixels = picture.clone().requires_grad_()
    adam = Adam([pixels], lr=RATE)
    for step in range(steps):
        adam.zero_grad()
        distance(pixels, rng, step).backward()  # type: ignore[no-untyped-call]
        adam.step()
    return pixels.detach()


def resynthesizer(photo: Tensor, number: int) -> Tensor:
    """The photo continued beyond its right (0) or left (1) border by as much as its width.

    This is the closest that the package comes to a sample of the photo's size: it has no seed, and
    without the border as context it returns nearly the photo itself.

    Args:
        photo: (1, 3, H, W) in [-1, 1].

    Returns:
        (1, 3, H, W) in [-1, 1], without the photo.

    Source: Harrison, "Image texture tools", PhD thesis, Monash University, 2005; the PyPI package
    ``resynthesizer``.
    """
    whole = F.pad(photo.flip(-1) if number else photo, (0, photo.shape[-1]))
    hole = torch.zeros_like(whole[:, :1])
    hole[..., photo.shape[-1] :] = 1.0
    made = resynthesized(whole, hole)[..., photo.shape[-1] :]
    return made.flip(-1) if number else made


def resynthesized(image: Tensor, hole: Tensor) -> Tensor:
    """An image (1, 3, H, W) in [-1, 1] with its hole (1, 1, H, W) filled by the Resynthesizer; see
    :func:`resynthesizer`."""
    package = import_module("resynthesizer")
    mask = Image.fromarray((hole[0, 0] > 0).numpy().astype("uint8") * 255)
    options = package.getDefaultParams()
    options.isMakeSeamlesslyTileableHorizontally = options.isMakeSeamlesslyTileableVertically = 0
    filled = package.resynthesize(Image.fromarray(levels_of(image, 255)), mask, options)
    return pixels_of(np.asarray(filled))


METHODS: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "gpdm": gpdm,
    "resynthesizer": resynthesizer,
}


def installed(names: Iterable[str]) -> list[str]:
    """Those of the methods that can be run here."""
    return [name for name in names if name == "gpdm" or find_spec(name)]
