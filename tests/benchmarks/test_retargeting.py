"""The benchmark of retargeting on a tiny photo."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import retargeting
from benchmarks._processes import Processes
from internal_gan.images.io import write_image
from tests.tiny import picture

OVERRIDES = ["model=ingan", "trainer=debug", "trainer.max_steps=1", "model.max_size=72"]


def test_every_scale_and_method_is_judged(
    benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "a.png", picture(60, 72))
    output = tmp_path / "output"
    options = ["--photos", str(tmp_path / "a.png"), "--output", str(output)]
    found = benchmark("retargeting", *options, "--overrides", *OVERRIDES)
    assert found["failures"] == []
    figures = found["results"][0]["figures"]
    assert set(figures) == {"2x wide", "0.5x wide", "2x both"}
    always = {"InGAN", "InGAN, vote=false", "votes alone", "resizing", "seam carving"}
    assert set(figures["0.5x wide"]) == always | {"cropping"}
    assert set(figures["2x both"]) == always | {"tiling", "mirroring"}
    for method in ("tiling", "mirroring"):
        assert figures["2x both"][method]["repetition"] < 0.05
        assert figures["2x both"][method]["completeness"] < 1
    assert figures["2x both"]["resizing"]["repetition"] > 0.3
    assert "| **mean** | seam carving |" in (output / "summary.md").read_text()
    assert (output / "pictures" / "a" / "2x-wide-InGAN.png").is_file()

    monkeypatch.setattr(Processes, "run", None)
    retargeting.main([*options, "--overrides", *OVERRIDES])


def test_a_crop_is_the_middle() -> None:
    image = torch.arange(24.0).reshape(1, 1, 4, 6)
    found = retargeting.cropped(image, (4, 2))
    assert found is not None
    assert torch.equal(found[0, 0, 0], torch.tensor([2.0, 3.0]))
    assert retargeting.cropped(image, (4, 7)) is None


def test_copies_continue_the_image_where_it_ends() -> None:
    image = torch.arange(6.0).reshape(1, 1, 2, 3)
    tiled, mirrored = retargeting.tiled(image, (2, 6)), retargeting.mirrored(image, (2, 6))
    assert tiled is not None
    assert mirrored is not None
    assert torch.equal(tiled[0, 0, 0], torch.tensor([0.0, 1, 2, 0, 1, 2]))
    assert torch.equal(mirrored[0, 0, 0], torch.tensor([0.0, 1, 2, 2, 1, 0]))
    assert retargeting.tiled(image, (2, 3)) is None
