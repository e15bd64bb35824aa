"""Fixtures and options for all tests: devices, a tiny picture, and slow tests."""

import copy
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from internal_gan.device import prepare_device
from internal_gan.images.files.image import write_image
from internal_gan.models.base import Model, Recipe
from internal_gan.training import budget
from internal_gan.training.callbacks import StagePlan, TrainingPlan
from tests.commands import Shell
from tests.tiny import picture

_measure = budget.measure


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="also run the tests marked slow")


def pytest_configure() -> None:
    # Tiny pictures gain nothing from threads, which only wait for each other on a busy machine.
    # Child processes inherit the variable.
    torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))


def pytest_collection_finish() -> None:
    # Otherwise every full collection of garbage walks through all modules and tests.
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow"):
        return
    skip = pytest.mark.skip(reason="slow: needs --runslow")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


def _assumed(recipe: Recipe, model: Model, steps: Sequence[int], *_: object) -> TrainingPlan:
    stages = zip(model.stage_names, model.sizes, steps, strict=True)
    return TrainingPlan([StagePlan(*stage, 0.1) for stage in stages], torch.get_num_threads())


def _loading_once(load: Callable[..., object]) -> Callable[..., object]:
    """``yaml.load``, which keeps what it has made of a text."""
    known: dict[object, object] = {}

    def loaded(stream: Any, Loader: type) -> object:
        text = stream if isinstance(stream, str | bytes) else stream.read()
        key = Loader.__name__, text
        if key not in known:
            known[key] = load(text, Loader)
        return copy.deepcopy(known[key])

    return loaded


@pytest.fixture(scope="session", autouse=True)
def _hurry() -> Iterator[None]:
    """No training is timed beforehand, no file is synced, and ``conf/`` is parsed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml, "load", _loading_once(yaml.load))
        patch.setattr(budget, "measure", _assumed)
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings are timed as they are for a user."""
    monkeypatch.setattr(budget, "measure", _measure)


@pytest.fixture(
    params=[
        "cpu",
        pytest.param(
            "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
        ),
    ]
)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device of this machine in turn: the CPU, and CUDA where there is one."""
    return prepare_device(request.param)[0]


@pytest.fixture
def tiny_photo(tmp_path: Path) -> Path:
    """The tiny picture as a PNG file."""
    write_image(tmp_path / "tiny.png", picture())
    return tmp_path / "tiny.png"


@pytest.fixture
def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """The command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)
