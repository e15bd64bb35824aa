"""The sizes of the image pyramid's scales, and other sizes."""

import math
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from internal_gan.errors import UserError, check_range
from internal_gan.images.resize import resize
from internal_gan.units import Size, by

Count = Literal["fewest", "released"]

# More scales are a mistake, or take days to train.
MAX_SCALES = 100
# No image can be halved more often.
MAX_LEVELS = 16
# An image whose long side exceeds the limit by no more than this share keeps its size.
SLACK = 0.02


def scaled(size: Size, factor: float, across: float | None = None) -> Size:
    """``size`` times ``factor``, its width times ``across`` if given; at least a pixel a side."""
    return max(1, round(size[0] * factor)), max(1, round(size[1] * (across or factor)))


def fit_size(size: Size, max_size: int | None) -> Size:
    """Shrink (height, width) so that the long side is ``max_size``, unless it nearly is: shrinking
    by a few pixels saves nothing and blurs the finest details. None keeps any size.

    >>> fit_size((3000, 4000), 250)
    (188, 250)
    >>> fit_size((168, 251), 250)
    (168, 251)
    """
    if max_size is None or max(size) <= (1 + SLACK) * max_size:
        return size
    return scaled(size, max_size / max(size))


def wider_limit(size: Size, max_size: int | None, max_aspect: float | None) -> int | None:
    """A larger ``max_size`` for an image longer than ``max_aspect``, whose short side is to have
    ``max_size / max_aspect`` pixels, or all that it has; None for others.

    >>> wider_limit((300, 3000), 60, 2.0)
    300
    >>> wider_limit((3000, 4000), 60, 2.0)
    """
    short, long = sorted(size)
    if max_size is None or max_aspect is None or long <= max(max_size, max_aspect * short):
        return None
    return min(long, math.ceil(max_size / max_aspect * long / short))


def halved(image: Tensor, *masks: Tensor) -> tuple[Tensor, ...]:
    """Halve images, and masks by their maxima; the new sizes are rounded up."""
    size = (-(-image.shape[-2] // 2), -(-image.shape[-1] // 2))
    return resize(image, size).clamp(-1, 1), *(F.adaptive_max_pool2d(m, size) for m in masks)


def pyramid_sizes(
    size: Size,
    *,
    scale_factor: float = 0.75,
    min_size: int = 25,
    max_size: int | None = 250,
    num_scales: int | None = None,
    count: Count = "fewest",
) -> list[Size]:
    """Sizes of all scales of the pyramid of an image, coarsest first, or a ValueError if there
    would be more than ``MAX_SCALES``, or ``num_scales`` do not fit.

    The finest scale is ``fit_size(size, max_size)``, the short side of the coarsest is
    ``min_size``, and the sides in between form a geometric sequence, with as few scales as
    ``scale_factor`` allows: only one if the image's short side is at most ``min_size``.

    Args:
        scale_factor: smallest ratio of a scale's sides to the next finer one's, in (0, 1).
        num_scales: overrides the number that follows from ``scale_factor``. Fewer leave out the
            coarsest scales (the paper's Figure 7); more lie closer together.
        count: ``fewest`` that ``scale_factor`` allows, or ``released``, as many as SinGAN's
            released code makes: one more, except for about half of the photos that are shrunk.

    Source: SinGAN (Shaham et al., 2019), section 2 and the released configuration.
    """
    if not 0 < scale_factor < 1:
        raise ValueError(f"scale_factor is {scale_factor}; allowed: above 0 and below 1")
    check_range(1, min_size=min_size, max_size=max_size, num_scales=num_scales)
    finest = fit_size(size, max_size)
    ratio = min_size / min(finest)
    # The tolerance prevents an extra scale where the ratio is an exact power of the factor.
    steps = math.log(ratio) / math.log(scale_factor) if ratio < 1.0 else 0.0
    natural = math.ceil(steps - 1e-9) + 1
    if count == "released" and ratio < 1.0:
        # The steps of ``scale_factor`` from the image to ``min_size``, minus those from the image
        # to the finest scale, both rounded up, plus 2.
        ratios = min_size / min(size), max(finest) / max(size)
        first, last = (math.ceil(math.log(r) / math.log(scale_factor) - 1e-9) for r in ratios)
        natural = max(natural, min(first - last + 2, _most_scales(finest, ratio)))
    between = f"between min_size={min_size} and {by(finest)} pixels"
    if num_scales is None and natural > MAX_SCALES:
        raise UserError(
            f"scale_factor={scale_factor}: makes {natural} scales {between}; allowed are "
            f"{MAX_SCALES}, for which it must be {ratio ** (1 / (MAX_SCALES - 1)):.4f} or less"
        )
    wanted = natural if num_scales is None else num_scales
    if wanted > min(natural, MAX_SCALES):
        if ratio >= 1.0:
            raise UserError(
                f"num_scales={num_scales}: the finest scale, {by(finest)} pixels, is not "
                f"above min_size={min_size}; allowed is num_scales=1, or a smaller min_size"
            )
        if wanted > (most := _most_scales(finest, ratio)):
            raise UserError(
                f"num_scales={num_scales}: neighbouring scales would be less than a pixel apart "
                f"{between}; at most {most} fit"
            )
        natural = wanted
    coarser = range(wanted - 1, 0, -1)
    return [scaled(finest, ratio ** (step / (natural - 1))) for step in coarser] + [finest]


def _most_scales(finest: Size, ratio: float) -> int:
    """The largest number of scales whose long sides differ by at least a pixel."""
    coarsest = max(finest) * ratio
    return max(1, 1 + math.floor(math.log(ratio) / math.log(coarsest / (coarsest + 1.0))))
