"""An image replaces the output of the pyramid's coarse scales (Shaham et al. 2019, section 4)."""

import torch
from torch import Tensor

from internal_gan.images.colours import nearest_colours
from internal_gan.images.resize import resize, size_of
from internal_gan.models.redrawing import last_start_scale, working_size
from internal_gan.models.singan.pyramid import NoisePyramid
from internal_gan.units import Size


@torch.no_grad()
def inject(
    model: NoisePyramid,
    image: Tensor,
    start_scale: int,
    *,
    size: Size | None = None,
    seed: int = 0,
    palette: Tensor | None = None,
) -> Tensor:
    """See :meth:`internal_gan.models.abilities.Redraws.inject`."""
    last = last_start_scale(model)
    model.ladder.check_scale(start_scale, first=1)
    sizes = model.ladder.sizes_for(size or working_size(model, size_of(image)), last)
    start = resize(image.to(model.device), sizes[start_scale - 1]).clamp(-1, 1)
    if palette is not None:
        start = nearest_colours(start, palette)
    drawn = model.synthesise(
        sizes,
        model.noise_from(torch.Generator().manual_seed(seed)),
        first=start_scale,
        image=start,
        # No scale was trained on values outside [-1, 1], which would grow.
        after=lambda scale, made: made.clamp(-1, 1),
    )
    return drawn.cpu()
