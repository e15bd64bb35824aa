"""The benchmarks of what commands, their parts, samples and large photos cost."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import internal_gan
from benchmarks import commands, large, sampling, shares
from benchmarks._common import ROOT
from internal_gan.config.arguments import prepare
from internal_gan.config.compose import compose
from tests.benchmarks.conftest import Given, Run


@pytest.mark.slow
def test_a_command_and_a_call_are_timed(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(commands, "COMMANDS", {"task=sample image={small} sample.count=1": (3, 6)})
    monkeypatch.setattr(commands, "CALLS", {"extend({small}, shape='2:1')": (4, None)})
    commands.main(["--beside", str(ROOT)])
    found = json.loads(capsys.readouterr().out)
    for kind in ("commands", "calls"):
        (cost,) = found[kind].values()
        assert cost["seconds"]["median"] > 0
        assert cost["beside"]["seconds"]["median"] > 0
    tables = commands.tables(found)
    assert "| `internal-gan task=sample image=peaks.jpg sample.count=1` |" in tables["seconds"]
    assert "| `internal_gan.extend(peaks.jpg, shape='2:1')` |" in tables["calls"]


def test_inputs_have_a_hole_and_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_every_command_uses_options_that_exist_and_every_call_functions() -> None:
    names = ["small", "large", "trained"]
    for size in commands.SIZES:
        names += [f"{name}{size}" for name in ("mp", "hole", "wide", "changed")]
    for command in commands.COMMANDS | commands.TRAININGS:
        compose(prepare(shlex.split(command.format_map(dict.fromkeys(names, "a.png")))))
    for call in commands.CALLS:
        assert callable(getattr(internal_gan, call.partition("(")[0]))


def test_every_part_of_a_task_is_found(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(shares, "MEGAPIXELS", (1,))
    monkeypatch.setitem(commands.SIZES, 1, (160, 120))
    monkeypatch.setattr(shares, "TASKS", {"extend": shares.TASKS["extend"]})
    shares.main([])
    found = json.loads(capsys.readouterr().out)
    (one,) = found["tasks"]
    assert 0 < sum(one["parts"].values()) < one["seconds"]
    assert all(spent > 0 for spent in one["parts"].values())
    assert "| `extend` | 1 |" in shares.tables(found)["tasks"]


def test_seconds_are_reported_for_every_size(benchmark: Run) -> None:
    found = benchmark(
        *("sampling", "--sizes", "30x40", "60x90", "--photo-size", "40x56"),
        *("--rounds", "1", "--threads", "1", "--largest", "1200"),
    )
    small, large = found["results"]
    assert large["megapixels_per_second"]["median"] == pytest.approx(
        60 * 90 / 1e6 / large["seconds"]["median"], rel=1e-3
    )
    assert small["formula_seconds"] > 0
    assert "formula_seconds" not in large
    table = sampling.tables(found)["sizes"].splitlines()
    drawings = small["formula_seconds"] / small["seconds"]["median"]
    assert float(table[2].split("|")[-2]) == pytest.approx(drawings, rel=0.01)
    assert "nan" not in table[3]


@pytest.mark.slow
def test_a_sample_is_measured_and_judged(given: Given) -> None:
    """In a process of its own, whose memory is measured."""
    options = [*given(400, 600), "--overrides", "trainer=debug", "finish.detail=patches"]
    command = [sys.executable, "-m", "benchmarks.large", *options]
    found = json.loads(subprocess.check_output(command, cwd=ROOT, text=True))
    assert found["results"][0]["bytes_a_pixel"] > 0
    assert "| a | 0.2 |" in large.tables(found)["photos"]
