"""The table of tasks agrees with the schema, and every task has its module."""

import pytest

from internal_gan.config.arguments import prepare
from internal_gan.config.catalogue import SPECS
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
def test_a_task_works_on_the_photo_unless_a_model_is_named(name: str) -> None:
    needs, task = bool(SPECS[name].needs), f"task={name}"
    added = prepare([task, "image=x.jpg"])[2:]
    assert added == (["model=patches"] if needs else [])
    assert compose([task, *added]).trains == (name == "train")
    for other in ("checkpoint=x", "resume=x", "experiment=singan_paper"):
        assert not prepare([task, other])[2:]
    if needs:
        assert compose([task, "model=singan"]).trains
        assert not compose([task, "model=singan", "checkpoint=x"]).trains
