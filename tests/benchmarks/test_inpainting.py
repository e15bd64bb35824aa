"""The inpainting benchmark on a tiny photo."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import inpainting
from benchmarks.inpainting import FIGURES, FILL, METHODS, OURS, RESYNTHESIZER
from internal_gan.images.files.image import write_image
from tests.tiny import EDGECONNECT, holes, picture


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
def test_every_method_is_evaluated_on_every_hole(
    benchmark: Any, tmp_path: Path, reused: Any
) -> None:
    write_image(tmp_path / "a.png", picture(60, 72))
    output = tmp_path / "output"
    options = ["--photos", str(tmp_path / "a.png"), "--output", str(output), "--size", "48"]
    options += ["--ratios", "20-30", "--seeds", "3"]
    options += ["--overrides", *EDGECONNECT, "device=cpu", "model.max_size=48"]
    found = benchmark("inpainting", *options)
    assert found["failures"] == []
    assert [(r["kind"], r["ratio"]) for r in found["results"]] == [
        ("box", "20-30"),
        ("strokes", "20-30"),
    ]
    for result in found["results"]:
        assert 0.19 < result["share"] < 0.31
        assert set(result["figures"]) - {RESYNTHESIZER} == {OURS, FILL, *METHODS}
        assert all(set(figures) == set(FIGURES) for figures in result["figures"].values())
    assert f"| {OURS} / {FILL} |" in (output / "summary.md").read_text()
    assert "| box 20-30 % | Telea |" in (output / "summary.md").read_text()
    assert (output / "sheets" / "a-box-20-30-seed3.png").is_file()
    reused(inpainting.main, options, "trainer.time=null")
