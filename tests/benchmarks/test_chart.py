"""The chart of sampling time and memory."""

import json
from pathlib import Path

import pytest

from benchmarks import chart

SIZES = [[1000, 2000], [100, 200]]


def printed(path: Path, benchmark: str, part: str, figure: str) -> Path:
    rows = [{"size": size, figure: {"median": 3.0 * size[0]}} for size in SIZES]
    path.write_text(json.dumps({"benchmark": benchmark, part: rows}))
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return [
        str(printed(tmp_path / "sampling.json", "sampling", "results", "seconds")),
        str(printed(tmp_path / "memory.json", "memory", "sampling", "peak_mib")),
    ]


def test_the_chart_is_a_picture(files: list[str], tmp_path: Path) -> None:
    chart.main([*files, "--output", str(tmp_path / "chart.svg")])
    text = (tmp_path / "chart.svg").read_text()
    assert text.count('id="axes_') == 2
