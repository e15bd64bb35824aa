"""The table of tasks agrees with the schema, and every task has its module."""

import importlib

import pytest

from internal_gan.config.arguments import prepare
from internal_gan.config.catalogue import TABLE
from internal_gan.config.compose import compose
from internal_gan.config.options import TASKS


# Comparing runs is not a task of a single run.
@pytest.mark.parametrize("name", [name for name in TASKS if name != "compare"])
def test_every_task_has_a_module_of_its_name(name: str) -> None:
    module = importlib.import_module(f"internal_gan.tasks.{name}")
    assert callable(getattr(module, "WORK", None) or getattr(module, name))


@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_trains_in_its_own_way_has_a_preset(name: str) -> None:
    preset = prepare([f"task={name}"])[1:]
    assert preset == ([f"preset/task={name}"] if TABLE[name].learns == "unless" else [])
    assert not preset or compose([f"task={name}", *preset]) != compose([f"task={name}"])


@pytest.mark.parametrize("name", TASKS)
def test_only_task_train_always_trains(name: str) -> None:
    assert (TABLE[name].learns == "always") == (name == "train")
