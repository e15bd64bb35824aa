"""Limits of what a model may be asked to compute."""

from collections.abc import Sequence

from internal_gan.errors import UserError

# Pixels of one result, which need at least 16 gigabytes, and results of one call.
MOST_PIXELS, MOST_RESULTS = 250_000_000, 1_000_000


def check_result(size: Sequence[int], name: str = "size") -> None:
    """Raise a UserError unless ``size`` is two whole numbers above 0, of at most ``MOST_PIXELS``.

    The message calls it ``name``.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if sides[0] * sides[1] > MOST_PIXELS:
        raise UserError(
            f"{name} is {sides[0]}x{sides[1]} pixels; allowed: up to "
            f"{MOST_PIXELS // 1_000_000} megapixels"
        )
