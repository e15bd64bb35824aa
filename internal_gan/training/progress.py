"""How far a run is and how long it still takes, on a terminal or in a file of plain lines."""

import math
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from internal_gan.training.callbacks import Callback, TrainingPlan
from internal_gan.units import duration, memory

if TYPE_CHECKING:
    from internal_gan.models.base import Model

# The plan's speed counts like so many measured seconds; measurements fade over the second number.
TRUST_SECONDS = 2.0
FADE_SECONDS = 60.0

BAR_WIDTH = 20
REFRESH_SECONDS = 0.5
LINE_SECONDS = 30.0


class TimeLeft:
    """Part done and time left of a whole run, from the plan and the measured speed.

    Every step weighs as much as its planned seconds, since a step of a fine scale can take a
    hundred times as long as one of a coarse scale. The remaining planned seconds are then scaled
    by the ratio of measured to planned time of the recent steps.
    """

    def __init__(self, plan: TrainingPlan, now: float) -> None:
        """``now`` is the clock's time in seconds when training starts."""
        self.replan(plan)
        self._done = 0.0
        self._measured = TRUST_SECONDS
        self._planned = TRUST_SECONDS
        self._last: tuple[int, int] | None = None
        self._time = now

    def replan(self, plan: TrainingPlan) -> None:
        """Go on with other steps for the stages that have not begun."""
        # A plan without times still has to have a total, and weighs all steps alike.
        costs = [stage.seconds_per_step for stage in plan.stages]
        self._costs = costs if sum(costs) > 0 else [1e-3] * len(costs)
        self._steps = [stage.steps for stage in plan.stages]
        self._total = sum(c * s for c, s in zip(self._costs, self._steps, strict=True))

    def update(self, stage_index: int, step: int, now: float) -> None:
        """Take note that ``step`` (counted from 1) of a stage ended at ``now``."""
        before = sum(
            c * s for c, s in zip(self._costs[:stage_index], self._steps[:stage_index], strict=True)
        )
        done = before + self._costs[stage_index] * step
        # A resumed run begins in the middle: what came before was not measured here.
        planned = self._costs[stage_index] if self._last is None else done - self._done
        elapsed = now - self._time
        fade = math.exp(-elapsed / FADE_SECONDS)
        self._measured = self._measured * fade + elapsed
        self._planned = self._planned * fade + planned
        self._done, self._time, self._last = done, now, (stage_index, step)

    @property
    def fraction(self) -> float:
        """Part of the run that is done, in [0, 1]."""
        return min(self._done / self._total, 1.0) if self._total else 1.0

    @property
    def seconds(self) -> float:
        """Expected seconds to the end of the run."""
        return max(self._total - self._done, 0.0) * self._measured / max(self._planned, 1e-9)


class Progress(Callback):
    """Shows a bar with the time left over the whole run, and a line after each stage.

    Where the output is not a terminal it writes a plain line now and then instead: after every
    tenth of the run, and in long runs at least every thirty seconds or twentieth of the time.
    """

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``console`` is standard error by default; ``clock`` gives seconds."""
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._bar: Bar | None = None
        self._task = TaskID(0)
        self._losses = ""
        self._shown = (0.0, 0.0)

    def on_start(self, model: "Model", plan: TrainingPlan) -> None:
        now = self._clock()
        self._plan = plan
        self._left = TimeLeft(plan, now)
        self._stage_start = now
        self._shown = (0.0, now)
        self._print(_expectation(plan))
        self._start_bar()

    def on_replan(self, model: "Model", plan: TrainingPlan) -> None:
        self._plan = plan
        self._left.replan(plan)

    def on_step(
        self, stage_index: int, step: int, steps: int, scalars: dict[str, float] | None
    ) -> None:
        now = self._clock()
        self._left.update(stage_index, step, now)
        if scalars:
            self._losses = "  ".join(f"{name} {value:.3g}" for name, value in scalars.items())
        if self._bar is None:
            self._maybe_line(stage_index, step, steps, now)
        elif now - self._shown[1] >= REFRESH_SECONDS:
            self._refresh(f"{self._where(stage_index)}, step {step}/{steps}", now)

    def on_stage_end(self, model: "Model", stage_index: int) -> None:
        now = self._clock()
        height, width = self._plan.stages[stage_index].size
        took = duration(now - self._stage_start)
        losses = f"  {self._losses}" if self._losses else ""
        self._print(f"{self._where(stage_index)}, {height} x {width}, done in {took}{losses}")
        self._stage_start = now
        self._losses = ""

    def on_end(self, model: "Model") -> None:
        self.close()

    def close(self) -> None:
        """Take the bar off the terminal and give the cursor back."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _where(self, stage_index: int) -> str:
        name, count = self._plan.stages[stage_index].name, len(self._plan.stages)
        return f"{name} ({stage_index + 1} of {count})" if count > 1 else name

    def _print(self, text: str) -> None:
        # Through the bar's console, so that the line is written above the bar. A terminal gets
        # as much as fits, a file all of it.
        whole = not self._console.is_terminal
        self._console.print(
            text, markup=False, highlight=False, soft_wrap=whole, no_wrap=True, overflow="ellipsis"
        )

    def _start_bar(self) -> None:
        if not self._console.is_terminal:
            return
        self._bar = Bar(
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            # A refreshing thread would take time from the training; on_step refreshes instead.
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task = self._bar.add_task("starting", total=1.0)
        self._bar.start()

    def _refresh(self, where: str, now: float) -> None:
        assert self._bar is not None
        left = f"{duration(self._left.seconds)} left"
        text = "  ".join(part for part in (left, where, self._losses) if part)
        # Cut here: the table would shorten the percentage and the bar too.
        room = max(self._console.width - BAR_WIDTH - len("100 %  ") - 1, 0)
        self._bar.update(self._task, completed=self._left.fraction, description=text[:room])
        self._bar.refresh()
        self._shown = (self._left.fraction, now)

    def _maybe_line(self, stage_index: int, step: int, steps: int, now: float) -> None:
        fraction, then = self._shown
        expected = self._left.seconds / max(1.0 - self._left.fraction, 1e-9)
        further = _tenths(self._left.fraction) > _tenths(fraction)
        if not further and now - then < max(LINE_SECONDS, expected / 20):
            return
        percent = f"{100 * self._left.fraction:3.0f} %"
        left = f"{duration(self._left.seconds)} left"
        losses = f"  {self._losses}" if self._losses else ""
        self._print(f"{percent}  {left}, {self._where(stage_index)}, step {step}/{steps}{losses}")
        self._shown = (self._left.fraction, now)


def _tenths(fraction: float) -> int:
    return int(fraction * 10 + 1e-6)


def _expectation(plan: TrainingPlan) -> str:
    text = f"Training takes about {duration(plan.total_seconds)}"
    if plan.total_seconds <= 0:
        text = "Training starts"
    if plan.peak_memory_bytes:
        text += f"; about {memory(plan.peak_memory_bytes)} of memory used so far"
    counts = sorted({stage.threads for stage in plan.stages} - {0})
    if counts:
        several = f"{counts[0]} to " if len(counts) > 1 else ""
        text += f"; {several}{counts[-1]} {'threads' if counts[-1] > 1 else 'thread'}"
    return text
