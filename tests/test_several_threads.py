"""Several threads at the same time: process-wide settings are restored correctly."""

import logging
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from internal_gan.config.compose import compose
from internal_gan.errors import UserError
from internal_gan.process_settings import shared
from internal_gan.runs.folder import RunFolder
from internal_gan.runs.log import log_to
from internal_gan.training import threads
from tests.commands import fitted
from tests.tiny import ARRAY


def in_threads(*functions: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(functions)) as executor:
        return [future.result() for future in [executor.submit(f) for f in functions]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_fork_computes_though_it_has_none_of_torchs_threads() -> None:
    lines = (
        "import os, numpy, torch, internal_gan; torch.set_num_threads(2)",
        "from internal_gan.images.files.memory import to_photo",
        "read = lambda: to_photo(numpy.ones((400, 400), numpy.uint8)).pixels.sum()",
        "read(); child = os.fork(); read()",
        "os._exit(0) if child == 0 else os._exit(os.waitpid(child, 0)[1])",
    )
    # Not in this process, which has threads of its own; the limit is for a child that waits.
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, timeout=60)


def test_a_block_that_fails_leaves_the_setting_as_it_was() -> None:
    entered: list[str] = []

    class Setting:
        def __enter__(self) -> None:
            entered.append("on")

        def __exit__(self, *_: object) -> None:
            entered.append("off")

    block = shared(Setting)
    for _ in range(2):
        with pytest.raises(RuntimeError), block(), block():
            raise RuntimeError
    assert entered == ["on", "off", "on", "off"]


def test_each_run_logs_its_own_threads_messages(tmp_path: Path) -> None:
    logger = logging.getLogger("internal_gan.somewhere")
    level = logging.getLogger("internal_gan").level
    barrier = threading.Barrier(4)

    def run(number: int) -> None:
        with log_to(tmp_path / f"{number}.txt"):
            barrier.wait(10)
            for _ in range(20):
                logger.info("run %d", number)
            barrier.wait(10)
            with log_to(tmp_path / f"{number}-within.txt"):
                logger.info("within %d", number)

    in_threads(*(partial(run, number) for number in range(4)))
    for number in range(4):
        lines = (tmp_path / f"{number}.txt").read_text().splitlines()
        expected = [*[f"run {number}"] * 20, f"within {number}"]
        assert [line.partition(" INFO ")[2] for line in lines] == expected
        assert "within" in (tmp_path / f"{number}-within.txt").read_text()
    assert logging.getLogger("internal_gan").level == level


def test_options_composed_in_parallel_are_correct() -> None:
    asked = [["trainer=debug", f"model={name}"] for name in ("singan", "ingan", "edgeconnect")]
    alone = [compose(overrides) for overrides in asked]
    assert in_threads(*(partial(compose, overrides) for overrides in asked)) == alone
    assert not GlobalHydra.instance().is_initialized()


def test_two_threads_cannot_use_one_folder(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.config_path.write_text("seed: 0\n")
    with pytest.raises(UserError, match="is training in it"):
        in_threads(RunFolder.open(folder.path).claim)
    folder.write_status("finished")
    in_threads(RunFolder.open(folder.path).claim)


def test_the_thread_count_is_set_per_thread() -> None:
    here = torch.get_num_threads()

    def other() -> tuple[int, int, int]:
        with threads.restored():
            threads.use(here + 1)
            return torch.get_num_threads(), in_threads(torch.get_num_threads)[0], before

    before = in_threads(torch.get_num_threads)[0]
    assert in_threads(other) == [(here + 1, before, before)]
    assert torch.get_num_threads() == here
    assert in_threads(torch.get_num_threads) == [before]


def of_the_process() -> list[object]:
    """The process-wide state that threads could leave changed."""
    logger = logging.getLogger("internal_gan")
    return [
        *(sys.stdout, sys.stderr),
        *map(signal.getsignal, (signal.SIGINT, signal.SIGTERM)),
        *(warnings.filters[:], logger.level, logger.handlers[:]),
        *(torch.get_deterministic_debug_mode(), torch.get_num_threads()),
        *(torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"), torch.random.initial_seed()),
        GlobalHydra.instance().is_initialized(),
    ]


@pytest.mark.slow
def test_four_parallel_threads_give_the_same_results_as_alone(tmp_path: Path) -> None:
    """Two threads train, and two sample from shared models."""
    singan, filler = (fitted(name, tmp_path / name).model for name in ("singan", "edgeconnect"))

    def train(family: str, folder: Path) -> list[torch.Tensor]:
        run = fitted(family, folder)
        told = (folder / "log.txt").read_text()
        assert f"Run folder {folder}\n" in told
        assert told.count("Run folder") == told.count("Done in") == 1
        return [*run.model.network.state_dict().values()]

    def draw(half: int) -> list[torch.Tensor]:
        sizes = [(30, 40 + n) for n in range(half, 6, 2)]
        drawn = [singan.sample(2, size=s, seed=s[1], output_type="pt") for s in sizes]
        boxes = [(2 + n, 5, 9, 9) for n in range(half, 6, 2)]
        return drawn + [filler.fill(ARRAY, box=box, output_type="pt") for box in boxes]

    def works(place: Path) -> list[Callable[[], list[torch.Tensor]]]:
        return [
            partial(train, "singan", place / "a"),
            partial(train, "ingan", place / "b"),
            partial(draw, 0),
            partial(draw, 1),
        ]

    alone = [work() for work in works(tmp_path / "alone")]
    before = of_the_process()
    together = in_threads(*works(tmp_path / "together"))
    assert of_the_process() == before
    for ours, expected in zip(together, alone, strict=True):
        assert all(map(torch.equal, ours, expected))
        assert len(ours) == len(expected)
