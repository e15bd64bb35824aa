"""The benchmark of whole commands."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import commands
from internal_gan.config.arguments import prepare
from internal_gan.config.compose import compose


@pytest.mark.slow
def test_a_command_is_timed(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS", {"task=preview image={small} preview.count=1": 3})
    found: dict[str, Any] = {}
    monkeypatch.setattr(commands, "print_json", lambda name, record: found.update(record))
    commands.main([])
    (seconds,) = found["commands"].values()
    assert seconds["seconds"]["median"] > 0
    table = commands.tables(found)["seconds"]
    assert "| `internal-gan task=preview image=peaks.jpg preview.count=1` |" in table


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_command_uses_options_that_exist(command: str) -> None:
    names = {"small": "a.jpg", "large": "b.jpg", "hole": "hole.png", "trained": "RUN"}
    compose(prepare(shlex.split(command.format_map(names))))


def test_the_hole_is_inside_the_photo(tmp_path: Path) -> None:
    commands.write_hole(tmp_path / "hole.png")
    with Image.open(tmp_path / "hole.png") as mask, Image.open(commands.LARGE) as photo:
        assert mask.size == photo.size
        assert mask.getbbox() == (*commands.HOLE[:2], commands.HOLE[2] + 1, commands.HOLE[3] + 1)
