"""Bounds on what a model may be asked for."""

from collections.abc import Sequence

from internal_gan.errors import UserError

# Pixels of one result, which take at least 16 gigabytes, and results of one call.
MOST_PIXELS, MOST_RESULTS = 250_000_000, 1_000_000


def check_result(size: Sequence[int], name: str = "size") -> None:
    """Refuse a picture that no computer can hold.

    Args:
        size: (height, width) in pixels.
        name: of the size, in the message.

    Raises:
        UserError: not two whole numbers above 0, or more than ``MOST_PIXELS``.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if sides[0] * sides[1] > MOST_PIXELS:
        raise UserError(
            f"{name} is {sides[0]}x{sides[1]} pixels; allowed are "
            f"{MOST_PIXELS // 1_000_000} megapixels in all"
        )


def check_count(name: str, count: int, most: int = MOST_RESULTS, least: int = 1) -> None:
    """Refuse, with a UserError, a number that is not whole or is out of range."""
    if not isinstance(count, int) or not least <= count <= most:
        raise UserError(
            f"{name} is {count}; it must be a whole number, at least {least} and at most {most}"
        )
