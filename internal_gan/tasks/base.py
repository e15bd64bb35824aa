"""The interface of a task to the runner: it checks its options, then draws pictures one by one."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from internal_gan.config.arguments import written
from internal_gan.config.catalogue import SPECS
from internal_gan.config.fields import LARGEST_SEED
from internal_gan.errors import UserError, about
from internal_gan.finishing.finisher import Finished
from internal_gan.finishing.layers import NO_LAYERS, Layer, Layers, read_layer
from internal_gan.finishing.origin import READ_SIDE
from internal_gan.images.files.marks import SourceType
from internal_gan.images.levels import spread
from internal_gan.images.masks import to_gray
from internal_gan.images.photo import Photo
from internal_gan.models.base import Model
from internal_gan.models.patches.model import Patches
from internal_gan.runs.records import Kind
from internal_gan.shapes import Pixels
from internal_gan.tasks.context import Context
from internal_gan.units import by

LAYERS = "layers.files"

T = TypeVar("T")
Made = TypeVar("Made")
Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Picture:
    """A picture that a task drew.

    Attributes:
        file, kind: see :class:`internal_gan.runs.records.Result`.
        made: whether a model generated it, so that its file gets the mark. Results, films, frames
            and previews get it anyway.
        caption: the text below it, by default its name.
        given: a copy of the user's file that looks the same. If browsers show it, it is copied
            again, with its own suffix, since writing another one takes seconds.
    """

    file: str
    image: Finished
    kind: Kind = "result"
    made: bool = False
    caption: str = ""
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


# What a task draws; None stands for nothing, once everything is checked.
Item = Picture | Film | Document | None


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


class Task(ABC, Generic[Wanted]):
    """A task of a ``name``, with its options, ``wanted``; ``group`` is theirs, if it is not called
    as the task, ``exit_code`` the command's, ``memory`` the option to reduce if memory runs out,
    and ``source_type`` that of a trained model's results (:mod:`internal_gan.images.files.marks`).
    """

    exit_code = 0
    group = ""
    memory = "image"
    source_type: SourceType = "trainedAlgorithmicMedia"

    def __init__(self, name: str, context: Context) -> None:
        self.name = name
        self.context = context
        self.group = self.group or name
        self.wanted: Wanted = getattr(context.options, self.group, None)  # type: ignore[assignment]

    def training_crop(self, photo: Photo, max_size: int | None) -> tuple[Photo, list[str]]:
        """The part of a photo to train on, with at most ``max_size`` pixels a side, if that is
        given, and lines to print about it; a UserError if a mask or the like is not usable."""
        return photo, []

    def check(self, model: Any) -> None:
        """Raise a UserError if the options do not fit the model, trained or not, if any."""

    @abstractmethod
    def draw(self, model: Any, preview: bool = False) -> Iterator[Item]:
        """Draw pictures lazily; for a ``preview`` only a few, with the stages finished so far.

        ``model`` is None if the task works without one. The run folder is created after the first
        item, so raise any UserError about files or options before it.
        """

    def read_layers(self) -> Layers:
        """The layers that move with the pixels of results: those of the photo to work on, given to
        the run or, if none, to its model's training; none if results are the network's. A UserError
        if a file cannot be read or has a wrong size or name, or the run's layers cannot move."""
        context, photo = self.context, self.context.given.worked_on
        if not SPECS[self.name].allows(LAYERS):
            return NO_LAYERS
        own = context.given.files(LAYERS)
        files = own or photo.files(LAYERS)
        if not files or not (context.rebuilds or own):
            return NO_LAYERS
        if not context.rebuilds:
            raise UserError(
                f"layers={files[0][0]}: not possible with finish.detail=network; allowed: "
                "finish.detail=patches"
            )
        one, layers = photo.photo(longest=READ_SIDE), list[Layer]()
        size = one.uncut if one.frame else one.full_size
        for name, path in files:
            with about("layers"):
                # The copy in the run folder has another name.
                layer = replace(read_layer(path), name=Path(name).stem)
            if layer.size != size:
                raise UserError(f"layers={name}: {by(layer.size)} pixels; the photo has {by(size)}")
            if layer.name in [other.name for other in layers]:
                raise UserError(
                    f"layers={name}: another layer is also called {layer.name}; rename one"
                )
            if one.frame:
                inside = one.frame.window(one.size)
                layer = replace(layer, values=np.ascontiguousarray(layer.values[inside]))
            layers.append(layer)
        return Layers(layers)

    def photo(self) -> Pixels:
        """The photo for the page of a run without a model."""
        return Patches.of(spread(self.context.given.photo())).image

    @property
    def size_option(self) -> str:
        """The option that decides how large results are, with its value."""
        size: Sequence[int] | None = getattr(self.wanted, "size", None)
        return f"{self.name}.size={written(size)}" if size else "finish.resolution"

    def seeds(self, count: int) -> list[int]:
        return [(self.context.options.seed + k) % (LARGEST_SEED + 1) for k in range(count)]

    def chances(self, count: int) -> list[torch.Generator | None]:
        """The generators of several results; that of seed 0 is None, for what fits best."""
        return [torch.Generator().manual_seed(n) if n else None for n in self.seeds(count)]

    def check_start_scale(self, model: Model, scale: int, first: int = 0, others: str = "") -> None:
        """Raise a UserError if a model has no such scale, or has not finished it, unless it is
        untrained; its message allows scales from the ``first``, and ``others``."""
        count = model.finished or model.num_stages
        if scale >= count:
            what = f"this model has {count} scales"
            if model.finished:
                what = f"{count} of the model's {model.num_stages} scales are finished"
            raise UserError(
                f"{self.group}.start_scale={scale}: {what}; allowed: {first} to {count - 1}{others}"
            )
