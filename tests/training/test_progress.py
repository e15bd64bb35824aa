"""The remaining time is right, and is shown on a terminal and in a file."""

import io
import re
import sys
from typing import cast

import pytest
from rich.cells import cell_len
from rich.console import Console

from internal_gan.models.base import Model
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from internal_gan.training.progress import Progress, ProgressReports, TrainingProgress, show_share
from tests.toy import Clock

MODEL = cast(Model, None)
PLAN = TrainingPlan(
    [StagePlan("scale 0", (25, 33), 100, 0.1), StagePlan("scale 1", (50, 66), 100, 0.9)], threads=2
)


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


class TestReports:
    """What a function is told after every step."""

    def started(self) -> tuple[ProgressReports, list[TrainingProgress]]:
        told = list[TrainingProgress]()
        reports = ProgressReports(told.append)
        reports.on_start(MODEL, PLAN)
        return reports, told

    @pytest.mark.parametrize("speed", [0.25, 1.0, 3.0])
    def test_steps_count_by_plan_and_measured_speed(self, clock: Clock, speed: float) -> None:
        reports, told = self.started()
        for stage, steps in ((0, 100), (1, 50)):
            for step in range(1, steps + 1):
                clock.now += PLAN.stages[stage].seconds_per_step / speed
                reports.on_step(stage, step, 100, {"loss": 1.0} if step == 1 else None)
            reports.on_stage_end(MODEL, stage)
        first, last = told[99], told[149]
        assert first.fraction == pytest.approx(0.1)
        assert last.fraction == pytest.approx(0.55)
        assert last.seconds_left == pytest.approx(45.0 / speed, rel=0.11)
        assert (last.stage, last.stage_index, last.step, last.steps) == ("scale 1", 1, 50, 100)
        assert (first.scalars, last.scalars) == ({"loss": 1.0}, {"loss": 1.0})

    def test_a_resumed_run_does_not_count_earlier_steps_as_fast(self, clock: Clock) -> None:
        reports, told = self.started()
        clock.now += 0.9
        reports.on_step(1, 50, 100, None)
        assert told[-1].fraction == pytest.approx(0.55)
        assert told[-1].seconds_left == pytest.approx(45.0)

    def test_a_shorter_schedule_reduces_the_time_left(self, clock: Clock) -> None:
        reports, told = self.started()
        shorter = StagePlan("scale 1", (50, 66), 20, 0.9)
        reports.on_replan(MODEL, TrainingPlan([PLAN.stages[0], shorter], 2))
        for step in range(1, 101):
            clock.now += 0.1
            reports.on_step(0, step, 100, None)
        assert told[-1].seconds_left == pytest.approx(18.0)
        assert told[-1].fraction == pytest.approx(10 / 28)


def test_a_file_gets_the_estimate_and_plain_lines(clock: Clock) -> None:
    output = io.StringIO()
    run(Progress(Console(file=output, width=80)), clock)
    text = output.getvalue()
    assert "\x1b" not in text
    assert "\r" not in text
    assert text.splitlines() == [
        "Training takes about 1 min 40 s; 2 threads",
        "scale 0 (1 of 2), 25 x 33, done in 10 s  d_loss -0.5  rec 0.0123",
        " 31 %  1 min 9 s left, scale 1 (2 of 2), step 23/100  d_loss -0.5  rec 0.0123",
        " 61 %  39 s left, scale 1 (2 of 2), step 57/100  d_loss -0.5  rec 0.0123",
        " 92 %  8.1 s left, scale 1 (2 of 2), step 91/100  d_loss -0.5  rec 0.0123",
        "scale 1 (2 of 2), 50 x 66, done in 1 min 30 s  d_loss -0.5  rec 0.0123",
    ]


@pytest.mark.parametrize("width", [60, 100])
def test_a_terminal_gets_one_bar_with_the_time_left(width: int, clock: Clock) -> None:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=True, _environ={"TERM": "xterm"})
    run(Progress(console), clock, until=150)
    text = output.getvalue()
    assert "54 s left" in text
    assert " 46 % " in text
    assert "scale 1 (2 of 2)" in text
    assert "done in 10 s" in text
    assert all(cell_len(line) <= width for line in plain_lines(text))
    hidden, shown = text.rfind("\x1b[?25l"), text.rfind("\x1b[?25h")
    assert 0 <= hidden < shown


def test_a_share_gets_a_line_each_half_minute_in_a_file(clock: Clock) -> None:
    output = io.StringIO()
    with show_share("searching", Console(file=output, width=80)) as show:
        for done in range(10):
            show(done / 10)
            clock.now += 20.0
    assert output.getvalue().splitlines() == [
        " 20 %  2 min 40 s left, searching",
        " 40 %  2 min left, searching",
        " 60 %  1 min 20 s left, searching",
        " 80 %  40 s left, searching",
    ]


def test_a_quiet_console_has_no_bar_and_touches_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console(quiet=True, force_terminal=True, _environ={"TERM": "xterm"})
    with show_share("searching", console) as show:
        show(0.5)
        print("a")
        assert sys.stdout is terminal
    progress = Progress(console)
    progress.on_start(MODEL, PLAN)
    print("b")
    progress.close()
    assert terminal.getvalue() == "a\nb\n"
