"""Random images of any size, from noise alone or with the photo's layout."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from internal_gan.errors import UserError, check_range
from internal_gan.images.periodic import Moves, Tileable, Wrap, join_borders, wrap_of
from internal_gan.images.resize import resize
from internal_gan.models.ladder import MAX_RESULTS
from internal_gan.models.singan.pyramid import NoisePyramid, sample_seed
from internal_gan.patches.statistics import layout_distances
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# Generating and writing images of 4 and 16 megapixels took 52 to 62.
BYTES_PER_PIXEL = 64
# Fraction of its sides over which the image injected at a start scale is blended to wrap.
FADE = 0.15
# Candidates are compared at a coarse scale, where patches show whole things.
JUDGED_SIDE = 32  # the finest scale up to this long side, in pixels
JUDGED_PATCH = 7  # pixels


def samples(
    model: NoisePyramid,
    count: int = 1,
    size: Size | None = None,
    *,
    start_scale: int = 0,
    candidates: int = 1,
    seed: int = 0,
    tileable: Tileable = False,
) -> Iterator[Tensor]:
    """See :meth:`internal_gan.models.abilities.Samples.samples`."""
    model.check_finished()
    check_range(1, MAX_RESULTS, count=count, candidates=candidates)
    model.check_scale(start_scale)
    if tileable not in (True, False, "x", "y"):
        raise UserError(f"tileable is {tileable}; allowed: True, False, 'x', 'y'")
    sizes = model.sizes_for(size, model.finished - 1)
    wrap = wrap_of(tileable)
    if start_scale > 0:
        candidates = 1
    return (
        _drawn(model, sizes, start_scale, candidates, sample_seed(seed, k), wrap)
        for k in range(count)
    )


def sampling_memory(model: NoisePyramid, size: Size) -> int:
    """Approximate peak memory, in bytes, for generating and writing an image of ``size``."""
    pixels = size[0] * size[1]
    width = max(model.widths.at(scale) for scale in range(len(model.sizes)))
    return BYTES_PER_PIXEL * pixels + 4 * 4 * width * min(pixels, model.tile_pixels)


@torch.no_grad()
def _drawn(
    model: NoisePyramid,
    sizes: Sequence[Size],
    start_scale: int,
    candidates: int,
    seed: int,
    wrap: Wrap,
) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    moves = Moves(wrap, rng)

    def drawn(sizes: Sequence[Size], count: int, first: int, image: Tensor | None) -> Tensor:
        noise = model.noise_from(rng, count)
        return model.synthesise(
            sizes, noise, first=first, image=image, wrap=wrap, after=lambda _, x: moves.on(x)
        )

    image = None
    if start_scale > 0:
        height, width = at = sizes[start_scale - 1]
        image = resize(model.real(start_scale - 1), at)
        image = join_borders(image, (FADE * height, FADE * width), wrap)
    if candidates > 1:
        start_scale = 1 + _judged_scale(model)
        layouts = drawn(sizes[:start_scale], candidates, 0, None).float()
        real = model.real(start_scale - 1)
        image = min(torch.split(layouts, 1), key=lambda layout: layout_distance(real, layout))
    if start_scale < len(sizes):
        image = drawn(sizes, 1, start_scale, image)
    assert image is not None
    return moves.back(image).clamp_(-1, 1).cpu()


def _judged_scale(model: NoisePyramid) -> int:
    """The scale at which candidates are compared."""
    small = [max(size) <= JUDGED_SIDE for size in model.sizes[: model.finished]]
    return max(0, sum(small) - 1)


def layout_distance(real: Pixels, layout: Pixels) -> float:
    """What decides between candidates, the smaller the better: how far a layout's patches are from
    the photo's and the other way round, at a long side of about JUDGED_SIDE pixels."""
    return sum(layout_distances(real, layout.clamp(-1, 1), [JUDGED_PATCH]).values())
