"""Agreement between two implementations, with a stand-in for the second one."""

from pathlib import Path

import pytest

from benchmarks.agreement import differences, read_panel
from internal_gan.errors import UserError
from internal_gan.images.files.image import write_image
from tests.tiny import picture

PANEL = """
from internal_gan.patches.statistics import patch_panel
from internal_gan.images.files.image import read_image

def panel(real, samples):
    figures = patch_panel(read_image(real).pixels, read_image(samples[0]).pixels)
    figures["swd1"] *= 1.5
    figures["other"] = 3
    return figures
"""


def test_the_largest_difference_is_found(tmp_path: Path) -> None:
    for folder, seed in (("real", 0), ("drawn", 1)):
        (tmp_path / folder).mkdir()
        write_image(tmp_path / folder / "a.png", picture(40, 56, seed))
    (tmp_path / "panel.py").write_text(PANEL)
    panel = read_panel(tmp_path / "panel.py")
    found = differences(panel, tmp_path / "real", tmp_path / "drawn", [])
    assert found["photos"] == 1
    figures = found["relative_difference"]
    assert figures["swd1"]["largest"] == pytest.approx(1 / 3)
    assert figures["coherence"]["largest"] == 0
    assert "other" not in figures


def test_a_file_without_the_function_is_refused(tmp_path: Path) -> None:
    (tmp_path / "panel.py").write_text("")
    with pytest.raises(UserError, match="has no function panel"):
        read_panel(tmp_path / "panel.py")
