"""Makes a photo tileable by regenerating only a band along its borders."""

import torch
from torch import Tensor

from internal_gan.errors import UserError
from internal_gan.images.composite import bring_back
from internal_gan.images.periodic import (
    Tileable,
    Wrap,
    border_band,
    join_borders,
    reach_of,
    wrap_of,
)
from internal_gan.images.resize import resize, size_of
from internal_gan.models.redrawing import start_scale_for, working_size
from internal_gan.models.singan.pyramid import NoisePyramid, sample_seed
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# The band's width as a fraction of the side, and the size at which the photo is injected, in pixels
# as in redrawing.py. Chosen by eye on textures and landscapes.
BAND, TILE = 0.15, 20.0


@torch.no_grad()
def make_tileable(
    model: NoisePyramid,
    image: Tensor,
    tileable: Tileable = True,
    *,
    band: float = BAND,
    start_scale: int | None = None,
    seed: int = 0,
) -> Pixels:
    """Change a band along the borders of a photo so that they meet without a seam.

    ``start_scale`` refines the photo with its opposite borders blended. Every scale wraps around,
    and the photo replaces its output outside the band, so the band continues the known pixels. The
    result, on the CPU, equals the image, bit for bit, outside the band.

    Args:
        image: of any size.
        tileable: ``x`` for the left and right borders, ``y`` for top and bottom, True for all.
        band: width of the band: below 1 a fraction of the side that it cuts, from 1 on pixels; at
            most half a side.
        start_scale: a coarse one by default; 0 generates the band from noise alone.
    """
    size = size_of(image)
    if tileable not in (True, "x", "y"):
        raise UserError(f"tileable is {tileable}; allowed: True, 'x', 'y'")
    wrap = wrap_of(tileable)
    reach = reach_of(band, size, wrap)
    start = start_scale_for(model, TILE) if start_scale is None else start_scale
    model.ladder.check_scale(start)
    at = working_size(model, size)
    before = resize(image, at).clamp(-1, 1)
    drawn = _draw_border(model, before.to(model.device), reach, size, wrap, start, seed)
    mask = border_band(size, reach, wrap)
    return bring_back(image.cpu(), before.cpu(), drawn, mask, wrap=wrap, band=reach)


def _draw_border(
    model: NoisePyramid,
    photo: Tensor,
    reach: tuple[float, float],
    size: Size,
    wrap: Wrap,
    start: int,
    seed: int,
) -> Tensor:
    last = model.finished - 1
    sizes = model.ladder.sizes_for(size_of(photo), last)
    rng = torch.Generator().manual_seed(sample_seed(seed, 0))

    def scaled(to: Size) -> tuple[float, float]:
        return reach[0] * to[0] / size[0], reach[1] * to[1] / size[1]

    def keep_the_known(scale: int, drawn: Tensor) -> Tensor:
        if scale == last:
            return drawn
        at = sizes[scale]
        mask = border_band(at, scaled(at), wrap).to(drawn)
        return torch.lerp(resize(photo, at), drawn, mask)

    base = None
    if start > 0:
        at = sizes[start - 1]
        base = join_borders(resize(photo, at), scaled(at), wrap)
    drawn = model.synthesise(
        sizes, model.noise_from(rng), first=start, image=base, wrap=wrap, after=keep_the_known
    )
    return drawn.clamp(-1, 1).cpu()
