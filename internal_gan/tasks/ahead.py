"""Finishes pictures in the background while others are drawn or written."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

from internal_gan.device import free_memory
from internal_gan.finishing.finisher import BYTES_PER_PIXEL, Finisher

T = TypeVar("T")
Made = TypeVar("Made")

# Pictures made at once; one if they have more pixels, since a large one keeps all cores busy, or if
# two do not fit into memory.
AT_ONCE, AT_ONCE_PIXELS = 2, 5_000_000


def at_once(finisher: Finisher) -> int:
    """How many results to make at the same time; 0 if they stay as they are drawn."""
    if not finisher.on:
        return 0
    pixels = math.prod(finisher.size or finisher.photo_size)
    fit = AT_ONCE * BYTES_PER_PIXEL * pixels <= free_memory(torch.device("cpu"))
    return AT_ONCE if pixels <= AT_ONCE_PIXELS and fit else 1


def ahead(make: Callable[[T], Made], items: Iterable[T], at_once: int) -> Iterator[Made]:
    """Make something of each item, in order.

    The first is made alone, so that it comes early; the others in the background. Items are drawn
    by the caller's thread, no more than ``at_once`` ahead. With 0, all is done there, in turn.
    """
    if not at_once:
        yield from map(make, items)
        return
    left, coming = iter(items), deque[Future[Made]]()
    for first in islice(left, 1):
        made = make(first)
        with ThreadPoolExecutor(at_once, "pictures") as pool:
            while True:
                wanted = at_once - len(coming)
                coming.extend(pool.submit(make, item) for item in islice(left, wanted))
                yield made
                if not coming:
                    return
                made = coming.popleft().result()
