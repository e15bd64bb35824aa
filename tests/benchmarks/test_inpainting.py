"""The inpainting benchmark on a tiny photo."""

from pathlib import Path

import pytest
import torch

from benchmarks.inpainting import FILL, METHODS, OURS, RESYNTHESIZER
from tests.benchmarks.conftest import Given, Run
from tests.tiny import EDGECONNECT, holes


@pytest.mark.parametrize("method", METHODS)
def test_a_method_continues_the_photo_whatever_is_under_the_hole(method: str) -> None:
    ramp = torch.linspace(-0.8, 0.8, 40).expand(1, 3, 30, 40)
    hole = holes((30, 40), (10, 14, 8, 10))
    made, other = (
        METHODS[method](torch.where(hole > 0, torch.tensor(value), ramp), hole)
        for value in (-1.0, 1.0)
    )
    assert torch.equal(made, other)
    assert torch.equal(made[..., :10, :], ramp[..., :10, :])
    assert float((made - ramp).abs().max()) < 0.15


@pytest.mark.slow
def test_each_method_fills_holes(benchmark: Run, given: Given, tmp_path: Path) -> None:
    options = [*given(60, 72), "--size", "48", "--ratios", "20-30", "--seeds", "3"]
    options += ["--overrides", *EDGECONNECT, "device=cpu", "model.max_size=48"]
    box, strokes = benchmark("inpainting", *options)["results"]
    for result in (box, strokes):
        assert 0.19 < result["share"] < 0.31
        assert set(result["figures"]) - {RESYNTHESIZER} == {OURS, FILL, *METHODS}
    summary = (tmp_path / "output/summary.md").read_text()
    assert f"| {OURS} / {FILL} |" in summary
    assert "| box 20-30 % | Telea |" in summary
    assert (tmp_path / "output/sheets/a-box-20-30-seed3.png").is_file()
