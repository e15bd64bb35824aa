"""What a task is to the runner: it checks what it was asked for, then draws picture by picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from rich.console import Console
from torch import Tensor

from internal_gan.config.task_options import MaskOptions
from internal_gan.images.photo import Photo
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.results import Kind, Result
from internal_gan.runs.source import Source
from internal_gan.tasks.reporting import say
from internal_gan.training.progress import show_progress

T = TypeVar("T")
Wanted = TypeVar("Wanted")


@dataclass(frozen=True)
class Picture:
    """A picture that a task drew.

    Attributes:
        file: where it goes in the run folder, such as ``"sample/000.png"``. A folder in that of
            the task is a group of results.
        pixels: (1, 3, H, W) in [-1, 1].
        kind: what it is to the results; see :class:`internal_gan.runs.results.Result`.
        like: the photo whose file it is to resemble; None: as what the model draws by itself.
        alpha: (1, 1, H, W) in [0, 1], in place of that of ``like``.
    """

    file: str
    pixels: Tensor
    kind: Kind = "result"
    like: Photo | None = None
    alpha: Tensor | None = None


def gray(file: str, levels: Tensor, kind: Kind) -> Picture:
    """A gray picture of levels (1, 1, H, W) in [0, 1], such as a mask."""
    like = Photo(levels, mode="L")
    return Picture(file, levels.expand(-1, 3, -1, -1) * 2.0 - 1.0, kind, like)


@dataclass(frozen=True)
class Film:
    """A moving picture of all the frames that were drawn before it.

    Attributes:
        file: where it goes in the run folder; the suffix names the format.
        fps: frames a second.
    """

    file: str
    fps: float


@dataclass
class Context:
    """What a task may know beside its own options.

    Attributes:
        seed: the run's.
        precision: in which its networks are to be trained, such as ``bf16``.
        mask: how it takes its mask.
        given: the files that the run was given.
        trained: those that the training of its model was given; at the end of a training the same.
        asides: whether pictures beside the results are wanted, too.
        console: where it tells what it does, once its first picture is drawn.
        folder: the run's, once its first picture is drawn.
        facts: what it adds to the run's ``status.json``.
    """

    seed: int
    precision: str
    mask: MaskOptions
    given: Source
    trained: Source
    asides: bool = True
    console: Console = field(default_factory=lambda: Console(quiet=True))
    folder: RunFolder | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def photos(self) -> Source:
        """Where the photos are that it works on: its own, or else those of the training."""
        return self.given if self.given.has_photos else self.trained

    def say(self, text: str) -> None:
        """Print a line and write it into the run's log."""
        say(self.console, text)

    def progress(self, items: Iterable[T], count: int, what: str) -> Iterator[T]:
        """Pass the items on and show how many of them are done."""
        return show_progress(items, count, what, self.console)


class Work(ABC, Generic[Wanted]):
    """A task, asked for something.

    Args:
        wanted: the task's own options.
        context: what else it may know.
    """

    # What it makes, one and several.
    noun: tuple[str, str] = ("result", "results")

    def __init__(self, wanted: Wanted, context: Context) -> None:
        self.wanted = wanted
        self.context = context

    def lesson(self, photo: Photo, number: int, max_size: int | None) -> tuple[Photo, list[str]]:
        """The part of a photo to train on where a training ends with this task.

        Args:
            photo: as it was given.
            number: which one it is, from 0.
            max_size: the longest side that the model is going to learn; None: any.

        Returns:
            The part, by default the whole photo, and lines to tell about it.

        Raises:
            UserError: what belongs to the photo, such as a mask, will not do.
        """
        return photo, []

    def check(self, model: Any) -> None:
        """Refuse options that do not fit a model, which is prepared, but perhaps not trained yet.

        Raises:
            UserError: names the option and what is allowed.
        """

    @abstractmethod
    def draw(self, model: Any, preview: bool = False) -> Iterator[Picture | Film]:
        """Draw what was asked for, each picture when it is asked for.

        The run folder is made when the first one is there: whatever may be wrong with a file or an
        option is found before.

        Args:
            preview: only a few, by the stages that are finished, while the others are trained.

        Raises:
            UserError: a file or an option will not do.
        """

    def about(self) -> Sequence[str]:
        """What to tell in the first lines of a run of its own, when the first picture is there."""
        return []

    def made(self, results: Sequence[Result]) -> str:
        """What was made, for the last line, such as ``"8 samples"``."""
        count = sum(result.kind == "result" for result in results)
        return f"{count} {self.noun[count != 1]}"
