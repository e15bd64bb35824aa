"""Bounds on what a model is asked for."""

from collections.abc import Sequence

from internal_gan.errors import UserError

# Pixels of one result, which takes at least 16 gigabytes, and results of one call.
MOST_PIXELS, MOST_RESULTS = 250_000_000, 1_000_000


def check_result(size: Sequence[int], count: int = 1, name: str = "size") -> None:
    """Refuse pictures that no computer can hold.

    Args:
        size: (height, width) in pixels.
        count: how many of them are held at once.
        name: what to call the size in a message.

    Raises:
        UserError: not two whole numbers above 0, or more than ``MOST_PIXELS`` in all.
    """
    sides = list(size) if isinstance(size, Sequence) else [size]
    if len(sides) != 2 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise UserError(f"{name} is {sides}; it must be [height, width] in pixels, above 0")
    if count * sides[0] * sides[1] > MOST_PIXELS:
        times = f"{count} times " if count > 1 else ""
        raise UserError(
            f"{name} is {times}{sides[0]}x{sides[1]} pixels; allowed are "
            f"{MOST_PIXELS // 1_000_000} megapixels in all"
        )


def check_count(name: str, count: int, most: int = MOST_RESULTS, least: int = 1) -> None:
    """Refuse a number that is not whole or out of range.

    Raises:
        UserError: names it and what is allowed.
    """
    if not isinstance(count, int) or not least <= count <= most:
        raise UserError(
            f"{name} is {count}; it must be a whole number, at least {least} and at most {most}"
        )
