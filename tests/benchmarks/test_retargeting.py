"""The retargeting benchmark on a tiny photo."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import retargeting
from internal_gan.images.files.image import read_image
from tests.benchmarks.conftest import Given


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
