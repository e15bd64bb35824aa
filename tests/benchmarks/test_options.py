"""The benchmark of every option."""

from pathlib import Path

import pytest
from PIL import Image

from benchmarks import options
from benchmarks._common import ROOT


def test_an_option_is_tried_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Image.open(ROOT / "examples" / "photos" / "gravel.jpg") as photo:
        photo.crop((100, 90, 172, 138)).save(tmp_path / "mountains.jpg")
    monkeypatch.setattr(options, "PHOTOS", tmp_path)
    trials = [options.TRIALS[name] for name in ("fill.avoid", "fill.count")]
    rows = [options.do_trial(one, tmp_path / "out") for one in trials]
    assert rows[0]["other"] == "0 %" != rows[0]["default"]
    assert (rows[1]["default"], rows[1]["other"]) == (1, 2)
    with Image.open(tmp_path / "out" / "sheets" / "fill.avoid.png") as sheet:
        assert sheet.size == (144, 48)
    made = options.tables({"rows": rows})["acting"]
    assert "| `fill.count` | 1 → 2 | how many | pictures | 1 | 2 |" in made
