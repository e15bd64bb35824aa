"""The thread count is measured unless the user sets it; changing it loses no training state."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from internal_gan.training import threads
from internal_gan.training.callbacks import StagePlan
from internal_gan.training.recovery import Recovery
from internal_gan.training.threads import Pacemaker, Threads, usable_cores
from internal_gan.training.trainee import Trainee
from tests.commands import ROOT
from tests.tiny import picture, recipe_of

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretends a machine of four cores, while torch really uses one thread."""
    count = 1

    def use(number: int) -> None:
        nonlocal count
        count = number

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", use)
    monkeypatch.setattr(torch, "get_num_threads", lambda: count)


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 1.0, 2: 0.6, 4: 0.4}, 4),
        ({1: 1.0, 2: 0.95}, 1),
        ({1: 1.0, 2: 4.0}, 1),
        ({1: 1.0, 2: 0.6, 4: 0.58}, 2),
    ],
)
def test_the_fastest_thread_count_is_used_if_clearly_faster(
    seconds: dict[int, float], best: int
) -> None:
    def measured() -> float:
        return seconds[torch.get_num_threads()]

    assert Threads(None, CPU).fastest(measured) == (best, seconds[best])
    assert torch.get_num_threads() == best


def test_the_thread_count_is_restored() -> None:
    threads.use(3)
    with threads.restored():
        threads.use(1)
    assert torch.get_num_threads() == 3


def test_a_thread_count_set_by_the_user_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Threads(3, CPU).counts == [3]
    threads.use(2)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert Threads(None, CPU).counts == [2]
    assert Threads(3, CPU).counts == [3]


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.max": "nonsense"}, 8),
    ],
)
def test_a_containers_cpu_limit_is_respected(
    files: dict[str, str], cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
    assert usable_cores(tmp_path) == cores


class Clock:
    """Time passes only in steps, each of ``seconds(threads in use)``."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.now = 0.0
        self.seconds = seconds

    def __call__(self) -> float:
        return self.now

    def tick(self) -> None:
        self.now += self.seconds(torch.get_num_threads())


class Case:
    """A stage of 1000 steps timed by the clock, planned for two threads at 1 s per step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wanted: int | None = None) -> None:
        self.clock = Clock(lambda count: 2.0 / count)
        step = Trainee.step

        def timed(trainee: Trainee, number: int) -> dict[str, torch.Tensor]:
            self.clock.tick()
            return step(trainee, number)

        monkeypatch.setattr(Trainee, "step", timed)
        monkeypatch.setattr(threads, "perf_counter", self.clock)
        recipe, rng = recipe_of(), torch.Generator().manual_seed(0)
        stage = recipe.stage(recipe.prepare(picture()), 0, 1000, None, rng)
        self.recovery = Recovery(Trainee(stage, 1000, torch.float32), rng)
        self.notes: list[int] = []
        plan = StagePlan("scale 0", (14, 20), 1000, 1.0, 2)
        threads_ = Threads(wanted, CPU)
        self.pacemaker = Pacemaker(self.recovery, threads_, plan, self.notes.append)

    def run(self, until: int) -> torch.Tensor:
        """Train for ``until`` steps and return the first weight."""
        for step, _ in self.recovery.steps(1000):
            self.pacemaker.keep_up()
            if step == until:
                break
        weight = next(self.recovery.trainee.stage.generator.parameters())
        return weight.detach().clone()


def test_a_stage_begins_with_the_fastest_thread_count(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(monkeypatch)
    case.clock.seconds = lambda count: 1.0 * count
    case.pacemaker.begin()
    assert case.notes == [1]


def test_a_busy_neighbour_is_noticed_once_and_no_step_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone, disturbed = Case(monkeypatch, wanted=1), Case(monkeypatch)
    alone.pacemaker.begin()
    expected = alone.run(60)

    disturbed.pacemaker.begin()
    assert disturbed.notes == [4]
    disturbed.run(20)
    disturbed.clock.seconds = lambda count: 2.0 if count == 1 else 20.0
    assert torch.equal(disturbed.run(60), expected)
    assert disturbed.notes == [4, 1]
    assert disturbed.recovery.step == 60


def test_short_stages_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(monkeypatch)
    case.recovery.trainee.steps = 100
    case.pacemaker.begin()
    assert case.clock.now == 0
    assert case.notes == [2]


def test_a_resumed_stage_keeps_its_thread_count_if_possible(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    case = Case(monkeypatch)
    case.pacemaker.begin(3)
    assert (case.notes, case.clock.now) == ([3], 0)
    assert not caplog.records
    case.pacemaker.begin(16)
    assert case.notes == [3, 2]
    assert caplog.messages == [
        "Continuing with 2 threads instead of 16: results may differ in their last digits"
    ]


TRAININGS = """
import sys
from pathlib import Path

import internal_gan  # before torch, which learns from it how to wait
import pytest
import torch

from internal_gan.training.engine import TrainingStopped
from tests.tiny import same_weights, trained
from tests.training.test_engine import SignalAt

place, runs, steps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
OPTIONS = (f"model.steps=[1,1,{steps}]", "trainer.threads=2")
models = [trained(place / str(number), *OPTIONS).model for number in range(runs - 1)]
with pytest.raises(TrainingStopped):
    trained(place / "stopped", *OPTIONS, callbacks=(SignalAt(2, steps // 2),))
models.append(trained(place / "stopped", *OPTIONS, resume=True).model)
print([same_weights(models[0], model) for model in models])
"""


@pytest.mark.parametrize(("runs", "steps"), [(2, 4), pytest.param(6, 40, marks=pytest.mark.slow)])
def test_training_next_to_a_busy_process_is_reproducible_and_resumable(
    runs: int, steps: int, tmp_path: Path
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-c", TRAININGS, str(tmp_path), str(runs), str(steps)]
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        busy.kill()
        busy.wait()
    assert answer.stdout.split("\n")[0] == str([True] * runs), answer.stderr
