"""What tasks draw: pictures, films and documents, one by one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from internal_gan.finishing.finisher import Finished
from internal_gan.images.masks import to_gray
from internal_gan.images.photo import Photo
from internal_gan.runs.records import Kind

T = TypeVar("T")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Picture:
    """A picture that a task drew.

    Attributes:
        file, kind: see :class:`internal_gan.runs.records.Result`.
        made: whether a model generated it, so that its file gets the mark. Results, films, frames
            and previews get it anyway.
        caption: the text below it, by default its name.
        shows: the option whose picture it is, as the user gave it.
        given: a copy of the file that ``shows`` names. If browsers show it, it is copied again,
            with its own suffix, since writing another one takes seconds.
    """

    file: str
    image: Finished
    kind: Kind = "result"
    made: bool = False
    caption: str = ""
    shows: str = ""
    given: Path | None = None


def aside(
    file: str, pixels: Tensor, kind: Kind = "aside", like: Photo | None = None, **more: Any
) -> Picture:
    """A picture beside the results, of pixels or 8-bit levels; ``like`` as in :class:`Finished`."""
    return Picture(file, Finished(pixels, like=like), kind, **more)


def gray(file: str, levels: Tensor, kind: Kind) -> Picture:
    """A gray picture, such as a mask, of levels (1, 1, H, W) in [0, 1]."""
    like = to_gray(levels)
    return aside(file, like.colours, kind, like)


@dataclass(frozen=True)
class Film:
    """A film of all ``count`` frames, which comes after the first of them and is made while the
    others are drawn; the suffix of the file determines the format."""

    file: str
    fps: float
    count: int


@dataclass(frozen=True)
class Document:
    """A text file, such as figures as JSON; it is not shown with the results."""

    file: str
    text: str


# What a task draws.
Item = Picture | Film | Document


def ahead(make: Callable[[T], Made], items: Iterable[T], at_once: int) -> Iterator[Made]:
    """Make something of each item, in order: the first alone, so that it comes early, the others in
    the background. Items are drawn by the caller's thread, at most ``at_once`` ahead; with 0, all
    is done there, in turn."""
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
