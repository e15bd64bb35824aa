"""Progress of a run or a task and the time left, shown as a bar or as plain lines."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from internal_gan.models.base import Model
from internal_gan.training.callbacks import Callback, Scalars, TrainingPlan
from internal_gan.units import counted, duration, memory

# The first steps are a poor measure of the speed. So the measurement starts as if the training had
# run for this long at the planned speed.
ASSUMED_SECONDS = 2.0
BAR_WIDTH = 20  # characters
REFRESH_SECONDS = 0.5  # between two states of the bar, at least
LINE_SECONDS = 30.0  # between two lines, at least

# A bar diverts the output of the whole process, so there can only be one.
_terminal = threading.Lock()


class Display:
    """Shows progress: a bar on a terminal, otherwise plain lines.

    Lines come every thirty seconds, or every twentieth of the whole time if that is longer. They
    also go to a terminal on which another thread shows a bar. A quiet console shows nothing.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = monotonic()
        self._bar: Bar | None = None
        if console.is_terminal and not console.quiet and _terminal.acquire(blocking=False):
            self._bar = Bar(
                TaskProgressColumn("{task.percentage:>3.0f} %"),
                BarColumn(bar_width=BAR_WIDTH),
                TextColumn("{task.description}", markup=False),
                console=console,
                # A refreshing thread would slow down the work; `show` refreshes instead.
                auto_refresh=False,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),
            )
            self._task = self._bar.add_task("starting", total=1.0)
            self._bar.start()

    def show(self, fraction: float, seconds_left: float, doing: str, details: str = "") -> None:
        """Show the ``fraction`` (0 to 1) done and what is being done; may be called at any rate."""
        now = monotonic()
        left = f"{duration(seconds_left)} left"
        details = f"  {details}" if details else ""
        if self._bar is not None:
            if now - self._shown < REFRESH_SECONDS:
                return
            # Cut here, since rich would also shorten the percentage and the bar.
            room = max(self._console.width - BAR_WIDTH - len("100 %  ") - 1, 0)
            text = f"{left}  {doing}{details}"[:room]
            self._bar.update(self._task, completed=fraction, description=text)
            self._bar.refresh()
        else:
            whole = seconds_left / max(1.0 - fraction, 1e-9)
            if now - self._shown < max(LINE_SECONDS, whole / 20):
                return
            self.print(f"{100 * fraction:3.0f} %  {left}, {doing}{details}")
        self._shown = now

    def print(self, text: str) -> None:
        """Write a line, above any bar and cut to the width of a terminal."""
        whole = not self._console.is_terminal
        self._console.print(
            text, markup=False, highlight=False, soft_wrap=whole, no_wrap=True, overflow="ellipsis"
        )

    def close(self) -> None:
        """Remove the bar and restore the cursor; may be called twice."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            _terminal.release()


@contextmanager
def show_share(doing: str, console: Console) -> Iterator[Callable[[float], None]]:
    """Give a function that shows the share of the work done, 0 to 1, and the time left."""
    with closing(Display(console)) as display:
        started = monotonic()

        def show(share: float) -> None:
            if share > 0:
                display.show(share, (monotonic() - started) * (1 / share - 1), doing)

        yield show


@dataclass(frozen=True)
class TrainingProgress:
    """The progress of a training.

    Attributes:
        stage: its name, such as ``scale 3``, and ``stage_index`` its number, from 0.
        step: of the stage, from 1 to ``steps``.
        fraction: of the training that is done, in [0, 1].
        seconds_left: expected until the end of the training.
        scalars: the latest losses and other measures by name.
    """

    stage: str
    stage_index: int
    step: int
    steps: int
    fraction: float
    seconds_left: float
    scalars: Mapping[str, float]


class ProgressReports(Callback):
    """Passes a :class:`TrainingProgress` to a function after every step.

    Steps are weighted by their planned seconds, since a step of a fine scale can take a hundred
    times as long as one of a coarse scale. The planned seconds that remain are scaled by the ratio
    of measured to planned time so far.
    """

    def __init__(self, receive: Callable[[TrainingProgress], object]) -> None:
        self._receive = receive
        self._scalars: dict[str, float] = {}
        self._first: float | None = None

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        self._started = monotonic()
        self.on_replan(model, plan)

    def on_replan(self, model: Model, plan: TrainingPlan) -> None:
        self._plan = plan
        seconds = (one.seconds for one in plan.stages)
        *self._before, self._total = accumulate(seconds, initial=0.0)

    def on_step(self, stage_index: int, step: int, steps: int, scalars: Scalars) -> None:
        self._scalars = scalars or self._scalars
        stage = self._plan.stages[stage_index]
        done = self._before[stage_index] + stage.seconds_per_step * step
        if self._first is None:  # a resumed run begins in the middle
            self._first = done - stage.seconds_per_step
        measured = ASSUMED_SECONDS + monotonic() - self._started
        slower = measured / (ASSUMED_SECONDS + done - self._first)
        share = min(done / self._total, 1.0)
        left = max(self._total - done, 0.0) * slower
        reached = stage.name, stage_index, step, steps
        self._receive(TrainingProgress(*reached, share, left, self._scalars))

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        self._scalars = {}


class Progress(ProgressReports):
    """Shows the time left in a :class:`Display`, and a line after each stage."""

    def __init__(self, console: Console) -> None:
        super().__init__(self._show)
        self._console = console
        self._display: Display | None = None

    def on_start(self, model: Model, plan: TrainingPlan) -> None:
        super().on_start(model, plan)
        self._stage_start = monotonic()
        self._display = Display(self._console)
        text = f"Training takes about {duration(plan.total_seconds)}"
        held = f"; {memory(plan.graph_memory)} for CUDA graphs" if plan.graph_memory else ""
        self._display.print(f"{text}; {counted(plan.threads, 'thread')}{held}")

    def on_stage_end(self, model: Model, stage_index: int) -> None:
        assert self._display is not None
        now = monotonic()
        height, width = self._plan.stages[stage_index].size
        took = duration(now - self._stage_start)
        losses = self._losses()
        done = f"{self._where(stage_index)}, {height} x {width}, done in {took}"
        self._display.print(f"{done}  {losses}" if losses else done)
        self._stage_start = now
        super().on_stage_end(model, stage_index)

    def close(self) -> None:
        if self._display is not None:
            self._display.close()

    def _show(self, at: TrainingProgress) -> None:
        assert self._display is not None
        doing = f"{self._where(at.stage_index)}, step {at.step}/{at.steps}"
        self._display.show(at.fraction, at.seconds_left, doing, self._losses())

    def _losses(self) -> str:
        return "  ".join(f"{name} {value:.3g}" for name, value in self._scalars.items())

    def _where(self, stage_index: int) -> str:
        name = self._plan.stages[stage_index].name
        count = len(self._plan.stages)
        return f"{name} ({stage_index + 1} of {count})" if count > 1 else name
