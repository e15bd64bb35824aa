"""The table of tasks agrees with the schema, and every task has its module."""

import pytest

from internal_gan.config.arguments import prepare
from internal_gan.config.catalogue import TABLE
from internal_gan.config.compose import compose
from internal_gan.config.options import TASKS, Options
from internal_gan.runs.source import Source
from internal_gan.tasks.base import Context
from internal_gan.tasks.runner import task_of


@pytest.mark.parametrize("name", [name for name in TASKS if name != "train"])
def test_every_task_has_a_module_of_its_name(name: str) -> None:
    source = Source(Options(task=name))
    assert task_of(name, Context(source, source)).name == name


@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_trains_in_its_own_way_has_an_experiment(name: str) -> None:
    added = prepare([f"task={name}"])[1:]
    assert added == ([f"experiment={name}"] if TABLE[name].learns == "unless" else [])
    assert not added or compose([f"task={name}", *added]) != compose([f"task={name}"])
    assert not prepare([f"task={name}", "experiment=none"])[2:]


@pytest.mark.parametrize("name", TASKS)
def test_only_task_train_always_trains(name: str) -> None:
    assert (TABLE[name].learns == "always") == (name == "train")
