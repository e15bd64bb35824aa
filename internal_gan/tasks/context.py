"""What a task knows besides its own options, and what every run prints and records about itself."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import torch
from rich.console import Console

from internal_gan.config.arguments import command
from internal_gan.config.catalogue import SPECS, ending_of
from internal_gan.config.options import FIELDS, Options
from internal_gan.errors import UserError
from internal_gan.files import disk_errors
from internal_gan.finishing.finisher import BYTES_PER_PIXEL, AsDrawn, Finisher
from internal_gan.finishing.part_finisher import PartFinisher, Reporter, check_part
from internal_gan.finishing.turns import Turn, turn_of
from internal_gan.images.files.look import opened
from internal_gan.images.periodic import Wrap
from internal_gan.images.photo import Photo
from internal_gan.images.windows import bounds
from internal_gan.judging.tiling import wraps
from internal_gan.models.base import Model
from internal_gan.report.page import write_report
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.log import log_to
from internal_gan.runs.records import State, read_results
from internal_gan.runs.source import Source
from internal_gan.shapes import Mask, Pixels
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.progress import show_share
from internal_gan.units import Size, by, duration, memory
from internal_gan.version import __version__

# Results of more pixels must be confirmed.
LARGE = 50_000_000
_log = logging.getLogger("internal_gan.run")


def new_console(*, quiet: bool = False) -> Console:
    """The console of a run, without highlighting and wrapping."""
    return Console(quiet=quiet, highlight=False, soft_wrap=True)


@dataclass
class Context(Reporter):
    """What a task knows in addition to its own options; it prints and records what a run does.

    Attributes:
        given: the inputs of the run.
        console: where the task prints.
        run: the run folder; not set before the first picture is drawn, and in a call from Python.
        facts: what the run's ``status.json`` tells besides how it goes on.
        expected: how many results there will be; 0 if the task shows its own progress.
    """

    given: Source
    console: Console = field(default_factory=lambda: new_console(quiet=True))
    run: RunFolder = field(init=False, repr=False, compare=False)
    facts: dict[str, Any] = field(default_factory=dict)
    expected: int = 0

    @property
    def options(self) -> Options:
        return self.given.options

    def as_trained(self, option: str) -> Any:
        """An option of the run or, where null, of its model's training, or else its usual value."""
        found = map(attrgetter(option), (self.options, self.given.trained.options))
        usual = FIELDS[option].metadata["usual"]
        return next((value for value in found if value is not None), usual)

    @property
    def rebuilds(self) -> bool:
        """Whether results are made of the photo's own pixels."""
        return bool(self.as_trained("finish.detail") == "patches")

    def finisher(self, learnt: Pixels, size: Sequence[int] | None = None, **how: Any) -> AsDrawn:
        """What makes results from drawings; see :class:`Finisher` for arguments and errors."""
        at = None if size is None else (size[0], size[1])
        if not self.rebuilds:
            return AsDrawn(learnt, at)
        trained, gone = self.given.trained, self.given.trained.is_gone

        def read(longest: int | None) -> Photo:
            return Photo(learnt.cpu()) if gone else trained.photo(longest=longest)

        resolution = self.as_trained("finish.resolution")
        how |= {"resolution": resolution, "is_photo": not gone, "say": self.say}
        return Finisher(learnt, read, at, **how)

    def part_finisher(
        self, photo: Photo, part: Mask, option: str = "image", **how: Any
    ) -> PartFinisher:
        """See :class:`PartFinisher`; a UserError that names ``option`` if memory is too small."""
        if (detail := self.as_trained("finish.detail")) != "network":
            check_part(photo, photo.size, int(part.count_nonzero()), option)
        return PartFinisher(photo, part, detail, reporter=self, **how)

    def learnt(self, model: Model) -> Photo:
        """The photo that a model learnt or, if it is gone, the model's own image of it."""
        trained = self.given.trained
        return Photo(model.image.cpu()) if trained.is_gone else trained.photo()

    def turn(self, photo: Photo, hole: Mask) -> Turn | None:
        """How to move a photo around whose borders meet, if a hole touches them; says that."""
        box = bounds(hole) if hole.any() else (slice(1, 1), slice(1, 1))
        sides = zip(box, photo.size, strict=True)
        if all(side.start > 0 and side.stop < length for side, length in sides):
            return None
        turn = turn_of(hole, wrap := wraps(photo, hole))
        if turn is not None:
            self._tell_wrap(wrap)
        return turn

    def wrap(self, photo: Photo, may: Wrap = (True, True)) -> Wrap:
        """Which borders of a photo meet, of those that ``may`` in the result, too; says that."""
        met = wraps(photo) if any(may) else may
        met = met[0] and may[0], met[1] and may[1]
        if any(met):
            self._tell_wrap(met)
        return met

    def _tell_wrap(self, wrap: Wrap) -> None:
        names = ("top and bottom",) * wrap[0] + ("left and right",) * wrap[1]
        self.say(f"The photo has no seam at {', '.join(names)}; nor has the result")

    def check_size(self, size: Size, option: str) -> None:
        """Raise a UserError that names ``option`` for a very large result, unless confirmed."""
        pixels = math.prod(size)
        if self.options.confirm != "large" and pixels > LARGE:
            raise UserError(
                f"{option}: a result of {pixels / 1e6:.0f} megapixels takes about "
                f"{memory(BYTES_PER_PIXEL * pixels)} of memory; to go on, add confirm=large"
            )

    def tell_new_colours(self, blends: bool = False) -> None:
        """Say that results have more colours than a photo of few, unless they are made of its own
        pixels, which they never are if the task ``blends``."""
        photo = self.given.worked_on
        if (blends or not self.rebuilds) and not photo.is_gone and photo.photo().has_few_colours:
            self.say("The photo has few colours; these results are drawn or blended, and have more")

    def say(self, text: str) -> None:
        """Print a line and log it."""
        self.console.print(text, markup=False)
        _log.info(text.strip())

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        return show_share(doing, self.console)

    def begin_run(self, about: Sequence[str], model: Model | None) -> None:
        """Record that a run has begun, and with which model, and print its first lines."""
        if model is not None:
            self.facts["device"] = str(model.device)
            if model.is_trained:
                self.facts["model_task"] = ending_of(model.family)
        self.run.write_status("running", **self.facts)
        self.say(f"internal-gan {__version__}, torch {torch.__version__}")
        for line in (*about, f"Run folder {self.run.path}"):
            self.say(line)

    def write_left(self, share: float, seconds: float) -> None:
        """Record how much of a run is done, 0 to 1, and about how many seconds are left."""
        self.run.write_status("running", share=round(share, 3), seconds_left=round(seconds, 1))

    def write_page(self) -> None:
        """Write the run's page; an error is only logged."""
        try:
            write_report(self.run.path)
        except Exception as error:
            why = " ".join(str(error).split()) or type(error).__name__
            _log.warning("the page %s could not be written: %s", self.run.report_path, why)

    def end_run(self, task: str, started: float, earlier: float = 0.0) -> None:
        """Record that a run is finished, and print how long it took since ``started``
        (:func:`time.monotonic`), after ``earlier`` seconds before it was resumed."""
        seconds = time.monotonic() - started
        whole = round(earlier + seconds, 1)
        self.run.write_status("finished", seconds=whole, share=1.0, seconds_left=0.0)
        self.write_page()
        before = f", and {duration(earlier)} before" if earlier else ""
        self.say(f"Done in {duration(seconds)}{before}.")
        self.say_where(task)

    def say_where(self, task: str) -> None:
        """Print where the model, the pictures of ``task`` and the page are."""
        folder = self.run
        is_training = folder.model_path.is_file()
        if is_training:
            self.say(f"  Model:    {folder.model_path}")
        drawn = [one for one in read_results(folder.path) if one.task == task]
        made = [one for one in drawn if one.kind in ("result", "film")]
        if len(made) == 1 and made[0].kind == "result":
            with opened(path := folder.path / made[0].file)[0] as image:
                self.say(f"  Picture:  {path}, {by(image.size[::-1])} pixels")
        elif made:
            self.say(f"  Pictures: {folder.path / task}")
        self.say(f"  Page:     {folder.report_path}")
        if is_training:
            again = command(f"task={task}", f"checkpoint={folder.path}", *SPECS[task].again.split())
            self.say(f"  Again:    {again}")


@contextmanager
def recorded(folder: RunFolder) -> Iterator[None]:
    """Log what the block does, and record how it ends in ``status.json``."""
    with log_to(folder.log_path):
        try:
            with disk_errors(folder.path):
                yield
        except BaseException as error:
            state: State = "failed"
            reason = str(error)
            if isinstance(error, TrainingStopped):
                state = "stopped"
            elif isinstance(error, UserError):
                _log.error(reason)
            elif isinstance(error, Exception):
                _log.exception("unexpected error")
                error.add_note(f"the traceback is in {folder.log_path}")
                reason = f"{type(error).__name__}: {error}"
            else:  # Ctrl-C, or anything else that ends the process
                state, reason = "stopped", "stopped immediately"
            # If these fail too, the first error is still the one to report.
            with suppress(Exception):
                folder.write_status(state, reason=reason)
            with suppress(Exception):
                write_report(folder.path)
            folder.release()
            raise


@contextmanager
def enough_memory(option: str) -> Iterator[None]:
    """Turn a failed allocation into a UserError that names the option to make smaller."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # The CPU allocator raises a plain RuntimeError.
        text = str(error)
        full = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not full and "not enough memory" not in text and "allocate memory" not in text:
            raise
        raise UserError(f"there is not enough memory; a smaller {option} needs less") from error
