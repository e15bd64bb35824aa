"""The thread count is chosen once, by measurement unless the user sets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from internal_gan.images.files.memory import to_pil
from internal_gan.training import threads
from internal_gan.training.threads import usable_cores
from tests.commands import plain_environment, run_python
from tests.tiny import picture

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretends a machine of four cores, while torch really uses one thread."""
    counts = [1]
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", counts.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: counts[-1])


def test_only_on_request_is_the_number_of_threads_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads.choices("auto", CPU, 10**6) == [1, 2, 4]
    assert threads.choices(3, CPU, 10**6) == [3]
    threads.use(2)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads.choices(None, CPU, 10**6) == [2]
    assert threads.choices(3, CPU, 10**6) == [3]


@pytest.mark.parametrize(
    ("pixels", "cores", "count"),
    [(1, 4, 1), (2.5, 4, 2), (3.5, 4, 2), (4.5, 4, 4), (100, 4, 4), (100, 6, 4), (100, 1, 1)],
)
def test_cores_and_the_size_decide(
    monkeypatch: pytest.MonkeyPatch, pixels: float, cores: int, count: int
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: cores)
    found = threads.choices(None, CPU, round(pixels * threads.PIXELS_EACH))
    assert found == [count]


def test_a_resumed_training_keeps_its_thread_count_where_it_may() -> None:
    assert threads.choices(None, CPU, 10**6, 3) == [3]
    assert threads.choices("auto", CPU, 10**6, 3) == [3]
    assert threads.choices(2, CPU, 10**6, 3) == [2]
    assert threads.choices(None, CPU, 10**6, 16) == [4]  # on a machine of fewer cores


@pytest.mark.parametrize(
    ("text", "cores"), [(None, 8), ("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1)]
)
def test_a_containers_cpu_limit_is_respected(
    text: str | None, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    if text is not None:
        (tmp_path / "cpu.max").write_text(text + "\n")
    assert usable_cores(tmp_path / "cpu.max") == cores


TRAININGS = """
import subprocess
import sys
from pathlib import Path

import internal_gan  # before torch, which learns from it how to wait
import pytest
import torch

from internal_gan.training.engine import TrainingStopped
from tests.tiny import SignalAt, same_weights, trained

place, runs, steps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
OPTIONS = (f"model.steps=[1,1,{steps}]", "trainer.threads=2")
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
try:
    models = [trained(place / str(number), *OPTIONS).model for number in range(runs - 1)]
    with pytest.raises(TrainingStopped):
        trained(place / "stopped", *OPTIONS, callbacks=(SignalAt(2, steps // 2),))
    models.append(trained(place / "stopped", *OPTIONS, resume=True).model)
finally:
    busy.kill()
    busy.wait()
print([same_weights(models[0], model) for model in models])
"""


@pytest.mark.parametrize(("runs", "steps"), [(2, 4), pytest.param(6, 40, marks=pytest.mark.slow)])
def test_training_on_a_busy_machine_is_reproducible(runs: int, steps: int, tmp_path: Path) -> None:
    answer = run_python(TRAININGS, tmp_path, str(runs), str(steps), OMP_WAIT_POLICY="PASSIVE")
    assert answer.out.split("\n")[0] == str([True] * runs), answer.err


REPEATED = """
import subprocess
import sys
from pathlib import Path

from internal_gan.training import threads
from tests.tiny import same_weights, trained

threads.PIXELS_EACH = 100  # so that tiny models use several
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
try:
    models = [trained(Path(sys.argv[1], str(number))).model for number in range(10)]
finally:
    busy.kill()
    busy.wait()
print([same_weights(models[0], model) for model in models])
"""


def test_the_same_training_gives_the_same_model_beside_a_busy_process(tmp_path: Path) -> None:
    answer = run_python(REPEATED, tmp_path, OMP_NUM_THREADS="")
    assert answer.out.split("\n")[0] == str([True] * 10), answer.err


@pytest.mark.slow
def test_ten_commands_train_the_same_model_beside_a_busy_process(tmp_path: Path) -> None:
    to_pil(picture(60, 80)).save(tmp_path / "photo.png")
    options = ("trainer=debug", f"image={tmp_path / 'photo.png'}", "task=train", "model=singan")
    busy, models = subprocess.Popen([sys.executable, "-c", "while True: pass"]), []
    try:
        for number in range(10):
            folder = tmp_path / str(number)
            command = [sys.executable, "-m", "internal_gan", *options, f"output={folder}"]
            subprocess.run(command, check=True, env=plain_environment())
            models.append(load_file(folder / "model.safetensors"))
    finally:
        busy.kill()
        busy.wait()
    first, *others = models
    assert all(torch.equal(model[name], first[name]) for model in others for name in first)
