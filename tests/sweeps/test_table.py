"""Comparing runs in a table and a grid."""

from pathlib import Path

from PIL import Image

from internal_gan.sweeps.table import CELL, MOST_ROWS, Entry, as_markdown, rows_of, write_grid

RUNS = [
    Entry("a-seed=1", {"seed": "1"}, "finished", 12.4, figures={"swd1": 0.123456, "copy": 2}),
    Entry("b-seed=2", {"seed": "2"}, "failed", reason="no photo | no\nmodel"),
]


def test_a_row_has_the_known_figures_of_a_run() -> None:
    assert rows_of(RUNS) == [
        {
            "job": "a-seed=1",
            "seed": "1",
            "state": "finished",
            "seconds": "12",
            "swd1": "0.1235",
            "copy": "2",
            "reason": "",
        },
        {
            "job": "b-seed=2",
            "seed": "2",
            "state": "failed",
            "seconds": "",
            "swd1": "",
            "copy": "",
            "reason": "no photo | no\nmodel",
        },
    ]


def test_empty_columns_are_left_out() -> None:
    assert [list(row) for row in rows_of([RUNS[1], Entry("c", {}, "running")])] == [
        ["job", "seed", "state", "reason"]
    ] * 2


def test_markdown_cells_are_escaped() -> None:
    lines = as_markdown(rows_of(RUNS[1:])).splitlines()
    assert lines[:2] == ["| job | seed | state | reason |", "| --- | --- | --- | --- |"]
    assert lines[2:] == ["| b-seed=2 | 2 | failed | no photo \\| no model |"]
    assert as_markdown([]) == ""


def test_a_grid_skips_unreadable_pictures_and_limits_its_rows(tmp_path: Path) -> None:
    photo, damaged = tmp_path / "photo.png", tmp_path / "damaged.png"
    Image.new("RGB", (300, 400), "red").save(photo)
    damaged.write_bytes(b"picture")
    shown = Entry("a", {}, "finished", pictures=[photo, damaged])
    assert not write_grid([Entry("b", {}, "failed")], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    heights = []
    for count in (1, 2, MOST_ROWS, 2 * MOST_ROWS):
        assert write_grid([shown] * count, tmp_path / "grid.png")
        with Image.open(tmp_path / "grid.png") as sheet:
            heights.append(sheet.height)
            assert sheet.getpixel((10, 40)) == (255, 0, 0)
    row = heights[1] - heights[0]
    assert row > CELL
    assert heights[2] == heights[0] + (MOST_ROWS - 1) * row
    assert 0 < heights[3] - heights[2] < row
