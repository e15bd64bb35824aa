"""The remaining time is right, and is shown on a terminal and in a file."""

import io
import re
import sys
from typing import cast

import pytest
from rich.cells import cell_len
from rich.console import Console

from internal_gan.models.base import Model
from internal_gan.training import progress as progress_module
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from internal_gan.training.progress import (
    Progress,
    ProgressReports,
    TimeLeft,
    TrainingProgress,
    show_progress,
    show_share,
)

MODEL = cast(Model, None)
PLAN = TrainingPlan(
    [StagePlan("scale 0", (25, 33), 100, 0.1), StagePlan("scale 1", (50, 66), 100, 0.9)],
    peak_memory_bytes=1_240_000_000,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_module, "monotonic", clock)
    return clock


def plain_lines(text: str) -> list[str]:
    """Terminal output without colours and cursor movements."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))


def run(progress: Progress, clock: Clock, speed: float = 1.0, until: int = 200) -> None:
    """Train as in PLAN, `speed` times as fast as planned, for `until` steps."""
    progress.on_start(MODEL, PLAN)
    for number in range(until):
        stage, step = divmod(number, 100)
        clock.now += PLAN.stages[stage].seconds_per_step / speed
        scalars = {"d_loss": -0.5, "rec": 0.0123} if step % 10 == 9 else None
        progress.on_step(stage, step + 1, 100, scalars)
        if step == 99:
            progress.on_stage_end(MODEL, stage)
    if until == 200:
        progress.on_end(MODEL)
    progress.close()


def plain() -> tuple[Progress, io.StringIO]:
    output = io.StringIO()
    return Progress(Console(file=output, width=80)), output


def test_steps_are_weighted_by_their_planned_seconds() -> None:
    left = TimeLeft(PLAN, 0.0)
    for step in range(1, 101):
        left.update(0, step, step * 0.1)
    assert left.fraction == pytest.approx(0.1)
    assert left.seconds == pytest.approx(90.0)


@pytest.mark.parametrize("speed", [0.25, 3.0])
def test_the_measured_speed_corrects_the_time_left(speed: float) -> None:
    left = TimeLeft(PLAN, 0.0)
    for step in range(1, 101):
        left.update(0, step, step * 0.1 / speed)
    for step in range(1, 51):
        left.update(1, step, (10 + step * 0.9) / speed)
    assert left.seconds == pytest.approx(45.0 / speed, rel=0.1)


def test_a_resumed_run_does_not_count_the_steps_before_it_as_fast() -> None:
    left = TimeLeft(PLAN, 0.0)
    left.update(1, 50, 0.9)
    assert left.fraction == pytest.approx(0.55)
    assert left.seconds == pytest.approx(45.0)


def test_a_shorter_schedule_reduces_the_time_left() -> None:
    left = TimeLeft(PLAN, 0.0)
    for step in range(1, 101):
        left.update(0, step, step * 0.1)
    left.replan(TrainingPlan([PLAN.stages[0], StagePlan("scale 1", (50, 66), 20, 0.9)]))
    assert left.seconds == pytest.approx(18.0)
    assert left.fraction == pytest.approx(10 / 28)


def test_the_estimate_comes_first(clock: Clock) -> None:
    progress, output = plain()
    run(progress, clock, until=1)
    first = output.getvalue().splitlines()[0]
    assert first == "Training takes about 1 min 40 s; about 1.2 GB of memory used so far"


def test_a_file_gets_a_plain_line_each_tenth_and_after_each_stage(clock: Clock) -> None:
    progress, output = plain()
    run(progress, clock)
    text = output.getvalue()
    assert "\x1b" not in text
    assert "\r" not in text
    lines = text.splitlines()
    assert sum("left," in line for line in lines) == 10
    assert " 50 %  50 s left, scale 1 (2 of 2), step 45/100  d_loss -0.5  rec 0.0123" in lines
    assert "scale 1 (2 of 2), 50 x 66, done in 1 min 30 s  d_loss -0.5  rec 0.0123" in lines


@pytest.mark.parametrize("width", [60, 100])
def test_a_terminal_gets_one_bar_with_the_time_left(width: int, clock: Clock) -> None:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=True, _environ={"TERM": "xterm"})
    progress = Progress(console)
    run(progress, clock, until=150)
    text = output.getvalue()
    assert "54 s left" in text
    assert " 46 % " in text
    assert "scale 1 (2 of 2)" in text
    assert "done in 10 s" in text
    assert all(cell_len(line) <= width for line in plain_lines(text))
    hidden, shown = text.rfind("\x1b[?25l"), text.rfind("\x1b[?25h")
    assert 0 <= hidden < shown


def test_counted_items_get_a_line_each_half_minute_in_a_file(clock: Clock) -> None:
    output = io.StringIO()
    items = range(10)
    for item in show_progress(items, 10, "frames", Console(file=output, width=80)):
        assert item in items
        clock.now += 20.0
    assert output.getvalue().splitlines() == [
        " 20 %  2 min 40 s left, 2 of 10 frames",
        " 40 %  2 min left, 4 of 10 frames",
        " 60 %  1 min 20 s left, 6 of 10 frames",
        " 80 %  40 s left, 8 of 10 frames",
    ]


def test_a_quiet_console_shows_no_bar_and_leaves_the_output_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console(quiet=True, force_terminal=True, _environ={"TERM": "xterm"})
    for item in show_progress("ab", 2, "frames", console):
        print(item)
        assert sys.stdout is terminal
    with show_share("searching", console) as show:
        show(0.5)
        print("c")
        assert sys.stdout is terminal
    progress = Progress(console)
    progress.on_start(MODEL, PLAN)
    print("d")
    progress.close()
    assert terminal.getvalue() == "a\nb\nc\nd\n"


def test_a_callback_gets_the_progress_after_every_step(clock: Clock) -> None:
    told: list[TrainingProgress] = []
    reports = ProgressReports(told.append)
    plan = TrainingPlan([StagePlan("a", (8, 8), 2, 1.0), StagePlan("b", (9, 9), 2, 3.0)])
    reports.on_start(MODEL, plan)
    for index, step in [(0, 1), (0, 2), (1, 1), (1, 2)]:
        clock.now += plan.stages[index].seconds_per_step
        reports.on_step(index, step, 2, {"loss": float(index)} if step == 1 else None)
        if step == 2:
            reports.on_stage_end(MODEL, index)
    assert [(one.stage, one.step, one.steps) for one in told] == [
        *(("a", 1, 2), ("a", 2, 2), ("b", 1, 2), ("b", 2, 2)),
    ]
    assert [one.fraction for one in told] == pytest.approx([1 / 8, 2 / 8, 5 / 8, 1])
    assert [one.seconds_left for one in told] == pytest.approx([7, 6, 3, 0])
    assert [one.scalars for one in told] == [{"loss": 0.0}] * 2 + [{"loss": 1.0}] * 2
