"""Tables in Markdown, grids of pictures, and means, spread and differences over a sweep's runs."""

import math
from pathlib import Path

import pytest
from PIL import Image

from internal_gan.report import table
from internal_gan.report.table import Setting, as_differences, as_rows, best_of, settings_of


def test_markdown_cells_are_escaped() -> None:
    lines = table.as_markdown([{"job": "b", "reason": "no photo | no\nmodel"}]).splitlines()
    assert lines == ["| job | reason |", "| --- | --- |", "| b | no photo \\| no model |"]
    assert table.as_markdown([]) == ""


def test_a_grid_skips_damage_and_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 5)
    photo, damaged = tmp_path / "photo.png", tmp_path / "damaged.png"
    Image.new("RGB", (300, 400), "red").save(photo)
    damaged.write_bytes(b"picture")
    heights = []
    for count in (1, 2, 5, 10):
        sheet = table.grid([("a", [photo, damaged])] * count)
        heights.append(sheet.height)
        assert sheet.getpixel((10, 40)) == (255, 0, 0)
    row = heights[1] - heights[0]
    assert row > table.CELL
    assert heights[2] == heights[0] + 4 * row
    assert 0 < heights[3] - heights[2] < row


PERFECT = {"swd1": "0", "psnr": "high", "sharpness": "1"}
Value = str | float | None


def row(size: str, photo: str, seed: str, swd1: float, psnr: float | None) -> dict[str, Value]:
    of = {"job": f"{photo}{seed}{size}", "photo": photo, "model.min_size": size, "seed": seed}
    return {**of, "state": "finished", "swd1": swd1, "psnr": psnr}


ROWS = [
    *(row("12", "a", "0", 1.0, 20.0), row("12", "a", "1", 3.0, None)),
    *(row("12", "b", "0", 10.0, 30.0), row("25", "a", "0", 2.0, 26.0)),
    *(row("25", "a", "1", 4.1, 22.0), row("25", "b", "0", 11.1, 30.0)),
]


def settings(rows: list[dict[str, Value]]) -> list[Setting]:
    return settings_of(rows, ["seed", "model.min_size"], ["swd1", "psnr"])


def test_photos_count_equally_and_only_seeds_make_the_spread() -> None:
    first, second = settings(ROWS)
    assert (first.name, first.runs) == ("model.min_size=12", 3)
    assert first.mean("swd1") == (2 + 10) / 2
    assert first.spread("swd1") == pytest.approx(math.sqrt(2))
    assert first.spread("psnr") is None
    assert second.mean("psnr") == (24 + 30) / 2


def test_failed_runs_and_infinite_figures_do_not_count() -> None:
    first, _ = settings([ROWS[0] | {"psnr": math.inf}, ROWS[1] | {"state": "failed"}, *ROWS[3:]])
    assert (first.runs, first.mean("swd1")) == (1, 1.0)
    assert "psnr" not in first.figures


def test_a_sweep_of_seeds_alone_is_one_setting() -> None:
    (found,) = settings_of(ROWS[:2], ["seed"], ["swd1"])
    assert (found.name, found.runs) == ("all", 2)
    assert as_differences([found]) == []


def test_differences_are_those_of_the_same_photo_and_seed() -> None:
    first, second = settings(ROWS)
    mean, reach = second.less(first, "swd1")
    assert mean == pytest.approx((1.05 + 1.1) / 2)
    assert 0 < reach < 0.4  # photos alone differ by 8
    (differing,) = as_differences([first, second])
    assert differing["swd1"] == "**+1.07 ± 0.32**"
    assert differing["psnr"] == "+3.00 ± 38.12"


def test_the_best_is_better_than_all_others_by_its_interval() -> None:
    first, second = settings(ROWS)
    assert best_of([first, second], "swd1", "0") is first
    assert best_of([first, second], "swd1", "high") is second
    assert best_of([first, second], "psnr", "high") is None
    assert best_of([first, second], "swd1", "not near 0") is None
    assert best_of([first], "swd1", "0") is None
    assert best_of(settings(ROWS[2:4]), "swd1", "0") is None


def test_rows_have_arrows_spread_and_the_best_in_bold() -> None:
    head = ("setting", "runs", "swd1 ↓", "psnr ↑")
    assert as_rows(settings(ROWS), PERFECT) == [
        dict(zip(head, row, strict=True))
        for row in (
            ("model.min_size=12", "3", "**6.00 ± 1.41**", "25.0"),
            ("model.min_size=25", "3", "7.07 ± 1.48", "27.0 ± 2.8"),
        )
    ]
