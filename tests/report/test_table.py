"""Tables in Markdown and grids of pictures."""

from pathlib import Path

from PIL import Image

from internal_gan.report.table import CELL, MAX_ROWS, as_markdown, grid


def test_markdown_cells_are_escaped() -> None:
    lines = as_markdown([{"job": "b", "reason": "no photo | no\nmodel"}]).splitlines()
    assert lines == ["| job | reason |", "| --- | --- |", "| b | no photo \\| no model |"]
    assert as_markdown([]) == ""


def test_a_grid_skips_unreadable_pictures_and_limits_its_rows(tmp_path: Path) -> None:
    photo, damaged = tmp_path / "photo.png", tmp_path / "damaged.png"
    Image.new("RGB", (300, 400), "red").save(photo)
    damaged.write_bytes(b"picture")
    heights = []
    for count in (1, 2, MAX_ROWS, 2 * MAX_ROWS):
        sheet = grid([("a", [photo, damaged])] * count)
        heights.append(sheet.height)
        assert sheet.getpixel((10, 40)) == (255, 0, 0)
    row = heights[1] - heights[0]
    assert row > CELL
    assert heights[2] == heights[0] + (MAX_ROWS - 1) * row
    assert 0 < heights[3] - heights[2] < row
