"""The retargeting benchmark on a tiny photo."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import retargeting
from internal_gan.images.files.image import read_image
from tests.benchmarks.conftest import Given
from tests.tiny import picture


@pytest.mark.slow
def test_a_trained_model_is_compared(
    given: Given, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(retargeting, "SCALES", {"0.5x wide": (1.0, 0.5)})
    training = "model=ingan", "trainer=debug", "trainer.max_steps=1", "model.max_size=60"
    retargeting.main([*given(56, 60), "--overrides", *training])
    found = json.loads(capsys.readouterr().out)["results"][0]["figures"]["0.5x wide"]
    assert {"InGAN, finished", "resizing", "seam carving", "cropping"} < set(found)
    assert found["InGAN"]["way back"] > 0


def test_a_photos_patches_need_no_training(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(retargeting, "SCALES", {"21x9": 21 / 9})
    retargeting.main([*given(48, 64), "--overrides", "model=patches"])
    found = json.loads(capsys.readouterr().out)["results"][0]["figures"]["21x9"]
    finished, carved = found["patches, finished"], found["seam carving, full size"]
    assert 0 < finished["layout coherence"] < carved["layout coherence"]
    assert "way back" not in found["patches"]
    assert not (tmp_path / "output/runs").exists()
    assert "| 21x9 | seam carving |" in (tmp_path / "output/summary.md").read_text()
    made = read_image(tmp_path / "output/pictures/a-seed0/21x9-patches,-finished.png")
    assert made.size == (36, 85)


def test_other_methods_are_what_their_names_say() -> None:
    photo = picture(8, 12)
    made = {name: retargeting.OTHERS[name](photo, (8, 18)) for name in ("tiling", "mirroring")}
    for found, copy in zip(made.values(), (photo, photo.flip(3)), strict=True):
        assert found is not None
        assert torch.equal(found, torch.cat([photo, copy[..., :6]], dim=3))
    cropped = retargeting.cropped(photo, (4, 6))
    assert cropped is not None
    assert torch.equal(cropped, photo[..., 2:6, 3:9])
    assert retargeting.cropped(photo, (8, 18)) is None
