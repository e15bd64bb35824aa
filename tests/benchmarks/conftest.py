"""Runs a benchmark as a reader would."""

import json
import runpy
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from internal_gan.images.files.image import write_image
from tests.tiny import picture

Run = Callable[..., dict[str, Any]]
Given = Callable[..., list[str]]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``benchmark(name, *arguments)`` runs it in this process; its JSON. Failed jobs are errors."""
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)

    def run(name: str, *arguments: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the module may be imported already
            runpy.run_module(f"benchmarks.{name}", run_name="__main__")
        record: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert record["benchmark"] == name
        assert {"commit", "machine", "versions"} <= set(record["environment"])
        return record

    return run


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """``given(height, width)`` writes a photo; the options for it and the folder ``output``."""

    def options(height: int, width: int, name: str = "a.png") -> list[str]:
        write_image(tmp_path / name, picture(height, width))
        return ["--photos", str(tmp_path / name), "--output", str(tmp_path / "output")]

    return options
