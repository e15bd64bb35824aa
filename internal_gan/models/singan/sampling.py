"""Random images of any size, from noise alone or with the photo's layout."""

from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.periodic import Moves, Wrap, join_borders
from internal_gan.images.resize import resize
from internal_gan.models.limits import check_count
from internal_gan.models.singan.model import SinGAN, sample_seed
from internal_gan.units import Size

Tileable = bool | Literal["x", "y"]

# Generating and writing images of 4 and 16 megapixels took 52 to 62.
BYTES_PER_PIXEL = 64
# Fraction of its sides over which the image injected at a start scale is blended to wrap.
FADE = 0.15


def samples(
    model: SinGAN,
    count: int = 1,
    size: Size | None = None,
    *,
    start_scale: int = 0,
    seed: int = 0,
    tileable: Tileable = False,
) -> Iterator[Tensor]:
    """Random images (1, 3, height, width) in [-1, 1], on the CPU.

    The arguments are checked immediately; each image is generated when the iterator reaches it.

    Args:
        size: any (height, width) in pixels; by default the finest finished scale's.
        start_scale: the shrunk real image replaces the scales below this one; 0 runs them all.
        seed: sample k depends only on ``seed`` and k.
        tileable: whether images repeat without a seam: ``x`` horizontally, ``y`` vertically, True
            in both directions.

    Raises:
        UserError: an argument out of range.
    """
    model.ladder.check_finished()
    check_count("sample count", count)
    model.ladder.check_scale(start_scale)
    if tileable not in (True, False, "x", "y"):
        raise UserError(f"tileable is {tileable}; allowed: True, False, 'x', 'y'")
    sizes = model.ladder.sizes_for(size, model.finished - 1)
    wrap = wrap_of(tileable)
    return (_drawn(model, sizes, start_scale, sample_seed(seed, k), wrap) for k in range(count))


def sampling_memory(model: SinGAN, size: Size) -> int:
    """Approximate peak memory, in bytes, for generating and writing an image of ``size``."""
    pixels = size[0] * size[1]
    width = max(model.ladder.widths.at(scale) for scale in range(len(model.sizes)))
    return BYTES_PER_PIXEL * pixels + 4 * 4 * width * min(pixels, model.tile_pixels)


def wrap_of(tileable: bool | str) -> Wrap:
    """Which borders meet: (top and bottom, left and right)."""
    return tileable in (True, "y"), tileable in (True, "x")


@torch.no_grad()
def _drawn(model: SinGAN, sizes: Sequence[Size], start_scale: int, seed: int, wrap: Wrap) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    image = None
    if start_scale > 0:
        height, width = at = sizes[start_scale - 1]
        image = resize(model.real(start_scale - 1), at)
        image = join_borders(image, (FADE * height, FADE * width), wrap)
    moves = Moves(wrap, rng)
    image = model.synthesise(
        sizes,
        model.noise_from(rng),
        first=start_scale,
        image=image,
        wrap=wrap,
        after=lambda _, x: moves.on(x),
    )
    return moves.back(image).clamp_(-1, 1).cpu()
