"""What every run prints and records about itself."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import torch
from rich.console import Console

from internal_gan.config.arguments import command
from internal_gan.config.catalogue import SPECS, ending_of
from internal_gan.errors import UserError
from internal_gan.files import disk_errors
from internal_gan.images.files.look import opened
from internal_gan.models.base import Model
from internal_gan.report.page import write_report
from internal_gan.reporting import Report
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.log import log_to
from internal_gan.runs.records import State, read_results
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.progress import show_share
from internal_gan.units import by, duration
from internal_gan.version import __version__

_log = logging.getLogger("internal_gan.run")


def new_console(*, quiet: bool = False) -> Console:
    """The console of a run, without highlighting and wrapping."""
    return Console(quiet=quiet, highlight=False, soft_wrap=True)


class Recorder(Report):
    """Prints and records what a run does.

    Attributes:
        console: where it prints.
        run: the run folder; not set before the run begins.
        facts: what the run's ``status.json`` tells besides how it goes on.
        expected: how many results there will be; 0 if the task shows its own progress.
        exit_code: of the run.
    """

    run: RunFolder

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or new_console(quiet=True)
        self.facts = dict[str, Any]()
        self.expected = 0
        self.exit_code = 0

    def say(self, text: str) -> None:
        """Print a line and log it."""
        self.console.print(text, markup=False)
        _log.info(text.strip())

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        return show_share(doing, self.console)

    def expect(self, count: int) -> None:
        self.expected = count

    def record(self, **facts: Any) -> None:
        self.facts |= facts

    def fail(self) -> None:
        self.exit_code = 1

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
