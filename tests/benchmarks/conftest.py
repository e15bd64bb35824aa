"""Runs a benchmark as a reader would."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
