"""The benchmark of inpainting on a tiny photo."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import inpainting
from benchmarks._processes import Processes
from benchmarks.inpainting import FIGURES, Job, random_share
from internal_gan.errors import UserError
from internal_gan.images.files.image import write_image
from tests.tiny import EDGECONNECT, picture


@pytest.mark.slow
def test_every_method_is_judged_on_every_hole(
    benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "a.png", picture(60, 72))
    output = tmp_path / "output"
    options = ["--photos", str(tmp_path / "a.png"), "--output", str(output), "--size", "48"]
    options += ["--ratios", "20-30", "--overrides", *EDGECONNECT, "device=cpu", "model.max_size=48"]
    found = benchmark("inpainting", *options)
    assert found["failures"] == []
    assert [(r["kind"], r["ratio"]) for r in found["results"]] == [
        ("box", "20-30"),
        ("strokes", "20-30"),
    ]
    for result in found["results"]:
        assert 0.19 < result["share"] < 0.31
        assert set(result["figures"]) == {"EdgeConnect", "Telea", "Navier-Stokes", "biharmonic"}
        assert all(set(figures) == set(FIGURES) for figures in result["figures"].values())
    assert "| box 20-30 % | Telea |" in (output / "summary.md").read_text()
    assert (output / "sheets" / "a-box-20-30.png").is_file()

    # What is done is taken as it is.
    monkeypatch.setattr(Processes, "run", None)
    inpainting.main(options)
    with pytest.raises(UserError, match="choose another folder"):
        inpainting.main([*options, "seed=3"])


def test_a_share_is_in_its_range_and_always_the_same(tmp_path: Path) -> None:
    for ratio in inpainting.RATIOS:
        shares = [random_share(Job(name, "box", ratio, tmp_path))[0] for name in "abc"]
        low, high = map(int, ratio.split("-"))
        assert all(low <= 100 * share <= high for share in shares)
        assert len(set(shares)) == 3
        assert shares[0] == random_share(Job("a", "box", ratio, tmp_path))[0]
