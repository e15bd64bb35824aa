"""The benchmark of whole commands."""

import shlex
from typing import Any

import pytest

from benchmarks import commands
from internal_gan.config.arguments import prepare
from internal_gan.config.compose import compose


@pytest.mark.slow
def test_a_command_is_timed(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS", {"task=sample image={small} sample.count=1": 3})
    found: dict[str, Any] = {}
    monkeypatch.setattr(commands, "print_json", lambda name, record: found.update(record))
    commands.main([])
    (seconds,) = found["commands"].values()
    assert seconds["seconds"]["median"] > 0
    table = commands.tables(found)["seconds"]
    assert "| `internal-gan task=sample image=peaks.jpg sample.count=1` |" in table


def test_every_command_uses_options_that_exist() -> None:
    names = {"small": "a.jpg", "large": "b.jpg", "hole": "hole.png", "trained": "RUN"}
    for command in commands.COMMANDS:
        compose(prepare(shlex.split(command.format_map(names))))
