"""The null test on a tiny photo, its drawings without a network, and its tables."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks._null_job import AS_DRAWN, DEFAULT, FORMULA, NULL, OWN, SAMPLES
from benchmarks._null_table import summarise
from internal_gan.images.files.image import read_image
from internal_gan.patches.statistics import layout_distances
from tests.benchmarks.conftest import Given, Run
from tests.tiny import EDGECONNECT

FINISHED = ("trainer=debug", "finish.detail=patches", "finish.resolution=auto")


@pytest.mark.slow
def test_samples_of_no_network(benchmark: Run, given: Given, tmp_path: Path) -> None:
    options = [*given(72, 96), "--samples", "2", "--seeds", "3"]
    options += ["--overrides", *FINISHED, "model.num_scales=1"]
    (result,) = benchmark("null", *options)["results"]
    rows = result["figures"][SAMPLES]
    assert {DEFAULT, NULL, FORMULA, OWN} < set(rows)
    output = tmp_path / "output"
    assert "| default / no network |" in (output / "summary.md").read_text()
    assert (output / "sheets" / "a-seed3-drawn.png").is_file()
    # The null's own files are what the figures are of.
    photo = read_image(tmp_path / "a.png").pixels
    files = [output / "null" / "a-seed3" / "sample" / f"{number:03d}.png" for number in (0, 1)]
    each = [layout_distances(photo, read_image(path).pixels) for path in files]
    mean = sum(one["layout_coherence_21"] for one in each) / 2
    assert rows[NULL]["layout_coherence_21"] == pytest.approx(mean)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "overrides", "case"),
    [
        ("ingan", ("model=ingan", *FINISHED, "model.max_size=40"), "0.5x wide"),
        ("edgeconnect", (*EDGECONNECT, "device=cpu"), "box 20-30 %"),
    ],
)
def test_other_families_beside_no_network(
    benchmark: Run, given: Given, tmp_path: Path, family: str, overrides: Any, case: str
) -> None:
    benchmark("null", *given(72, 96), "--family", family, "--overrides", *overrides)
    assert f"| {case} | no network |" in (tmp_path / "output/summary.md").read_text()
    assert (tmp_path / "output/sheets/a-seed0.png").is_file()


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
