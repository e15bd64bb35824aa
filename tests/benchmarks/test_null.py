"""The null test on a tiny photo, its drawings without a network, and its tables."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks import null
from benchmarks._null_job import AS_DRAWN, DEFAULT, FORMULA, NULL, OWN, SAMPLES, SCALES
from benchmarks._null_table import summarise
from internal_gan.images.files.image import read_image
from internal_gan.patches.statistics import layout_distances
from tests.benchmarks.conftest import Given, Run
from tests.tiny import EDGECONNECT

DRAWN = {row + AS_DRAWN for row in (DEFAULT, NULL, FORMULA)}
# Of the second witness, whose weights need not be installed.
WITNESS = {"tokens"}
FINISHED = ("trainer=debug", "finish.detail=patches", "finish.resolution=auto")
LAYOUT = {
    f"layout_{way}_{patch}" for way in ("coherence", "completeness") for patch in (15, 21)
} | {"layout"}


@pytest.mark.slow
def test_samples_of_no_network(benchmark: Run, given: Given, tmp_path: Path, reused: Any) -> None:
    options = [*given(72, 96), "--samples", "2", "--seeds", "3"]
    options += ["--overrides", *FINISHED, "model.num_scales=1"]
    (result,) = benchmark("null", *options)["results"]
    assert (result["photo"], result["seed"]) == ("a", 3)
    rows = result["figures"][SAMPLES]
    assert set(rows) == {DEFAULT, NULL, FORMULA, OWN, *DRAWN}
    for row, figures in rows.items():
        own = {"seconds"} if row in DRAWN else {"largest_piece", "seams"}
        assert set(figures) - WITNESS == LAYOUT | own | {"swd1", "sharpness", "diversity"}
        assert all(value > 0 for value in figures.values())
    output = tmp_path / "output"
    assert "| default / no network |" in (output / "summary.md").read_text()
    at = output / "sheets"
    with Image.open(at / "a-seed3.png") as sheet, Image.open(at / "a-seed3-drawn.png") as drawn:
        # A row for each source; the photo and eight drawings in one.
        assert sheet.height > 3 * 72
        assert drawn.width > 9 * 96

    # The null's own files are what the figures are of.
    photo = read_image(tmp_path / "a.png").pixels
    files = [output / "null" / "a-seed3" / "sample" / f"{number:03d}.png" for number in (0, 1)]
    each = [layout_distances(photo, read_image(path).pixels) for path in files]
    mean = sum(one["layout_coherence_21"] for one in each) / 2
    assert rows[NULL]["layout_coherence_21"] == pytest.approx(mean)
    reused(null.main, options, "--samples", "3")


@pytest.mark.slow
def test_sizes_are_compared_with_resizing(benchmark: Run, given: Given, tmp_path: Path) -> None:
    options = [*given(72, 96), "--family", "ingan", "--overrides", "model=ingan", *FINISHED]
    found = benchmark("null", *options, "trainer.max_steps=1", "model.max_size=40")
    figures = found["results"][0]["figures"]
    assert list(figures) == list(SCALES)
    for rows in figures.values():
        assert set(rows) == {DEFAULT, NULL, FORMULA, *DRAWN}
        assert {"layout", "swd1", "largest_piece", "seams"} <= set(rows[NULL])
    output = tmp_path / "output"
    with Image.open(output / "null" / "a-seed0" / "retarget" / "72x48.png") as narrow:
        assert narrow.size == (48, 72)
    assert "| 0.5x wide | no network |" in (output / "summary.md").read_text()
    assert (output / "sheets" / "a-seed0.png").is_file()


@pytest.mark.slow
def test_fillings_are_compared_with_patches(benchmark: Run, given: Given, tmp_path: Path) -> None:
    options = [*given(72, 96), "--family", "edgeconnect", "--overrides", *EDGECONNECT, "device=cpu"]
    found = benchmark("null", *options)
    figures = found["results"][0]["figures"]
    assert list(figures) == ["box 20-30 %", "strokes 20-30 %"]
    for rows in figures.values():
        assert set(rows) == {DEFAULT, NULL}
        assert min(rows[NULL]["l1"], rows[NULL]["patches"]) > 0
    better = summarise(found["results"])["box 20-30 %"]["better"][NULL]
    assert set(better) - WITNESS == {"l1", "patches"}
    assert (tmp_path / "output" / "sheets" / "a-seed0.png").is_file()


def result_of(photo: str, seed: int, default: float, null: float) -> dict[str, Any]:
    rows = {
        DEFAULT: {"layout": default, "diversity": 0.5},
        NULL: {"layout": null, "diversity": 0.25},
        DEFAULT + AS_DRAWN: {"layout": 0.9},
        NULL + AS_DRAWN: {"layout": 0.3},
    }
    return {"photo": photo, "seed": seed, "figures": {SAMPLES: rows}}


def test_a_photo_is_the_mean_of_its_seeds() -> None:
    """The default is better on ``b``, and on ``a`` only with the first seed."""
    given = (("a", 0, 0.1, 0.2), ("a", 1, 0.5, 0.2), ("b", 0, 0.1, 0.2))
    found = summarise([result_of(*one) for one in given])[SAMPLES]
    assert found["rows"][DEFAULT]["layout"] == pytest.approx(0.2)
    assert found["ratios"][NULL] == pytest.approx({"layout": 1, "diversity": 2})
    assert found["better"][NULL] == {"layout": (1, 2)}
