"""Super-resolution: repeatedly applies the finest generator to its own enlarged output (Shaham et
al. 2019, section 4)."""

import math

import torch

from internal_gan.errors import Range, UserError, check_range
from internal_gan.images.pyramid import scaled
from internal_gan.images.resize import resize, size_of
from internal_gan.models.ladder import check_result
from internal_gan.models.singan.pyramid import NoisePyramid
from internal_gan.shapes import Pixels
from internal_gan.units import Size

# More passes, or back-projections in a pass, change nothing.
MAX_ROUNDS = 100


@torch.no_grad()
def super_resolve(
    model: NoisePyramid,
    factor: float,
    image: Pixels | None = None,
    *,
    seed: int = 0,
    noise: float = 1.0,
    back_projection: int = 1,
    passes: int | None = None,
) -> Pixels:
    """See :meth:`internal_gan.models.abilities.Redraws.super_resolve`.

    Each of k passes enlarges by factor^(1/k) and runs the finest generator. The paper enlarges by
    the ratio r of the two finest scales, for which the generator was trained. Here k is chosen for
    r^2, since many passes oversharpen. Large images are computed in tiles.

    A back-projection shrinks the result to the size of ``image`` and adds the enlarged difference
    (Irani and Peleg, "Improving resolution by image registration", 1991). The paper has none.
    """
    Range(above=1).check(factor=factor)
    check_range(0, noise=noise)
    check_range(0, MAX_ROUNDS, back_projection=back_projection)
    check_range(1, MAX_ROUNDS, passes=passes)
    given = (model.image if image is None else image).to(model.device)
    sizes = super_resolution_sizes(model, factor, size_of(given), passes)
    rng = torch.Generator().manual_seed(seed)
    enlarged = given
    for size in sizes:
        base = model.hand_over(enlarged, size)
        strength = model.random_noise(model.finished - 1, size, 1, rng) * noise
        enlarged = model.refine(model.finished - 1, strength, base)
        for _ in range(back_projection):
            enlarged = enlarged + resize(given - resize(enlarged, size_of(given)), size)
    return enlarged.clamp(-1, 1)


def super_resolution_sizes(
    model: NoisePyramid, factor: float, size: Size, passes: int | None = None
) -> list[Size]:
    """The sizes of an image of ``size`` after each pass of :func:`super_resolve`, which raises
    UserError for fewer than two finished scales, or a result that is too large."""
    if model.finished < 2:
        raise UserError(
            f"{model.finished} of the model's {model.num_stages} scales are finished; "
            "super-resolution needs two"
        )
    coarse, fine = model.sizes[model.finished - 2 : model.finished]
    area = fine[0] * fine[1] / (coarse[0] * coarse[1])
    check_result(scaled(size, factor), name=f"the result of factor {factor:g}")
    passes = passes or max(1, round(math.log(factor) / math.log(area)))
    steps = [factor ** (k / passes) for k in range(1, passes)] + [factor]
    return [scaled(size, step) for step in steps]
