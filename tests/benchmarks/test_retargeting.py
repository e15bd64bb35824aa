"""The retargeting benchmark on a tiny photo."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import retargeting
from internal_gan.images.files.image import read_image, write_image
from tests.benchmarks.conftest import Given
from tests.tiny import picture

OVERRIDES = ["model=ingan", "trainer=debug", "trainer.max_steps=1", "model.max_size=60"]


@pytest.mark.slow
def test_every_scale_and_method_is_evaluated(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, reused: Any
) -> None:
    monkeypatch.setattr(retargeting, "SCALES", {"2x wide": (1.0, 2.0), "0.5x wide": (1.0, 0.5)})
    (tmp_path / "others").mkdir()
    write_image(tmp_path / "others" / "a-2x-wide.png", picture(56, 120, 1))
    options = [*given(56, 60), "--seeds", "0", "3", "--others", f"theirs={tmp_path / 'others'}"]
    options += ["--overrides", *OVERRIDES]
    retargeting.main(options)
    found = json.loads(capsys.readouterr().out)
    figures = found["results"][0]["figures"]
    always = {"InGAN", "InGAN, finished", "resizing", "seam carving", "seam carving, full size"}
    assert set(figures["0.5x wide"]) == always | {"cropping"}
    assert set(figures["2x wide"]) == always | {"tiling", "mirroring", "theirs"}
    for method in ("tiling", "mirroring"):
        repeated = figures["2x wide"][method]["repetition"]
        assert repeated < 0.5 * figures["2x wide"]["resizing"]["repetition"]
        assert figures["2x wide"][method]["completeness"] < 1
    assert figures["2x wide"]["InGAN"]["way back"] > 0
    assert figures["2x wide"]["InGAN, finished"]["coherence"] > 0
    assert found["results"][1]["seed"] == 3
    assert "| 2x wide | seam carving |" in (tmp_path / "output/summary.md").read_text()
    assert (tmp_path / "output/pictures/a-seed3/2x-wide-InGAN.png").is_file()
    reused(retargeting.main, options)


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
    made = read_image(tmp_path / "output/pictures/a-seed0/21x9-patches,-finished.png")
    assert made.size == (36, 85)
