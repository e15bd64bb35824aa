"""What every run prints and records about itself."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import torch
from rich.console import Console

from internal_gan.config.arguments import command
from internal_gan.config.catalogue import SPECS
from internal_gan.errors import UserError
from internal_gan.files import disk_errors
from internal_gan.finishing.part_finisher import Reporter
from internal_gan.report.page import write_report
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.log import log_to
from internal_gan.runs.records import State
from internal_gan.training.engine import TrainingStopped
from internal_gan.training.progress import show_share
from internal_gan.units import duration
from internal_gan.version import __version__

_log = logging.getLogger("internal_gan.run")


def new_console(*, quiet: bool = False) -> Console:
    """The console of a run, without highlighting and wrapping."""
    return Console(quiet=quiet, highlight=False, soft_wrap=True)


class Reporting(Reporter):
    """Prints and records what a run does; ``folder`` is its own, if it has one."""

    console: Console
    folder: RunFolder | None

    def say(self, text: str) -> None:
        """Print a line and log it."""
        self.console.print(text, markup=False)
        _log.info(text.strip())

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        return show_share(doing, self.console)

    def begin_run(self, about: Sequence[str]) -> None:
        """Print the first lines of a run."""
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
        if (folder.path / task).is_dir():
            self.say(f"  Pictures: {folder.path / task}")
        self.say(f"  Page:     {folder.report_path}")
        if is_training:
            again = command(f"task={task}", f"checkpoint={folder.path}", *SPECS[task].again)
            self.say(f"  Again:    {again}")

    @property
    def run(self) -> RunFolder:
        """The folder, where there must be one."""
        assert self.folder is not None
        return self.folder


@contextmanager
def recorded(folder: RunFolder) -> Iterator[None]:
    """Log what the block does, and record how it ends in ``status.json``."""
    with log_to(folder.log_path):
        try:
            with disk_errors(folder.path):
                yield
        except TrainingStopped as stop:
            _end(folder, "stopped", str(stop))
            raise
        except UserError as error:
            _log.error(str(error))
            _end(folder, "failed", str(error))
            raise
        except Exception as error:
            _log.exception("unexpected error")
            error.add_note(f"the traceback is in {folder.log_path}")
            _end(folder, "failed", f"{type(error).__name__}: {error}")
            raise
        except BaseException:
            # Ctrl-C, or anything else that ends the process.
            _end(folder, "stopped", "stopped immediately")
            raise


def _end(folder: RunFolder, state: State, reason: str) -> None:
    # If these fail too, the first error is still the one to report.
    with suppress(Exception):
        folder.write_status(state, reason=reason)
    with suppress(Exception):
        write_report(folder.path)
    folder.release()


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
