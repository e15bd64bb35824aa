"""Runs a benchmark as a reader would."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks._processes import Processes
from internal_gan.errors import UserError

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def benchmark() -> Run:
    """``benchmark(name, *arguments)`` runs ``python -m benchmarks.name`` and reads its JSON."""

    def run(name: str, *arguments: str) -> dict[str, Any]:
        result = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        record: dict[str, Any] = json.loads(result.stdout)
        assert record["benchmark"] == name
        assert {"commit", "machine", "versions"} <= set(record["environment"])
        return record

    return run


@pytest.fixture
def reused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``reused(main, options, *others)`` checks that a benchmark reuses its finished results, and
    refuses their folder if asked with other options, too."""

    def check(main: Callable[[list[str]], None], options: list[str], *others: str) -> None:
        monkeypatch.setattr(Processes, "run", None)
        main(options)
        if others:
            with pytest.raises(UserError, match="choose another folder"):
                main([*options, *others])

    return check
