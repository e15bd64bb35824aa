"""Limits of what a model may be asked to compute."""

from collections.abc import Sequence

from internal_gan.errors import UserError

# Pixels of one result, which need at least 16 gigabytes, and results of one call.
MOST_PIXELS, MOST_RESULTS = 250_000_000, 1_000_000


def check_result(size: Sequence[int], name: str = "size") -> None:
    """Check that an image is not too large to compute.

    Args:
        size: (height, width) in pixels.
        name: what the message calls the size.

    Raises:
        UserError: not two whole numbers above 0, or more than ``MOST_PIXELS``.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if sides[0] * sides[1] > MOST_PIXELS:
        raise UserError(
            f"{name} is {sides[0]}x{sides[1]} pixels; allowed: up to "
            f"{MOST_PIXELS // 1_000_000} megapixels"
        )
