"""Finishes pictures in the background while others are drawn or written."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Made = TypeVar("Made")


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
