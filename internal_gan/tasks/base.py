"""The interface of a task to the runner: it checks its options, then draws pictures one by one."""

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import attrgetter
from pathlib import Path
from statistics import fmean
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from internal_gan.config.arguments import written
from internal_gan.config.catalogue import SPECS
from internal_gan.config.fields import LARGEST_SEED
from internal_gan.config.options import FIELDS, Options
from internal_gan.errors import UserError, about
from internal_gan.finishing.finisher import BYTES_PER_PIXEL, LONGEST, AsDrawn, Finished, Finisher
from internal_gan.finishing.layers import NO_LAYERS, Layer, Layers, read_layer
from internal_gan.finishing.origin import READ_SIDE
from internal_gan.finishing.part_finisher import PartFinisher
from internal_gan.images.levels import spread
from internal_gan.images.photo import Photo
from internal_gan.models.base import Model
from internal_gan.models.patches.model import Patches
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.records import Kind
from internal_gan.runs.source import Source
from internal_gan.shapes import Mask, Pixels
from internal_gan.tasks.reporting import Reporting
from internal_gan.units import Size, by, memory

LAYERS = "layers.files"

# Results of more pixels must be confirmed.
LARGE = 50_000_000

T = TypeVar("T")
Made = TypeVar("Made")
Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Picture:
    """A picture that a task drew.

    Attributes:
        file: its path in the run folder, such as ``"sample/000.png"``; see
            :class:`internal_gan.runs.records.Result` for this and ``kind``.
        image: the picture. Its origin, if known, is written to a file next to it, and its drawing
            into the folder ``drawn``.
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
    file: str, pixels: Pixels, kind: Kind = "aside", like: Photo | None = None, **more: Any
) -> Picture:
    """A picture beside the results; ``like`` as in :class:`Finished`, ``more`` as in
    :class:`Picture`."""
    return Picture(file, Finished(pixels, like=like), kind, **more)


def gray(file: str, levels: Tensor, kind: Kind) -> Picture:
    """A gray picture, such as a mask, of levels (1, 1, H, W) in [0, 1]."""
    like = Photo(levels, mode="L")
    return aside(file, (levels * 2.0 - 1.0).expand(-1, 3, -1, -1), kind, like)


@dataclass(frozen=True)
class Film:
    """A film of all frames drawn before it; the suffix of the file determines the format."""

    file: str
    fps: float


@dataclass(frozen=True)
class Document:
    """A text file, such as figures as JSON; it is not shown with the results."""

    file: str
    text: str


# What a task draws; None stands for nothing, once everything is checked.
Item = Picture | Film | Document | None


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


@dataclass
class Context(Reporting):
    """What a task knows in addition to its own options.

    Attributes:
        given: the inputs of the run.
        trained: the inputs of its model's training; the same object at the end of a training.
        console: where the task prints.
        folder: the run folder; None before the first picture is drawn, and in a call from Python.
        facts: what the task adds to the run's ``status.json``.
        expected: how many results there will be; 0 if the task shows its own progress.
    """

    given: Source
    trained: Source
    console: Console = field(default_factory=lambda: Console(quiet=True))
    folder: RunFolder | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    expected: int = 0

    @property
    def options(self) -> Options:
        """The options of the run."""
        return self.given.options

    @property
    def source(self) -> Source:
        """The source of the photo to work on: the run's or, if it has none, the training's."""
        return self.given if self.given.has_photo else self.trained

    def as_trained(self, option: str) -> Any:
        """An option of the run or, where null, of its model's training, or else its usual value."""
        found = map(attrgetter(option), (self.options, self.trained.options))
        usual = FIELDS[option].metadata["usual"]
        return next((value for value in found if value is not None), usual)

    @property
    def rebuilds(self) -> bool:
        """Whether results are made of the photo's own pixels."""
        return bool(self.as_trained("finish.detail") == "patches")

    def finisher(
        self,
        learnt: Pixels,
        size: Sequence[int] | None = None,
        *,
        longest: int = LONGEST,
        same_area: bool = False,
    ) -> AsDrawn:
        """What makes results from drawings; see :class:`Finisher` for arguments and errors."""
        at = None if size is None else (size[0], size[1])
        if not self.rebuilds:
            return AsDrawn(learnt, at)
        gone = self.trained.is_gone

        def read(longest: int | None) -> Photo:
            return Photo(learnt.cpu()) if gone else self.trained.photo(longest=longest)

        return Finisher(
            learnt,
            read,
            at,
            resolution=self.as_trained("finish.resolution"),
            longest=longest,
            same_area=same_area,
            is_photo=not gone,
            say=self.say,
        )

    def part_finisher(self, photo: Photo, part: Mask, **how: Any) -> PartFinisher:
        """What makes a photo with a changed part from drawings; see :class:`PartFinisher` for
        arguments and errors."""
        return PartFinisher(photo, part, self.as_trained("finish.detail"), reporter=self, **how)

    def tell_seams(self, layers: Layers) -> None:
        """Print and record how well the seams of layers are hidden in the results so far."""
        for name, steps in layers.seams.items():
            before, after = map(fmean, zip(*steps, strict=True))
            self.facts.setdefault("layers", {})[name] = {"seams_before": before, "seams": after}
            what = f"Step across seams of {name}, as a multiple of the photo's own"
            self.say(f"{what}: {after:.2f} x; before: {before:.2f} x")

    def check_size(self, size: Size, option: str) -> None:
        """Raise a UserError that names ``option`` if a result of this size is very large, unless
        that was confirmed."""
        pixels = math.prod(size)
        if self.options.confirm != "large" and pixels > LARGE:
            raise UserError(
                f"{option}: a result of {pixels / 1e6:.0f} megapixels takes about "
                f"{memory(BYTES_PER_PIXEL * pixels)} of memory; to go on, add confirm=large"
            )

    def tell_new_colours(self, blends: bool = False) -> None:
        """Say that results have more colours than the photo, if it has few and they are not made of
        its own pixels; ``blends``: they never are."""
        if self.rebuilds and not blends:
            return
        if not self.source.is_gone and self.source.photo().has_few_colours:
            self.say("The photo has few colours; these results are drawn or blended, and have more")


class Task(ABC, Generic[Wanted]):
    """A task of a ``name``, with its options, ``wanted``."""

    # The exit code of the command, once everything is drawn.
    exit_code = 0
    # The group of its options, if that is not called as the task.
    group = ""

    def __init__(self, name: str, context: Context) -> None:
        self.name = name
        self.context = context
        self.group = self.group or name
        # A task without options has no such field.
        self.wanted: Wanted = vars(context.options).get(self.group)  # type: ignore[assignment]

    def training_crop(
        self, photo: Photo, number: int, max_size: int | None
    ) -> tuple[Photo, list[str]]:
        """The part of a photo to train on for this task, and lines to print about it.

        Args:
            number: 0, or that of a further photo to learn from.
            max_size: longest side to train at, in pixels; None: any.

        Raises:
            UserError: a mask or the like is not usable.
        """
        return photo, []

    def check(self, model: Any) -> None:
        """Raise a UserError if the options do not fit a model, which may not be trained yet, or do
        not go together without one (None)."""

    @abstractmethod
    def draw(self, model: Any, preview: bool = False) -> Iterator[Item]:
        """Draw pictures lazily; for a ``preview`` only a few, with the stages finished so far.
        ``model`` is None if the task works without one.

        The run folder is created after the first item, so raise any UserError about files or
        options before it.
        """

    @property
    def memory(self) -> str:
        """The option to reduce if memory runs out."""
        return SPECS[self.name].memory

    def read_layers(self) -> Layers:
        """The layers that move with the pixels of results: those of the photo to work on, given to
        the run or, if none, to its model's training; none if results are the network's.

        Raises:
            UserError: a file cannot be read, or has another size or the name of another layer; or
                layers were given, and results are the network's.
        """
        context, given, photo = self.context, self.context.given, self.context.source
        if not SPECS[self.name].allows(LAYERS):
            return NO_LAYERS
        source = given if given.files(LAYERS) or photo is given else context.trained
        files = source.files(LAYERS)
        if not files or not (context.rebuilds or given.files(LAYERS)):
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
        return Patches.of(spread(self.context.given.photo()).pixels).image

    @property
    def size_option(self) -> str:
        """The option that decides how large results are, with its value."""
        size: Sequence[int] | None = getattr(self.wanted, "size", None)
        return f"{self.name}.size={written(size)}" if size else "finish.resolution"

    def seeds(self, count: int) -> list[int]:
        """The seeds of several results."""
        return [(self.context.options.seed + k) % (LARGEST_SEED + 1) for k in range(count)]

    def chances(self, count: int) -> list[torch.Generator | None]:
        """The generators of several results; that of seed 0 is None, for what fits best."""
        return [torch.Generator().manual_seed(n) if n else None for n in self.seeds(count)]

    def check_start_scale(self, model: Model, scale: int, first: int = 0, others: str = "") -> None:
        """Raise a UserError if a model has no such scale, or has not finished it.

        Args:
            model: finished, partly trained, or untrained, which counts as finished.
            first: the lowest scale that is allowed.
            others: what else is allowed, to complete the message.
        """
        count = model.finished or model.num_stages
        if scale >= count:
            what = f"this model has {count} scales"
            if model.finished:
                what = f"{count} of the model's {model.num_stages} scales are finished"
            raise UserError(
                f"{self.group}.start_scale={scale}: {what}; allowed: {first} to {count - 1}{others}"
            )
