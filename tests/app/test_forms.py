"""The page sets the plain options of a task, and no path."""

from pathlib import Path

import pytest

from internal_gan.app import programs
from internal_gan.config.catalogue import SPECS
from internal_gan.config.options import FIELDS, PATHS
from internal_gan.errors import UserError


def asked(task: str, name: str, value: object) -> list[str]:
    return programs.overrides_of(task, {name: value}, drawing=Path("/drawings").joinpath)


@pytest.mark.parametrize("task", programs.TASKS)
def test_every_option_of_a_task_can_be_set_and_a_file_only_by_its_id(task: str) -> None:
    for name in (name for name in FIELDS if name.startswith(f"{task}.")):
        if name not in PATHS:
            assert asked(task, name, 3) == [f"{name}=3"]
        elif name in SPECS[task].reads:
            assert asked(task, name, "id") == [f"{name}=/drawings/id"]
        else:
            with pytest.raises(UserError, match="cannot be set here"):
                asked(task, name, "id")


@pytest.mark.parametrize("task", programs.TASKS)
def test_options_of_other_tasks_and_of_the_run_cannot_be_set(task: str) -> None:
    other = "paint.count" if task == "sample" else "sample.count"
    for name in ("image", "output", "checkpoint", "device", "layers.files", other):
        with pytest.raises(UserError, match="cannot be set here"):
            asked(task, name, 3)


@pytest.mark.parametrize("value", ["../x", "/etc", "a b", "${seed}", "a,b", {"a": 1}, ["/etc"]])
def test_a_value_is_a_number_a_word_or_a_list(value: object) -> None:
    with pytest.raises(UserError, match="a number, a word, or a list"):
        asked("sample", "sample.size", value)
