"""What a user sees while something is made."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any


class Report:
    """Shows a user the progress of the work; this one shows nothing."""

    def say(self, text: str) -> None:
        """Print a line."""

    def share(self, doing: str) -> AbstractContextManager[Callable[[float], None]]:
        """A block with a function that shows the share of the work that is done, 0 to 1."""
        return nullcontext(lambda share: None)

    def expect(self, count: int) -> None:
        """There will be this many results."""

    def record(self, **facts: Any) -> None:
        """Keep facts about the results in the run's ``status.json``."""

    def fail(self) -> None:
        """The run's exit code is 1: what it was to check does not hold."""


SILENT = Report()
