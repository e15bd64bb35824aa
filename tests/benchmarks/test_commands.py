"""The benchmark of whole commands."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import commands
from benchmarks._common import ROOT
from internal_gan.config.arguments import prepare
from internal_gan.config.compose import compose


@pytest.mark.slow
def test_a_command_is_timed(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS", {"task=sample image={small} sample.count=1": 3})
    found: dict[str, Any] = {}
    monkeypatch.setattr(commands, "print_json", lambda name, record: found.update(record))
    commands.main(["--beside", str(ROOT)])
    (cost,) = found["commands"].values()
    assert cost["seconds"]["median"] > 0
    assert 0.1 < cost["memory"] < 5
    assert 0.3 < cost["beside"]["memory"] / cost["memory"] < 3
    table = commands.tables(found)["seconds"]
    assert "| `internal-gan task=sample image=peaks.jpg sample.count=1` |" in table


def test_the_photo_is_made_at_other_sizes_with_a_hole_and_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(commands.SIZES, 3, (160, 120))
    made = commands.write_inputs(tmp_path, 3)
    photo, hole, changed = (
        np.asarray(Image.open(made[name])).astype(int) for name in ("mp3", "hole3", "changed3")
    )
    assert photo.shape == changed.shape == (120, 160, 3)
    assert 0.005 < (hole > 0).mean() < 0.03
    differs = np.abs(photo - changed).max(axis=2) > 60
    assert differs[hole > 0].any()
    assert not differs[hole == 0].any()


def test_every_command_uses_options_that_exist() -> None:
    names = ["small", "large", "trained"]
    for size in commands.SIZES:
        names += [f"{name}{size}" for name in ("mp", "hole", "wide", "changed")]
    for command in commands.COMMANDS:
        compose(prepare(shlex.split(command.format_map(dict.fromkeys(names, "a.png")))))
